"""Sentiment of one ticker at every close of its bars, from news that was known by then: the batch path."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, ClassVar

import msgspec
import numpy as np

from augury.arrays import FloatMatrix, FloatVector, IntVector
from augury.errors import InvalidInput
from augury.numerics.decayed_sums import OWN_FIELDS
from augury.sentiment.contrarian import ContrarianSpec
from augury.sentiment.panel_kernels import ROW, SECTOR_START, STATE, accumulate_documents, panel_rows, states_at
from augury.sentiment.scored_news import ScoredNews
from augury.sentiment.snapshot import SnapshotSpec
from augury.spec import Spec

__all__ = ["PANEL_COLUMNS", "AccumulatedNews", "PanelSpec", "accumulate", "panel_of", "sentiment_panel"]

PANEL_COLUMNS = (
    "valid",
    "documents",
    "weight",
    "n_eff",
    "mean",
    "mean_shrunk",
    "std",
    "skew",
    "entropy",
    "disagreement",
    "novelty",
    "momentum",
    "sharpe_like",
    "t_like",
    "surprise",
    "market_mean",
    "sector_mean",
    "correlation_market",
    "correlation_sector",
    "is_contrarian_market",
    "is_contrarian_sector",
    "level_contrarian_market",
    "level_contrarian_sector",
    "is_strong_contrarian",
    "mean_q15",
    "mean_q30",
    "mean_q70",
    "mean_q85",
)
"""The rows of a panel, in order; see `sentiment_panel` for what each means."""

QUANTILE_LEVELS = (0.15, 0.30, 0.70, 0.85)


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelSpec(Spec):
    """Options of the panel: those of the snapshot, of the contrarian tests, and of the trailing quantiles of the mean.

    Quantiles are over the last `quantile_samples` bars before now, of which `quantile_least` must have a known mean.
    """

    summary: ClassVar[str] = "sentiment per bar"

    snapshot: SnapshotSpec = field(default_factory=SnapshotSpec)
    contrarian: ContrarianSpec = field(default_factory=ContrarianSpec)
    quantile_samples: Annotated[int, msgspec.Meta(ge=2)] = 250
    quantile_least: Annotated[int, msgspec.Meta(ge=2)] = 60

    @property
    def look_back(self) -> int:
        """Bars, now included, whose samples can influence a row."""
        return 1 + max(self.quantile_samples, self.snapshot.history_samples, self.contrarian.changes)

    def vector(self) -> FloatVector:
        """Every constant in the order in which kernels read them."""
        contrarian = self.contrarian
        return np.array(
            [
                *self.snapshot.vector(),
                *contrarian.vector(),
                contrarian.market_others,
                contrarian.sector_others,
                contrarian.least_weight_ratio,
                contrarian.strong_momentum,
                contrarian.strong_sharpe_like,
                contrarian.strong_surprise,
                self.snapshot.history_samples,
                self.snapshot.history_least,
                self.quantile_samples,
                self.quantile_least,
                *QUANTILE_LEVELS,
            ],
            dtype=np.float64,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Timeline:
    """States of the members of one group side by side: member j owns rows starts[j] to starts[j + 1]."""

    starts: IntVector
    known_at_ns: IntVector
    states: FloatMatrix

    def at(self, member: int, closes_ns: IntVector) -> tuple[FloatMatrix, IntVector]:
        """State at each close and the time since it last changed; zeros for a member that does not exist."""
        rows = slice(self.starts[member], self.starts[member + 1]) if member >= 0 else slice(0, 0)
        out = np.empty((closes_ns.shape[0], self.states.shape[1]))
        elapsed = np.empty(closes_ns.shape[0], dtype=np.int64)
        states_at(self.known_at_ns[rows], self.states[rows], closes_ns, out, elapsed)
        return out, elapsed


def _timeline(members: IntVector, known_at_ns: IntVector, states: FloatMatrix) -> _Timeline:
    order = np.argsort(members, kind="stable")
    order = order[members[order] >= 0]
    count = int(members.max()) + 1 if members.shape[0] else 0
    starts = np.searchsorted(members[order], np.arange(count + 1)).astype(np.int64)
    return _Timeline(
        starts=starts, known_at_ns=np.ascontiguousarray(known_at_ns[order]), states=np.ascontiguousarray(states[order])
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AccumulatedNews:
    """The sums of every ticker, sector and the market just after each document: all that a panel at any closes needs.

    Made once by `accumulate` in O(documents) and shared between tickers; 160 bytes per document.
    """

    news: ScoredNews
    spec: PanelSpec
    params: FloatVector
    sectors: Mapping[str, str]
    sector_names: tuple[str, ...]
    own: _Timeline
    market: _Timeline
    sector: _Timeline

    def sector_code(self, ticker: str) -> int:
        """Position of the ticker's sector, -1 when it has none or no document was about that sector."""
        name = self.sectors.get(ticker)
        return self.sector_names.index(name) if name in self.sector_names else -1


def accumulate(
    news: ScoredNews, sectors: Mapping[str, str] | None = None, spec: PanelSpec | None = None
) -> AccumulatedNews:
    """Run all documents through the decayed sums once.

    `sectors` maps tickers to sector names; a ticker that is missing has no sector reference (NaN). All of `news` is the
    market, so pass the news of the whole universe.
    """
    spec = PanelSpec() if spec is None else spec
    sectors = dict(sectors or {})
    names = tuple(sorted({sectors[ticker] for ticker in news.tickers if ticker in sectors}))
    of_ticker = np.array([names.index(sectors[t]) if t in sectors else -1 for t in news.tickers], dtype=np.int64)
    sector_codes = of_ticker[news.ticker_codes] if len(news) else np.empty(0, dtype=np.int64)
    states = np.empty((len(news), STATE))
    params = spec.vector()
    accumulate_documents(
        np.column_stack((news.ticker_codes, sector_codes)),
        news.known_at_ns,
        np.column_stack((news.score, news.weight, news.novel.astype(np.float64))),
        params,
        states,
    )
    return AccumulatedNews(
        news=news,
        spec=spec,
        params=params,
        sectors=sectors,
        sector_names=names,
        own=_timeline(news.ticker_codes, news.known_at_ns, states[:, :OWN_FIELDS]),
        market=_timeline(np.zeros(len(news), dtype=np.int64), news.known_at_ns, states[:, OWN_FIELDS:SECTOR_START]),
        sector=_timeline(sector_codes, news.known_at_ns, states[:, SECTOR_START:]),
    )


def _checked_closes(closes_ns: IntVector) -> IntVector:
    closes = np.asarray(closes_ns)
    if closes.ndim != 1 or closes.dtype != np.int64:
        raise InvalidInput(f"expected closes as int64[n] ns since the epoch, got {closes.dtype}{list(closes.shape)}")
    backward = closes[1:] <= closes[:-1]
    if backward.any():
        bar = int(backward.argmax()) + 1
        raise InvalidInput(
            f"close {bar} ({closes[bar]} ns) is not after close {bar - 1} ({closes[bar - 1]} ns); sort the bars by "
            "time and drop repeated ones"
        )
    return np.ascontiguousarray(closes)


def panel_of(
    accumulated: AccumulatedNews, ticker: str, closes_ns: IntVector, *, tail: int | None = None
) -> FloatMatrix:
    """The panel of one ticker from accumulated news; see `sentiment_panel`."""
    closes = _checked_closes(closes_ns)
    if tail is not None and tail < 1:
        raise InvalidInput(f"tail = {tail}: ask for at least the last bar, or leave it out for all of them")
    look_back = accumulated.spec.look_back
    rows = closes.shape[0] if tail is None else min(tail, closes.shape[0])
    closes = closes[max(0, closes.shape[0] - rows - look_back + 1) :]
    own, own_elapsed = accumulated.own.at(accumulated.news.code_of(ticker), closes)
    market, market_elapsed = accumulated.market.at(0 if len(accumulated.news) else -1, closes)
    sector, sector_elapsed = accumulated.sector.at(accumulated.sector_code(ticker), closes)
    states = np.hstack((own, market, sector))
    elapsed = np.column_stack((own_elapsed, market_elapsed, sector_elapsed))
    out = np.empty((rows, ROW))
    panel_rows(states, elapsed, look_back, accumulated.params, out)
    return np.ascontiguousarray(out.T)


def sentiment_panel(
    news: ScoredNews,
    ticker: str,
    closes_ns: IntVector,
    sectors: Mapping[str, str] | None = None,
    spec: PanelSpec | None = None,
    *,
    tail: int | None = None,
) -> FloatMatrix:
    """Sentiment at every bar close: float64[k, n], row j is PANEL_COLUMNS[j], column t is known at closes_ns[t].

    `closes_ns` int64[n] are the close times of the ticker's own bars, ns since the epoch, UTC, strictly increasing;
    column t uses documents with known_at <= closes_ns[t] and earlier closes only. `tail` gives just the last columns,
    for less work and with the same bits. Rows: the fields of `SentimentSnapshot` (`valid` is 1.0 or 0.0, the others
    NaN where it is 0.0); `market_mean`, `sector_mean`: document-weighted means without this ticker; `correlation_*`,
    `is_contrarian_*`: see `contrarian`, sampled on these closes; `level_contrarian_*`: own mean minus reference, over
    the weighted standard deviation between tickers; `is_strong_contrarian`: both contrarian and |momentum|,
    |sharpe_like|, |surprise| large; `mean_qNN`: quantiles of the ticker's own mean over earlier bars. Unknown is NaN
    everywhere. For many tickers call `accumulate` once and `panel_of` for each. Raises InvalidInput for closes that
    are not increasing.

    >>> from augury.market.news import NewsItem
    >>> from augury.sentiment.scored_news import prepare
    >>> item = NewsItem(ticker="X", text="Profit up", published_at_ns=0, known_at_ns=5, source="wire")
    >>> panel = sentiment_panel(prepare([item], np.array([[0.8, 0.1, 0.1]])), "X", np.array([4, 5, 6]))
    >>> panel[PANEL_COLUMNS.index("mean")].round(2).tolist()
    [nan, 0.7, 0.7]
    """
    return panel_of(accumulate(news, sectors, spec), ticker, closes_ns, tail=tail)
