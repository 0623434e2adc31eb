"""Where every ticker stands at one moment: snapshots with the contrarian measures against market and sector."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import get_args

import numpy as np

from augury.arrays import FloatMatrix
from augury.errors import InvalidInput, NotEnoughData, nearest
from augury.market.news import NewsItem
from augury.market.timeframe import Timeframe
from augury.sentiment.panel import PANEL_COLUMNS, PanelSpec, accumulate, panel_of
from augury.sentiment.scored_news import prepare
from augury.sentiment.snapshot import SnapshotSpec, Window

__all__ = ["ticker_snapshots"]


def ticker_snapshots(
    items: Sequence[NewsItem],
    probabilities: FloatMatrix,
    *,
    window: Window = "1d",
    at_ns: int | None = None,
    sectors: Mapping[str, str] | None = None,
) -> dict[str, dict[str, float]]:
    """Every ticker's panel row at one moment, by PANEL_COLUMNS; NaN where it cannot be known.

    `probabilities` float64[n, 3] belong to the items. Only items with `known_at_ns` <= `at_ns` count (the last item's
    when None). What needs a history is sampled on a grid of one `window`, ending at `at_ns`. Raises InvalidInput for
    an unknown window and NotEnoughData without items.
    """
    if window not in get_args(Window):
        raise InvalidInput(f"no window is named {window!r}; {nearest(window, get_args(Window))}")
    if not items:
        raise NotEnoughData("a snapshot needs at least one news item, got none")
    spec = PanelSpec(snapshot=SnapshotSpec(window=window))
    now = max(item.known_at_ns for item in items) if at_ns is None else at_ns
    closes = now - Timeframe.of(window).ns * np.arange(spec.look_back - 1, -1, -1, dtype=np.int64)
    news = accumulate(prepare(items, probabilities), sectors, spec)
    return {
        ticker: dict(zip(PANEL_COLUMNS, panel_of(news, ticker, closes, tail=1)[:, 0].tolist(), strict=True))
        for ticker in news.news.tickers
    }
