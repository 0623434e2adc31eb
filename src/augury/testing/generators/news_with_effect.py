"""News beside bars, with a planted effect of known size on the bars that follow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import msgspec
import numpy as np
import pandas as pd

from augury.arrays import FloatVector, IntVector
from augury.errors import InvalidInput
from augury.market.news import NewsItem
from augury.spec import Spec
from augury.testing.generators.bars_from_returns import BarStyle, bars_from_returns
from augury.testing.generators.seed import Seed

__all__ = ["NewsSample", "NewsTruth", "news_with_effect"]

_HEADLINES = {
    1: (
        "{0} raises its full-year guidance after record quarterly profit",
        "{0} wins a major contract, shares jump",
        "{0} beats expectations and lifts its dividend",
        "Analysts upgrade {0} on strong demand",
    ),
    0: (
        "{0} schedules its annual shareholder meeting",
        "{0} names a new head of communications",
        "{0} to present at an industry conference",
        "{0} moves its registered office",
    ),
    -1: (
        "{0} cuts its outlook after a surprise quarterly loss",
        "{0} recalls products amid a safety investigation, shares plunge",
        "{0} misses expectations and suspends its dividend",
        "Analysts downgrade {0} on weak demand",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NewsTruth(Spec):
    """`effect` is the shift of the next full bar's return per unit of mean tone, in standard deviations of a return.

    Items arrive as a Poisson stream of `items_per_bar`; tones are -1, 0, +1 with equal chance. An item is known
    `mean_latency_bars` bars after publication on average (exponential).
    """

    ticker: str = "T000"
    effect: float = 0.5
    items_per_bar: Annotated[float, msgspec.Meta(gt=0)] = 0.5
    mean_latency_bars: Annotated[float, msgspec.Meta(ge=0)] = 0.2
    std: Annotated[float, msgspec.Meta(gt=0)] = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class NewsSample:
    """Bars, the items in order of `known_at`, the tone float64[k] of each, and the bar int64[k] it moves (or -1).

    The bar moved is the first that opens at or after `known_at`: no earlier bar can be traded on the item.
    """

    bars: pd.DataFrame
    news: tuple[NewsItem, ...]
    tones: FloatVector
    moved_bar: IntVector

    def frame(self) -> pd.DataFrame:
        """The items as a frame: ticker, source, text, published_at, known_at (UTC), score (the true tone)."""
        return pd.DataFrame(
            {
                "ticker": [item.ticker for item in self.news],
                "source": [item.source for item in self.news],
                "text": [item.text for item in self.news],
                "published_at": pd.to_datetime([item.published_at_ns for item in self.news], utc=True),
                "known_at": pd.to_datetime([item.known_at_ns for item in self.news], utc=True),
                "score": self.tones,
            }
        )


def _items(
    ticker: str, published: IntVector, known: IntVector, tones: IntVector, rng: np.random.Generator
) -> list[NewsItem]:
    picks = rng.integers(0, 4, size=(tones.shape[0],)).tolist()
    return [
        NewsItem(
            ticker=ticker,
            text=_HEADLINES[tone][pick].format(ticker),
            published_at_ns=seen,
            known_at_ns=usable,
            source="wire",
        )
        for tone, pick, seen, usable in zip(tones.tolist(), picks, published.tolist(), known.tolist(), strict=True)
    ]


def news_with_effect(
    count: int, truth: NewsTruth | None = None, style: BarStyle | None = None, *, seed: Seed = None
) -> NewsSample:
    """Simulate `count` bars and a stream of headlines whose tone moves the next full bar by a known amount.

    Without items, or with `effect` 0, the returns are independent normals.

    >>> sample = news_with_effect(50, seed=1)
    >>> all(item.known_at_ns >= item.published_at_ns for item in sample.news)
    True
    """
    if count < 2:
        raise InvalidInput(f"need count >= 2 bars; got {count}")
    truth, style = truth or NewsTruth(), style or BarStyle()
    rng = np.random.default_rng(seed)
    opens = pd.date_range(style.start, periods=count, freq=style.frequency, tz="UTC", unit="ns").asi8
    interval = int(np.diff(opens).min())
    total = int(rng.poisson(truth.items_per_bar * count))
    published = np.sort(opens[0] + (rng.random(total) * interval * count).astype(np.int64))
    known = published + (rng.exponential(size=total) * truth.mean_latency_bars * interval).astype(np.int64)
    order = np.argsort(known, kind="stable")
    published, known = published[order], known[order]
    tones = rng.integers(-1, 2, total)
    moved = np.searchsorted(opens, known, side="left")
    inside = moved < count
    totals = np.bincount(moved[inside], weights=tones[inside], minlength=count)
    items = np.maximum(np.bincount(moved[inside], minlength=count), 1)
    returns = truth.std * (rng.standard_normal(count) + truth.effect * totals / items)
    bars = bars_from_returns(returns, style, volatility=np.full(count, truth.std), seed=rng)
    return NewsSample(
        bars=bars,
        news=tuple(_items(truth.ticker, published, known, tones, rng)),
        tones=tones.astype(np.float64),
        moved_bar=np.where(inside, moved, -1),
    )
