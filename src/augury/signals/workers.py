"""Judging a universe on several cores: worker processes that stay alive between calls (joblib with loky).

Threads do not help here: a signal is a few hundred microseconds of short kernels between stretches of Python, and
handing the interpreter lock to and fro costs more than a second core gives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeAlias

import joblib

from augury.market.bars import BarArrays
from augury.signals.prepared_news import PreparedNews
from augury.signals.signal import TradingSignal
from augury.signals.spec import SignalSpec

__all__ = ["judge_in_processes"]

_CHUNKS_PER_WORKER = 2

Judge: TypeAlias = Callable[[str, BarArrays, PreparedNews], TradingSignal]


def judge_in_processes(
    make_judge: Callable[[SignalSpec], Judge],
    spec: SignalSpec,
    universe: Mapping[str, BarArrays],
    news: PreparedNews,
    workers: int,
) -> Iterator[TradingSignal]:
    """The signal of every ticker, in order, from `workers` processes.

    The bars are checked already and each chunk of tickers takes the news along. `make_judge` is a module-level function
    that builds the judge of a spec; a process builds it once per spec. Arrays are copied, never mapped: mapped ones
    would be read-only, which kernels are not compiled for.
    """
    tickers = list(universe)
    size = max(1, -(-len(tickers) // (workers * _CHUNKS_PER_WORKER)))
    chunks = [tickers[start : start + size] for start in range(0, len(tickers), size)]
    pool = joblib.Parallel(n_jobs=workers, backend="loky", return_as="generator", max_nbytes=None)
    jobs = (
        joblib.delayed(_judge_chunk)(make_judge, spec, [(ticker, universe[ticker]) for ticker in chunk], news)
        for chunk in chunks
    )
    for signals in pool(jobs):
        yield from signals


def _judge_chunk(
    make_judge: Callable[[SignalSpec], Judge],
    spec: SignalSpec,
    bars: Sequence[tuple[str, BarArrays]],
    news: PreparedNews,
) -> list[TradingSignal]:
    key = (make_judge.__qualname__, spec.id)
    if key not in _judges:
        _judges[key] = make_judge(spec)
    judge = _judges[key]
    return [judge(ticker, arrays, news) for ticker, arrays in bars]


_judges: dict[tuple[str, str], Judge] = {}
