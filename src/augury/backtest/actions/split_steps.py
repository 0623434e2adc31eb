"""Splits read off the prices themselves, and corporate actions read from a table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from augury.backtest.actions.corporate_actions import CorporateAction
from augury.errors import InvalidInput, NotFound
from augury.market.bars import BarArrays
from augury.market.steps import find_steps

__all__ = ["read_actions", "split_like_steps"]

_FLOOR, _SIGMAS = 0.25, 8.0
"""An overnight step of less than a quarter, or of less than eight usual moves, is no split."""

_RATIOS = (1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 10.0, 15.0, 20.0, 25.0, 30.0, 50.0)


def split_like_steps(bars: BarArrays) -> list[CorporateAction]:
    """Overnight steps that look like a usual split and stay, as split records at the bar's open time.

    They are a guess from prices: a crash by just a half looks the same, so callers say what they took for a split.
    """
    found = []
    for step in find_steps(bars.matrix[:4], floor=_FLOOR, sigmas=_SIGMAS):
        if step.kind != "split_like":
            continue
        size = max(step.ratio, 1.0 / step.ratio)
        nearest = min(_RATIOS, key=lambda ratio: abs(ratio / size - 1.0))
        value = nearest if step.ratio < 1.0 else 1.0 / nearest
        found.append(CorporateAction(at=int(bars.opened_at[step.at]), kind="split", value=value))
    return found


def read_actions(path: str | Path, *, symbol: str | None = None) -> list[CorporateAction]:
    """Records from a CSV or Parquet table with columns `at`, `kind`, `value` and, for several symbols, `symbol`.

    Days are labels of sessions (00:00 UTC); clock times need a zone. NotFound without such a file, InvalidInput for
    another kind of table.
    """
    place = Path(path)
    if not place.is_file():
        raise NotFound(f"there is no table of corporate actions at {place}; expected none, detect or a file")
    try:
        table = pd.read_parquet(place) if place.suffix == ".parquet" else pd.read_csv(place)
    except (ValueError, OSError) as error:
        raise InvalidInput(f"{place} cannot be read as a table of corporate actions: {error}") from error
    missing = [name for name in ("at", "kind", "value") if name not in table.columns]
    if missing:
        raise InvalidInput(
            f"{place} should have columns at, kind and value (and symbol); missing {', '.join(missing)}, got "
            f"{', '.join(map(str, table.columns))}"
        )
    if "symbol" in table.columns and symbol is not None:
        table = table[table["symbol"] == symbol]
    rows = zip(table["at"], table["kind"], table["value"], strict=True)
    return [CorporateAction(at=_moment(at), kind=kind, value=value) for at, kind, value in rows]


def _moment(at: Any) -> Any:
    """A day without a clock time stands for the session of that day."""
    return at.date() if isinstance(at, pd.Timestamp) and at.tz is None and at == at.normalize() else at
