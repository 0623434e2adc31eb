"""Recorded bars and news as events in the order in which they became known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from augury.market.bars import bar_arrays
from augury.market.news import NewsItem
from augury.market.timeframe import Timeframe, close_times
from augury.signals.stream import BarEvent

__all__ = ["replay_events"]


def replay_events(
    universe: Mapping[str, pd.DataFrame], news: Sequence[NewsItem], timeframe: str | Timeframe
) -> list[BarEvent | NewsItem]:
    """Every event of a recorded universe, sorted by the time it became known, to feed a stream with.

    A bar is known at its close (open + timeframe), a news item at `known_at`; news known exactly at a close comes
    before that bar, and bars closing together come by ticker. Frames keep the Bars contract.
    """
    keyed: list[tuple[int, int, str, BarEvent | NewsItem]] = [(item.known_at_ns, 0, item.ticker, item) for item in news]
    for ticker, frame in universe.items():
        arrays = bar_arrays(frame)
        closes = close_times(arrays.opened_at, timeframe)
        for opened_at, closes_at, bar in zip(
            arrays.opened_at.tolist(), closes.tolist(), arrays.matrix.T.tolist(), strict=True
        ):
            event = BarEvent(
                ticker=ticker,
                opened_at_ns=opened_at,
                open=bar[0],
                high=bar[1],
                low=bar[2],
                close=bar[3],
                volume=bar[4],
            )
            keyed.append((closes_at, 1, ticker, event))
    keyed.sort(key=lambda entry: entry[:3])
    return [entry[3] for entry in keyed]
