"""Judging a universe on several cores: worker processes that stay alive between calls (joblib with loky).

Threads do not help here: a signal is a few hundred microseconds of short kernels between stretches of Python, and
handing the interpreter lock to and fro costs more than a second core gives. Sending each process its frames would cost
more than judging them, so bars and news are laid out in large arrays, which joblib shares as mapped memory, and the
next chunk is prepared while the workers judge the ones before.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Iterator, Mapping
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

__all__ = ["chunk_size", "judge_in_processes"]

_CHUNKS_PER_WORKER = 3

Judge: TypeAlias = Callable[[str, BarArrays, PreparedNews], TradingSignal]


@dataclass(frozen=True, slots=True)
class _Chunk:
    """The bars of some tickers side by side: ticker i owns the columns starts[i] to starts[i + 1]."""

    tickers: tuple[str, ...]
    starts: IntVector
    opened_at: IntVector
    matrix: FloatMatrix

    def bars(self, place: int) -> BarArrays:
        """A private copy of one ticker's bars: mapped memory is read-only, which kernels are not compiled for."""
        columns = slice(self.starts[place], self.starts[place + 1])
        return BarArrays(np.array(self.opened_at[columns]), np.array(self.matrix[:, columns], order="C"))


def chunk_size(tickers: int, workers: int) -> int:
    """How many tickers make a chunk: a few chunks for each worker, so that none waits long for the others."""
    return max(1, -(-tickers // (workers * _CHUNKS_PER_WORKER)))


def judge_in_processes(
    make_judge: Callable[[SignalSpec], Judge],
    spec: SignalSpec,
    chunks: Iterable[Mapping[str, BarArrays]],
    news: PreparedNews,
    workers: int,
) -> Iterator[TradingSignal]:
    """The signal of every ticker of every chunk, in order, from `workers` processes; the bars are checked already.

    All chunks are taken, and with them laid out, before the first signal is returned. `make_judge` is a module-level
    function that builds the judge of a spec; a process builds it once per spec.
    """
    packed = np.frombuffer(pickle.dumps(news, protocol=5), dtype=np.uint8)
    pool = joblib.Parallel(n_jobs=workers, backend="loky", return_as="generator", batch_size=1, pre_dispatch="all")
    jobs = (joblib.delayed(_judge_chunk)(make_judge, spec, _laid_out(chunk), packed) for chunk in chunks if chunk)
    for signals in pool(jobs):
        yield from signals


def _laid_out(universe: Mapping[str, BarArrays]) -> _Chunk:
    bars = list(universe.values())
    starts = np.zeros(len(bars) + 1, dtype=np.int64)
    np.cumsum([len(arrays) for arrays in bars], out=starts[1:])
    return _Chunk(
        tickers=tuple(universe),
        starts=starts,
        opened_at=np.concatenate([arrays.opened_at for arrays in bars]),
        matrix=np.concatenate([arrays.matrix for arrays in bars], axis=1),
    )


def _judge_chunk(
    make_judge: Callable[[SignalSpec], Judge], spec: SignalSpec, chunk: _Chunk, packed: NDArray[np.uint8]
) -> list[TradingSignal]:
    key = (make_judge.__qualname__, spec.id)
    if key not in _judges:
        _judges[key] = make_judge(spec)
    judge = _judges[key]
    news: PreparedNews = pickle.loads(packed.tobytes())  # noqa: S301 - written by the parent process a moment ago
    return [judge(ticker, chunk.bars(place), news) for place, ticker in enumerate(chunk.tickers)]


_judges: dict[tuple[str, str], Judge] = {}
