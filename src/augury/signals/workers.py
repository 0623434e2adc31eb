"""Judging a universe on several cores: worker processes that stay alive between calls (joblib with loky).

Threads do not help here: a signal is a few hundred microseconds of short kernels between stretches of Python, and
handing the interpreter lock to and fro costs more than a second core gives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import joblib
import pandas as pd

from augury.errors import AuguryError
from augury.signals.prepared_news import PreparedNews
from augury.signals.signal import TradingSignal
from augury.signals.spec import SignalSpec

__all__ = ["judge_in_processes"]

_CHUNKS_PER_WORKER = 4

Outcome = TradingSignal | AuguryError
Judge = Callable[[str, pd.DataFrame, PreparedNews], TradingSignal]


def judge_in_processes(
    make_judge: Callable[[SignalSpec], Judge],
    spec: SignalSpec,
    universe: Mapping[str, pd.DataFrame],
    news: PreparedNews,
    workers: int,
) -> Iterator[Outcome]:
    """The outcome for every ticker, in order, from `workers` processes; each gets the news once per chunk.

    `make_judge` is a module-level function that builds the judge of a spec; a process builds it once per spec.
    """
    tickers = list(universe)
    size = max(1, -(-len(tickers) // (workers * _CHUNKS_PER_WORKER)))
    chunks = [tickers[start : start + size] for start in range(0, len(tickers), size)]
    pool = joblib.Parallel(n_jobs=workers, backend="loky", return_as="generator")
    jobs = (
        joblib.delayed(_judge_chunk)(make_judge, spec, [(ticker, universe[ticker]) for ticker in chunk], news)
        for chunk in chunks
    )
    for outcomes in pool(jobs):
        yield from outcomes


def _judge_chunk(
    make_judge: Callable[[SignalSpec], Judge],
    spec: SignalSpec,
    frames: Sequence[tuple[str, pd.DataFrame]],
    news: PreparedNews,
) -> list[Outcome]:
    judge = _judge_of(make_judge, spec.id, spec)
    outcomes: list[Outcome] = []
    for ticker, bars in frames:
        try:
            outcomes.append(judge(ticker, bars, news))
        except AuguryError as error:
            outcomes.append(error)
    return outcomes


_judges: dict[tuple[str, str], Judge] = {}


def _judge_of(make_judge: Callable[[SignalSpec], Judge], identity: str, spec: SignalSpec) -> Judge:
    key = (make_judge.__qualname__, identity)
    if key not in _judges:
        _judges[key] = make_judge(spec)
    return _judges[key]
