"""Judging a universe on several cores: worker processes that stay alive between calls (loky).

Threads do not help here: a signal is a few hundred microseconds of short kernels between stretches of Python, and
handing the interpreter lock to and fro costs more than a second core gives. Frames are dear to hand over, arrays are
not: the bars of a chunk travel as one block, and the next chunk is prepared while the workers judge the ones before.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import BrokenExecutor
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from loky import get_reusable_executor

from augury.arrays import FloatMatrix, IntVector
from augury.errors import Unavailable
from augury.learning.artefacts.artefact import Artefact
from augury.market.bars import BarArrays
from augury.signals.prepared_news import PreparedNews
from augury.signals.signal import TradingSignal
from augury.signals.spec import SignalSpec

__all__ = ["chunk_size", "judge_in_processes"]

_CHUNKS_PER_WORKER = 2

Judge: TypeAlias = Callable[[str, BarArrays, PreparedNews], TradingSignal]
MakeJudge: TypeAlias = Callable[[SignalSpec, Artefact | None], Judge]


@dataclass(frozen=True, slots=True)
class _Chunk:
    """The bars of some tickers side by side: ticker i owns the columns starts[i] to starts[i + 1]."""

    tickers: tuple[str, ...]
    starts: IntVector
    opened_at: IntVector
    matrix: FloatMatrix

    def bars(self, place: int) -> BarArrays:
        """One ticker's bars, in memory of their own and in the order that kernels want."""
        columns = slice(self.starts[place], self.starts[place + 1])
        return BarArrays(self.opened_at[columns].copy(), np.ascontiguousarray(self.matrix[:, columns]))


def chunk_size(tickers: int, workers: int) -> int:
    """How many tickers make a chunk: a few chunks for each worker, so that none waits long for the others."""
    return max(1, -(-tickers // (workers * _CHUNKS_PER_WORKER)))


def judge_in_processes(
    make_judge: MakeJudge,
    spec: SignalSpec,
    chunks: Iterable[Mapping[str, BarArrays]],
    news: PreparedNews,
    workers: int,
    artefact: Artefact | None = None,
) -> Iterator[TradingSignal]:
    """The signal of every ticker of every chunk, in order, from `workers` processes; the bars are checked already.

    All chunks are taken and handed over before the first signal is returned. `make_judge` is a module-level function
    that builds the judge of a spec and a model; a process builds it once for each. Raises Unavailable when a worker
    dies.
    """
    pool = get_reusable_executor(max_workers=workers)
    packed = pickle.dumps((news, artefact), protocol=5)
    try:
        waiting = [
            pool.submit(_judge_chunk, pickle.dumps((make_judge, spec, _laid_out(chunk)), protocol=5), packed)
            for chunk in chunks
            if chunk
        ]
        for job in waiting:
            yield from pickle.loads(job.result())  # noqa: S301 - written by our own worker a moment ago
    except BrokenExecutor as error:
        raise Unavailable(
            f"a worker process died ({error}), as a rule for lack of memory; try again, or with fewer workers"
        ) from error


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


def _judge_chunk(task: bytes, packed: bytes) -> bytes:
    """What a worker does: the signals of a chunk, pickled."""
    make_judge, spec, chunk = pickle.loads(task)  # noqa: S301 - written by the parent process a moment ago
    shared: tuple[PreparedNews, Artefact | None] = pickle.loads(packed)  # noqa: S301 - as above
    news, artefact = shared
    key = (make_judge.__qualname__, spec.id, None if artefact is None else artefact.model_id)
    if key not in _judges:
        _judges[key] = make_judge(spec, artefact)
    judge = _judges[key]
    signals = [judge(ticker, chunk.bars(place), news) for place, ticker in enumerate(chunk.tickers)]
    return pickle.dumps(signals, protocol=5)


_judges: dict[tuple[str, str, str | None], Judge] = {}
