"""What a load reads from: files as they stand, vendors by name, and a bad bar found by halving."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augury.errors import InvalidBars, InvalidInput, NotFound
from augury.market.bars import bar_arrays
from augury.market.read import read_bars
from augury.market.sources.window import Window, bars_within
from augury.market.timeframe import Timeframe
from augury_server.ingest.file_reader import FileReader
from augury_server.ingest.patience import jittered
from augury_server.ingest.readers import parsed_options, reader_of
from augury_server.ingest.source_reader import SourceReader
from augury_server.ingest.windows import LoadWindow

DAY = Timeframe.of("1D")


def wide(symbol: str) -> LoadWindow:
    return LoadWindow(start_ns=0, end_ns=2 * 10**18, now_ns=2 * 10**18)


def read_all(reader: FileReader, timeframe: Timeframe = DAY) -> list[Any]:
    return [
        piece.read() for part in reader.parts(None, timeframe) for piece in reader.pieces(part, None, timeframe, wide)
    ]


def test_a_file_gives_the_bars_that_the_library_reads_from_it(make_bars: Any, tmp_path: Path) -> None:
    hourly = make_bars(50, freq="h")
    local = hourly.copy()
    local.index = (hourly.index + pd.Timedelta("1h")).tz_convert("America/New_York").tz_localize(None)
    local.to_csv(tmp_path / "X_1h.csv", index_label="time")
    options = {"zone": "America/New_York", "stamp": "close"}
    (raw,) = read_all(FileReader([tmp_path], **options), Timeframe.of("1h"))
    expected = bar_arrays(read_bars(tmp_path / "X_1h.csv", timeframe="1h", **options))
    assert raw.symbol == "X"
    np.testing.assert_array_equal(raw.opened_at, expected.opened_at)
    np.testing.assert_array_equal(raw.matrix, expected.matrix)


def test_positions_count_the_rows_of_the_file(make_bars: Any, tmp_path: Path) -> None:
    bars = make_bars(6).reset_index().assign(symbol=["A", "B", "A", "B", "A", "B"])
    bars.to_csv(tmp_path / "two.csv", index=False)
    found = {raw.symbol: raw.positions.tolist() for raw in read_all(FileReader([tmp_path / "two.csv"]))}
    assert found == {"A": [0, 2, 4], "B": [1, 3, 5]}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("time,open,high,low,close\n2024-01-02,1,1,1,1\n", "missing volume"),
        ("time,open,high,low,close,volume\n2024-01-02 10:00,1,1,1,1,1\n", "without a zone"),
        ("a,b\n1,2\n", "time column"),
    ],
)
def test_a_file_that_is_no_table_of_bars_is_an_error_and_no_guess(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "A.csv").write_text(text)
    with pytest.raises(InvalidBars, match=told):
        read_all(FileReader([tmp_path / "A.csv"]))


def test_sources_are_named_with_their_main_argument_and_plain_options(tmp_path: Path) -> None:
    assert reader_of("ccxt:kraken", options={"page_bars": 100}).name == "ccxt:kraken"
    yahoo = reader_of("yfinance", options=parsed_options(["adjusted=false", "timeout_seconds=5"]))
    assert yahoo.source.adjusted is False  # type: ignore[attr-defined]
    assert yahoo.source.sleep is jittered  # type: ignore[attr-defined]
    assert yahoo.origin("A") == {"source": "yfinance", "options": {"adjusted": False, "timeout_seconds": 5}}
    with pytest.raises(NotFound, match="yfinance"):
        reader_of("yfinanc")
    with pytest.raises(InvalidInput, match="reads no files"):
        reader_of("yfinance", files=["A.csv"])
    with pytest.raises(InvalidInput, match="got none"):
        reader_of("file")
    with pytest.raises(InvalidInput, match="name=value"):
        parsed_options(["adjusted"])
    with pytest.raises(NotFound):
        reader_of("file", files=[str(tmp_path / "none.csv")])
    with pytest.raises(NotFound, match="holds no files of bars"):
        reader_of("file", files=[str(tmp_path)])


def test_waits_differ_and_stay_near_what_was_asked() -> None:
    waits: list[float] = []
    for _ in range(200):
        jittered(2.0, sleep=waits.append)
    assert len(set(waits)) > 100
    assert all(1.0 <= wait <= 3.0 for wait in waits)


@settings(max_examples=40, deadline=None)
@given(bad=st.sets(st.integers(0, 29), max_size=3))
def test_every_bad_bar_of_a_vendor_is_found_and_no_good_one_is_lost(bad: set[int]) -> None:
    opened_at = np.arange(30, dtype=np.int64) * DAY.ns + 10**18 // DAY.ns * DAY.ns
    matrix = np.full((5, 30), 10.0)
    matrix[2, sorted(bad)] = 11.0

    class Vendor:
        name = "vendor"
        retry = None

        def fetch(self, symbol: str, timeframe: Any, start: Any, end: Any, *, now: Any = None) -> pd.DataFrame:
            return bars_within("vendor", Window.of(symbol, timeframe, start, end, now), opened_at, matrix)

    def plan(symbol: str) -> LoadWindow:
        first = int(opened_at[0])
        return LoadWindow(start_ns=first, end_ns=first + 30 * DAY.ns, now_ns=first + 40 * DAY.ns)

    raw = SourceReader(Vendor()).pieces("A", None, DAY, plan)[0].read()
    assert set(opened_at.tolist()) - set(raw.opened_at.tolist()) == {int(opened_at[at]) for at in bad}
    held = [at for at in bad for one in raw.unread if one.start_ns <= opened_at[at] < one.end_ns]
    assert sorted(held) == sorted(bad)


def test_an_unknown_source_and_a_store_that_is_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no source 'nosuch'"):
        reader_of("nosuch", files=["a.csv"])
    with pytest.raises(NotFound, match="there is no folder of bars"):
        reader_of(f"store:{tmp_path / 'nowhere'}").parts(None, DAY)
    assert not (tmp_path / "nowhere").exists()
