"""Time between bars, in years."""

from __future__ import annotations

from typing import Any, Final

from numba import types

from augury.backtest.account.records import VECTOR
from augury.numerics.compile import kernel

__all__ = ["fill_years"]

_YEAR_NS: Final = 360 * 86_400 * 10.0**9
_TIMES = types.Array(types.int64, 1, "C", readonly=True)


@kernel(types.void(_TIMES, VECTOR))
def fill_years(opened_at: Any, years: Any) -> None:
    """Time from each bar's predecessor in years of 360 days into `years` float64[n], 0 for the first."""
    earlier, later, passed = opened_at[: opened_at.shape[0] - 1], opened_at[1:], years[1:]
    years[:1] = 0.0
    for t in range(passed.shape[0]):
        passed[t] = float(later[t] - earlier[t]) / _YEAR_NS
