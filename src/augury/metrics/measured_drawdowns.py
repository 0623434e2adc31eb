"""The measures of the falls from a peak, one pass shared."""

from __future__ import annotations

import math

import numpy as np

from augury.metrics.account_path import AccountPath
from augury.metrics.curve_kernels import lane_sum, lane_sum_squares, ratio
from augury.metrics.definitions import MEASURES
from augury.metrics.drawdown_kernels import drawdown_series, longest_drawdown, max_drawdown
from augury.metrics.drawdowns.longest_drawdown_days import days_between_closes
from augury.metrics.headline_kernels import CAGR_BARS
from augury.metrics.measuring import Gathered
from augury.metrics.returns.quantile import MANY_BARS

__all__ = ["put_drawdowns"]

_RATIOS = ("calmar", "martin_ratio", "recovery_factor")
_NAMES = (*_RATIOS, *(name for name, definition in MEASURES.items() if definition.group == "Drawdown"))
_NO_FALL = "the curve never fell"


def put_drawdowns(path: AccountPath, out: Gathered) -> None:
    """Depth, length and the ratios of growth to them."""
    n = path.bars
    if n == 0:
        return out.put_undefined(_NAMES, path.obstacle)
    added, squares, under, now = _fall_sums(path)
    depth, _, _ = max_drawdown(path.initial, path.equity)
    ulcer = math.sqrt(squares / n)
    _put_ratios(path, out, depth, ulcer)
    out.put("max_drawdown", depth, "")
    out.put("average_drawdown", added / n, "")
    bars, first, last = longest_drawdown(path.initial, path.equity)
    flags = ("still_open",) if bars and last == n - 1 and now < 0.0 else ()
    out.put("longest_drawdown_bars", float(bars), "", flags)
    times = path.curve.opened_at
    if times is None:
        out.put("longest_drawdown_days", math.nan, "the bars carry no times (opened_at)", flags)
    else:
        days = days_between_closes(times, first, last) if bars else 0.0
        out.put("longest_drawdown_days", days, "one bar has no length", flags)
    out.put("time_under_water", under / n, "")
    out.put("ulcer_index", ulcer, "")
    return None


def _fall_sums(path: AccountPath) -> tuple[float, float, float, float]:
    """Sum and sum of squares of the drawdowns, how many lie below 0, the last one; the same bits either way."""
    if path.bars >= MANY_BARS:
        from augury.metrics.fall_sums_kernel import drawdown_sums  # compiled code that short curves do not need

        sums: tuple[float, float, float, float] = drawdown_sums(path.initial, path.equity)
        return sums
    falls = np.empty(path.bars)
    drawdown_series(path.initial, path.equity, falls)
    under = float(np.count_nonzero(falls < 0.0))
    return lane_sum(falls), lane_sum_squares(falls), under, float(falls[-1])


def _put_ratios(path: AccountPath, out: Gathered, depth: float, ulcer: float) -> None:
    growth = next(measure for measure in out.measures if measure.name == "cagr")
    total = float(path.equity[-1]) / path.initial - 1.0
    reason = growth.reason or _NO_FALL
    flags = path.short + (("no_losses",) if depth == 0.0 and path.bars >= CAGR_BARS else ())
    out.put("calmar", ratio(growth.value, -depth), reason, flags)
    out.put("martin_ratio", ratio(growth.value, ulcer), reason, flags)
    out.put("recovery_factor", ratio(total, -depth), _NO_FALL, ("no_losses",) if depth == 0.0 else ())
