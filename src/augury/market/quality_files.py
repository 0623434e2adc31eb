"""The quality of files of bars, those that `read_bars` refuses included."""

from __future__ import annotations

from pathlib import Path

from augury.errors import InvalidBars
from augury.market.columns import BAR_SPELLINGS, find_columns
from augury.market.files import existing_file, read_table
from augury.market.findings import QualityReport
from augury.market.quality import quality_by_symbol, quality_report
from augury.market.timeframe import Timeframe

__all__ = ["quality_of_file"]


def quality_of_file(
    path: str | Path, *, zone: str | None = None, timeframe: str | Timeframe | None = None
) -> list[QualityReport]:
    """One report for every symbol in a CSV, Parquet or Feather file; without a symbol column, one named like the file.

    Raises what `read_bars` raises for files that cannot be read at all; everything else becomes a finding.
    """
    table = read_table(path, error=InvalidBars)
    try:
        column = find_columns(table.columns, {"symbol": BAR_SPELLINGS["symbol"]}, error=InvalidBars).get("symbol")
        if column is not None:
            return list(quality_by_symbol(table, zone=zone, timeframe=timeframe).values())
        name = existing_file(path).name.split(".")[0]
        return [quality_report(table, zone=zone, timeframe=timeframe, symbol=name)]
    except InvalidBars as problem:
        raise InvalidBars(f"{path}: {problem}") from problem
