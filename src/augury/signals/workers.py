"""Judging a universe on several cores: worker processes that stay alive between calls (joblib with loky).

Threads do not help here: a signal is a few hundred microseconds of short kernels between stretches of Python, and
handing the interpreter lock to and fro costs more than a second core gives. Sending each process its bars costs more
than judging them, so all bars and the news are laid out once in large arrays, which joblib shares as mapped memory.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import joblib
import numpy as np
from numpy.typing import NDArray

from augury.arrays import FloatMatrix, IntVector
from augury.market.bars import BarArrays
from augury.signals.prepared_news import PreparedNews
from augury.signals.signal import TradingSignal
from augury.signals.spec import SignalSpec

__all__ = ["judge_in_processes"]

_CHUNKS_PER_WORKER = 2

Judge: TypeAlias = Callable[[str, BarArrays, PreparedNews], TradingSignal]


@dataclass(frozen=True, slots=True)
class _Universe:
    """The bars of all tickers side by side: ticker i owns the columns starts[i] to starts[i + 1]."""

    tickers: tuple[str, ...]
    starts: IntVector
    opened_at: IntVector
    matrix: FloatMatrix
    news: NDArray[np.uint8]

    def bars(self, place: int) -> BarArrays:
        """A private copy of one ticker's bars: mapped memory is read-only, which kernels are not compiled for."""
        columns = slice(self.starts[place], self.starts[place + 1])
        return BarArrays(np.array(self.opened_at[columns]), np.array(self.matrix[:, columns], order="C"))


def judge_in_processes(
    make_judge: Callable[[SignalSpec], Judge],
    spec: SignalSpec,
    universe: Mapping[str, BarArrays],
    news: PreparedNews,
    workers: int,
) -> Iterator[TradingSignal]:
    """The signal of every ticker, in order, from `workers` processes; the bars are checked already.

    `make_judge` is a module-level function that builds the judge of a spec; a process builds it once per spec.
    """
    if not universe:
        return
    shared = _laid_out(universe, news)
    size = max(1, -(-len(shared.tickers) // (workers * _CHUNKS_PER_WORKER)))
    pool = joblib.Parallel(n_jobs=workers, backend="loky", return_as="generator", batch_size=1, pre_dispatch="all")
    jobs = (
        joblib.delayed(_judge_chunk)(make_judge, spec, shared, range(first, min(first + size, len(shared.tickers))))
        for first in range(0, len(shared.tickers), size)
    )
    for signals in pool(jobs):
        yield from signals


def _laid_out(universe: Mapping[str, BarArrays], news: PreparedNews) -> _Universe:
    bars = list(universe.values())
    starts = np.zeros(len(bars) + 1, dtype=np.int64)
    np.cumsum([len(arrays) for arrays in bars], out=starts[1:])
    return _Universe(
        tickers=tuple(universe),
        starts=starts,
        opened_at=np.concatenate([arrays.opened_at for arrays in bars]),
        matrix=np.concatenate([arrays.matrix for arrays in bars], axis=1),
        news=np.frombuffer(pickle.dumps(news, protocol=5), dtype=np.uint8),
    )


def _judge_chunk(
    make_judge: Callable[[SignalSpec], Judge], spec: SignalSpec, shared: _Universe, places: range
) -> list[TradingSignal]:
    key = (make_judge.__qualname__, spec.id)
    if key not in _judges:
        _judges[key] = make_judge(spec)
    judge = _judges[key]
    news: PreparedNews = pickle.loads(shared.news.tobytes())  # noqa: S301 - written by the parent process a moment ago
    return [judge(shared.tickers[place], shared.bars(place), news) for place in places]


_judges: dict[tuple[str, str], Judge] = {}
