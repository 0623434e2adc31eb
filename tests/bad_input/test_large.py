"""Inputs too large to hold: refused early, in a process whose memory stays small."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from augury.errors import InvalidInput
from augury.market import read_bars, read_news
from augury.market.text_guard import LONGEST_LINE_BYTES

PROBE = """
import json, resource, sys
from augury.errors import AuguryError
from augury.market import read_bars, read_news
read = read_news if "jsonl" in sys.argv[1] else read_bars
import augury.market.news_files, augury.market.read, pandas
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    read(sys.argv[1])
    message = "no error"
except AuguryError as error:
    message = str(error)
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print(json.dumps({"message": message, "grown_mib": grown / 1024}))
"""


@pytest.mark.parametrize(
    ("name", "fill"),
    [("AAPL.csv", b"x"), ("AAPL.csv", b'"'), ("AAPL.csv", b"\n"), ("news.jsonl", b"x"), ("news.csv", b"1,")],
    ids=["letters", "quotes", "lines", "news", "cells"],
)
def test_a_line_of_two_gib_costs_an_error_and_not_the_memory(name, fill, tmp_path):
    path = tmp_path / name
    with path.open("wb") as stream:
        stream.write(fill * (8 * 2**20 // len(fill)))
        stream.truncate(2**31)  # two GiB on paper, the rest a hole in the file
    done = subprocess.run([sys.executable, "-c", PROBE, str(path)], capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    assert str(path) in found["message"]
    assert f"longer than {LONGEST_LINE_BYTES} bytes" in found["message"] or "zero byte" in found["message"]
    assert found["grown_mib"] < 64


def test_a_cell_of_50_mb_is_refused_with_its_place(good, write):
    text = good.cell(3, "close", "9" * 50_000_000)
    with pytest.raises(InvalidInput, match=r"a line beginning at byte \d+ is longer than"):
        read_bars(write("a.csv", text))


def test_a_post_of_50_mb_is_refused_with_its_place(story, write):
    with pytest.raises(InvalidInput, match="a line beginning at byte 0 is longer than"):
        read_news(write("news.jsonl", story(text="x" * 50_000_000)))


def test_a_long_quoted_cell_over_many_lines_does_not_swallow_the_message(good, write, fails):
    text = good.cell(3, "close", '"' + "12\n" * 200_000 + '"')
    message = fails(3, "features", write("a.csv", text))
    assert "'close'" in message
    assert "row 3" in message


def test_a_folder_of_many_files_is_not_listed_whole(good, tmp_path, fails):
    for at in range(300):
        (tmp_path / f"file{at}.csv").touch()
    assert len(fails(3, "features", tmp_path / "QQQQ.csv")) < 800
