"""Does the strategy look ahead? Asked before every verdict, quickly; `augury leaks` asks at length."""

from __future__ import annotations

from typing import TYPE_CHECKING

from augury import market, testing
from augury.errors import AuguryError

if TYPE_CHECKING:
    import pandas as pd

    from augury.backtest import BacktestResult

__all__ = ["count_leaks"]

_BARS = 600
_SHORTEST_PREFIX = 64


def count_leaks(result: BacktestResult) -> tuple[int | None, tuple[str, ...]]:
    """How many columns moved when only the future changed (0 or 1 for positions), and what has to be said about it.

    None when it could not be tried: given positions, or a history too short. The last 600 bars are used, more for a
    long warm-up.
    """
    subject = result.subject
    if subject.strategy.fixed:
        return None, ("Positions were given as they are: nothing can show whether they look ahead.",)
    warm_up = 0 if subject.strategy.warm_up is None else subject.strategy.warm_up(subject.parameters)
    bars = market.bars_frame(subject.signal_bars.opened_at, subject.signal_bars.matrix).iloc[-(2 * warm_up + _BARS) :]

    def positions(frame: pd.DataFrame) -> pd.Series:
        found = subject.strategy.evaluate(market.bar_arrays(frame), subject.values)
        held = frame["close"].rename("position")
        held[:] = found
        return held

    plan = testing.CausalityPlan(
        random_cuts=4,
        early_cuts=2,
        event_cuts=4,
        shortest_prefix_bars=max(_SHORTEST_PREFIX, warm_up + 2),
    )
    try:
        report = testing.check_causality(positions, bars, plan=plan)
    except AuguryError as error:
        return None, (f"Whether it looks ahead could not be tried: {error}.",)
    notes = tuple(f"Look-ahead: {leak}. See augury leaks." for leak in report.leaks)
    return len(report.leaks), notes
