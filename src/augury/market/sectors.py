"""Which sector a ticker belongs to, from a file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from augury.errors import InvalidInput
from augury.market.columns import find_columns
from augury.market.files import read_table

__all__ = ["read_sectors"]

_SPELLINGS: Mapping[str, tuple[str, ...]] = {
    "ticker": ("ticker", "symbol", "tickers", "symbols"),
    "sector": ("sector", "gicssector", "industry"),
}


def read_sectors(path: str | Path) -> dict[str, str]:
    """Ticker to sector from a CSV, Parquet or Feather file with a ticker (or symbol) and a sector column.

    Rows without a sector are left out: such a ticker has no sector reference. Raises NotFound when there is no such
    file and InvalidInput for missing columns or a ticker with two sectors.
    """
    table = read_table(path)
    columns = find_columns(table.columns, _SPELLINGS, error=InvalidInput)
    missing = [name for name in _SPELLINGS if name not in columns]
    if missing:
        raise InvalidInput(f"{path}: expected columns ticker and sector, got {', '.join(map(str, table.columns))}")
    rows = table[[columns["ticker"], columns["sector"]]].dropna().astype("str")
    sectors: dict[str, str] = {}
    for ticker, sector in rows.itertuples(index=False, name=None):
        name = ticker.strip()
        if sectors.setdefault(name, sector.strip()) != sector.strip():
            raise InvalidInput(f"{path}: {name} has two sectors, {sectors[name]!r} and {sector.strip()!r}; keep one")
    return sectors
