"""Sectors from a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from augury.errors import InvalidInput, NotFound
from augury.market import read_sectors


def test_common_spellings_are_read_and_empty_sectors_left_out(tmp_path: Path) -> None:
    path = tmp_path / "sectors.csv"
    path.write_text("Symbol,Security,GICS Sector\nMMM,3M,Industrials\nAOS,A. O. Smith, Industrials \nXYZ,Nobody,\n")
    assert read_sectors(path) == {"MMM": "Industrials", "AOS": "Industrials"}


def test_missing_columns_conflicts_and_absent_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "sectors.csv"
    path.write_text("ticker,colour\nMMM,red\n")
    with pytest.raises(InvalidInput, match="expected columns ticker and sector"):
        read_sectors(path)
    path.write_text("ticker,sector\nMMM,A\nMMM,B\n")
    with pytest.raises(InvalidInput, match="two sectors"):
        read_sectors(path)
    with pytest.raises(NotFound):
        read_sectors(tmp_path / "none.csv")
