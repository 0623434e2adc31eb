"""What the news says about one ticker at one moment: a pure function of the documents known by then."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log, nan, sqrt
from typing import Annotated, ClassVar, Literal, TypeAlias

import msgspec
import numpy as np

from augury.arrays import BoolVector, FloatVector
from augury.errors import InvalidInput
from augury.sentiment.scored_news import ScoredNews
from augury.spec import Spec

__all__ = ["TAU_HOURS", "SentimentSnapshot", "SnapshotSpec", "Window", "snapshot", "surprise_of"]

Window: TypeAlias = Literal["5m", "30m", "1h", "1d"]

TAU_HOURS: dict[str, float] = {"5m": 1.5, "30m": 6.0, "1h": 12.0, "1d": 36.0}
"""How slowly news fades on each grid: the time in which a document's weight falls to 1/e."""

LEAST_WEIGHT = exp(-14.0 / 3.0)  # seven days at tau = 36 h
FAST_RATIO = 4.0  # momentum compares tau with tau / 4; this and the next are repeated in the kernels, tests compare
ROUNDING = 1e-9  # an effective number of 4.9999999999 documents is 5
FLAT = 1e-9  # a standard deviation below it is none

NonNegative: TypeAlias = Annotated[float, msgspec.Meta(ge=0.0)]
Positive: TypeAlias = Annotated[float, msgspec.Meta(gt=0.0)]


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotSpec(Spec):
    """Constants of the snapshot.

    `window` names the grid and fixes tau (see TAU_HOURS). A document of score s is positive above `class_threshold`,
    negative below its opposite, else neutral. A snapshot is valid while the decayed weight is at least `min_weight`
    (the default is one wire story seven days old on daily bars). `shrinkage` pulls the mean of few documents to zero;
    `std_floor` bounds the denominators of the two ratios, and `sharpe_documents` is the least effective number of
    documents of the Sharpe-like one. A class holding less than `class_share` of the weight counts as unseen. Surprise
    is measured against the last `history_samples` values before now, of which `history_least` must be known.
    """

    summary: ClassVar[str] = "sentiment snapshot"

    window: Window = "1d"
    class_threshold: NonNegative = 0.05
    min_weight: Positive = LEAST_WEIGHT
    shrinkage: NonNegative = 2.0
    std_floor: Positive = 0.05
    sharpe_documents: Annotated[float, msgspec.Meta(ge=2.0)] = 5.0
    class_share: Annotated[float, msgspec.Meta(gt=0.0, lt=0.1)] = 1e-3
    history_samples: Annotated[int, msgspec.Meta(ge=2)] = 120
    history_least: Annotated[int, msgspec.Meta(ge=2)] = 20

    @property
    def tau_ns(self) -> float:
        """The decay time in ns."""
        return TAU_HOURS[self.window] * 3_600e9

    def vector(self) -> list[float]:
        """The constants in the order in which kernels read them."""
        return [
            self.tau_ns,
            self.class_threshold,
            self.min_weight,
            self.shrinkage,
            self.std_floor,
            self.sharpe_documents,
            self.class_share,
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class SentimentSnapshot:
    """The sentiment of one ticker at one moment; every number is NaN where it cannot be known.

    `documents` counts the documents used, `weight` is their decayed weight W, `n_eff` = W^2 / sum w^2 their effective
    number. `mean` is in [-1, 1] and `mean_shrunk` nearer to zero; `std` needs n_eff of 2; `skew` needs scores that
    differ; `entropy` in [0, 1] is 0 when all documents are of one class; `disagreement` in [0, 1] is 1 when positive
    and negative weigh the same; `novelty` in [0, 1] is the weight share of new stories; `momentum` is the mean with
    decay tau / 4 minus the mean with decay tau; `sharpe_like` = mean / max(std, floor) needs n_eff of 5; `t_like` has
    sqrt(n_eff) in it; `surprise` is the distance of the mean from its own history in standard deviations.
    """

    ticker: str
    at_ns: int
    valid: bool
    documents: float = nan
    weight: float = nan
    n_eff: float = nan
    mean: float = nan
    mean_shrunk: float = nan
    std: float = nan
    skew: float = nan
    entropy: float = nan
    disagreement: float = nan
    novelty: float = nan
    momentum: float = nan
    sharpe_like: float = nan
    t_like: float = nan
    surprise: float = nan


def surprise_of(mean: float, history: FloatVector, spec: SnapshotSpec) -> float:
    """(mean - mean of history) / its sample standard deviation, history = grid values strictly before now.

    Only the last `history_samples` values are read and NaN among them left out; NaN when fewer than `history_least`
    remain or they are all the same.
    """
    recent = history[-spec.history_samples :]
    known = recent[np.isfinite(recent)]
    if known.shape[0] < spec.history_least:
        return nan
    spread = float(np.std(known, ddof=1))
    return nan if spread <= FLAT else (mean - float(np.mean(known))) / spread


def _entropy(shares: list[float], n_eff: float, spec: SnapshotSpec) -> float:
    plain = -sum(share * log(share) for share in shares if share > 0.0)
    seen = sum(share >= spec.class_share for share in shares)
    return min(1.0, (plain + (seen - 1) / (2.0 * n_eff)) / log(3.0))


def _known(news: ScoredNews, ticker: str, at_ns: int, window_ns: int | None) -> BoolVector:
    known: BoolVector = (news.ticker_codes == news.code_of(ticker)) & (news.known_at_ns <= at_ns)
    if window_ns is None:
        return known
    if window_ns <= 0:
        raise InvalidInput(f"window_ns = {window_ns}: a hard window is a positive number of nanoseconds")
    known &= news.known_at_ns > at_ns - window_ns
    return known


def snapshot(
    news: ScoredNews,
    ticker: str,
    at_ns: int,
    spec: SnapshotSpec | None = None,
    *,
    window_ns: int | None = None,
    history: FloatVector | None = None,
) -> SentimentSnapshot:
    """The snapshot of a ticker at a moment, straight from the documents.

    Uses the documents about `ticker` with known_at <= at_ns (and > at_ns - window_ns, when a hard window is given) and
    nothing else, so asking twice gives the same answer and later news changes nothing. `history` float64[h] holds the
    mean at earlier grid times, now excluded, for `surprise`. Not valid, with every number NaN, when the decayed
    weight is below `min_weight`. Takes O(documents); `sentiment_panel` gives the same fields in constant time per bar.
    Raises InvalidInput for a window that is not positive.

    >>> from augury.market.news import NewsItem
    >>> from augury.sentiment.scored_news import prepare
    >>> item = NewsItem(ticker="X", text="Profit up", published_at_ns=0, known_at_ns=5, source="wire")
    >>> news = prepare([item], np.array([[0.8, 0.1, 0.1]]))
    >>> round(snapshot(news, "X", 5).mean, 3), snapshot(news, "X", 4).valid
    (0.7, False)
    """
    spec = SnapshotSpec() if spec is None else spec
    chosen = _known(news, ticker, at_ns, window_ns)
    score = news.score[chosen]
    age = (at_ns - news.known_at_ns[chosen]) / spec.tau_ns
    weight = news.weight[chosen] * np.exp(-age)
    total = float(weight.sum())
    if score.shape[0] == 0 or total < spec.min_weight:
        return SentimentSnapshot(ticker=ticker, at_ns=at_ns, valid=False)
    mean = float((weight * score).sum()) / total
    n_eff = total**2 / float((weight**2).sum())
    deviation = score - mean
    sigma = sqrt(float((weight * deviation**2).sum()) / total)
    std = sigma * sqrt(n_eff / (n_eff - 1.0)) if n_eff >= 2.0 - ROUNDING else nan
    positive = float(weight[score > spec.class_threshold].sum())
    negative = float(weight[score < -spec.class_threshold].sum())
    polar = positive + negative
    fast = news.weight[chosen] * np.exp(-age * FAST_RATIO)
    fast_total = float(fast.sum())
    return SentimentSnapshot(
        ticker=ticker,
        at_ns=at_ns,
        valid=True,
        documents=float(score.shape[0]),
        weight=total,
        n_eff=n_eff,
        mean=mean,
        mean_shrunk=mean * n_eff / (n_eff + spec.shrinkage),
        std=std,
        skew=float((weight * deviation**3).sum()) / total / sigma**3 if sigma > FLAT else nan,
        entropy=_entropy([positive / total, negative / total, 1.0 - polar / total], n_eff, spec),
        disagreement=1.0 - abs(positive - negative) / polar if polar >= spec.class_share * total else nan,
        novelty=float(weight[news.novel[chosen]].sum()) / total,
        momentum=float((fast * score).sum()) / fast_total - mean if fast_total > 0.0 else nan,
        sharpe_like=mean / max(std, spec.std_floor) if n_eff >= spec.sharpe_documents - ROUNDING else nan,
        t_like=mean * sqrt(n_eff) / max(std, spec.std_floor) if n_eff >= 2.0 - ROUNDING else nan,
        surprise=nan if history is None else surprise_of(mean, history, spec),
    )
