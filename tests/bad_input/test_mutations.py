"""Good files with bytes changed at random: a valid result or an AuguryError, never anything else."""

from __future__ import annotations

import gzip

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from augury.errors import AuguryError
from augury.market import NewsItem, quality_report, read_bars, read_news, validate_bars
from augury.market.quality_files import quality_of_file

SETTINGS = settings(
    max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

PIECES = st.sampled_from(
    [b"", b",", b"\n", b'"', b"\r", b"\x00", b"-", b"e999", b"nan", b"inf", b"\xff", b"\xef\xbb\xbf", b"{", b"}", b"[",
     b"\\", b":", b"null", b"1e-400", b"9999-12-31", b"T25:61", b"+99:99", b"Z", b";", b"\t", b"0x", b" ",
     "é🚀".encode(), b"\\ud800"]
)  # fmt: skip
EDIT = st.tuples(st.integers(0, 10**6), st.integers(0, 12), PIECES | st.binary(max_size=6))
EDITS = st.lists(EDIT, min_size=1, max_size=6)


def spoiled(content: bytes, edits: list[tuple[int, int, bytes]]) -> bytes:
    for place, length, piece in edits:
        at = place % (len(content) + 1)
        content = content[:at] + piece + content[at + length :]
    return content


@SETTINGS
@given(EDITS)
def test_spoiled_csv_of_bars(good, tmp_path, edits):
    path = tmp_path / "AAPL.csv"
    path.write_bytes(spoiled(good.text(40).encode(), edits))
    try:
        bars = read_bars(path)
    except AuguryError as error:
        message = str(error)
    else:
        message = ""
        assert validate_bars(bars) is bars
        assert np.isfinite(bars.to_numpy()).all()
    assert len(message) < 4000
    try:
        reports = quality_of_file(path)
    except AuguryError:
        return
    assert all(0.0 <= report.score <= 100.0 for report in reports)


@SETTINGS
@given(EDITS)
def test_spoiled_json_lines_of_news(story, tmp_path, edits):
    good = "".join(story(text=f"Profit rises {at}", source="wire", meta={"a": [at]}) for at in range(8))
    path = tmp_path / "news.jsonl"
    path.write_bytes(spoiled(good.encode(), edits))
    try:
        items = read_news(path)
    except AuguryError as error:
        message = str(error)
    else:
        message = ""
        assert all(isinstance(item, NewsItem) and item.text.strip() and item.ticker for item in items)
        assert all(item.known_at_ns >= item.published_at_ns for item in items)
    assert len(message) < 4000


@settings(SETTINGS, max_examples=40)
@given(EDITS)
def test_spoiled_csv_of_news_and_spoiled_gzip(story, tmp_path, edits):
    rows = "".join(f'AAPL,"Profit, rises {at}",2013-01-0{at + 1}T15:00:00Z\n' for at in range(8))
    content = ("ticker,text,published_at\n" + rows).encode()
    (tmp_path / "news.csv").write_bytes(spoiled(content, edits))
    (tmp_path / "news.csv.gz").write_bytes(spoiled(gzip.compress(content, mtime=0), edits))
    for name in ("news.csv", "news.csv.gz"):
        try:
            items = read_news(tmp_path / name)
        except AuguryError:
            continue
        assert all(item.known_at_ns >= item.published_at_ns for item in items)


@settings(SETTINGS, max_examples=60)
@given(EDITS)
def test_spoiled_parquet(good, tmp_path, edits):
    path = tmp_path / "good.csv"
    path.write_text(good.text(40))
    whole = tmp_path / "whole.parquet"
    read_bars(path).to_parquet(whole)
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(spoiled(whole.read_bytes(), edits))
    try:
        bars = read_bars(broken)
    except AuguryError:
        return
    assert quality_report(bars).rows == len(bars)
