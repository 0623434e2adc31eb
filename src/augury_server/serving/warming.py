"""Running a fresh model before anybody waits for it, and measuring how fast it is."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from augury.errors import AuguryError
from augury.learning import Manifest
from augury.market.bars import BarArrays
from augury_server.serving.served_predictor import Feeds, ServedPredictor

__all__ = ["Clock", "Pace", "warm"]

Clock = Callable[[], int]
"""Nanoseconds that only grow."""

_CALLS = 20
_DAY_NS = 86_400 * 10**9
_FIRST_NS = 1_600_000_000 * 10**9
_BARS = 60
_TOGETHER = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long a model takes, in microseconds, the best of several calls: `row_us` for one row alone, `together_us`
    for each of 64 rows asked for at once, `bars_us` for features and answer at the last of `bars` bars (None: the model
    does not read bars; `why_no_bars` says why).
    """

    row_us: float
    together_us: float
    bars_us: float | None = None
    bars: int = 0
    why_no_bars: str = ""

    def for_rows(self, rows: int) -> float:
        """What so many rows at once will take, about."""
        return self.row_us if rows == 1 else self.together_us * rows

    def for_bars(self, bars: int) -> float:
        """What an answer about the last of so many bars will take, about; infinite for a model not measured on bars."""
        return float("inf") if self.bars_us is None else self.bars_us * max(1.0, bars / self.bars)


def warm(predictor: ServedPredictor, *, clock: Clock = time.perf_counter_ns) -> Pace:
    """Run a model on made-up rows and bars, so that nothing is loaded or compiled when it is asked, and time it."""
    one, many = _feeds(predictor.manifest, 1), _feeds(predictor.manifest, _TOGETHER)
    row_us = _best(lambda: predictor.say(one), _CALLS, clock)
    calls = 3 if row_us * _TOGETHER < 100_000 else 1
    together_us = _best(lambda: predictor.predict_feeds(many), calls, clock) / _TOGETHER
    try:
        bars = _bars(predictor.bar_inputs.unjudged + _BARS)
        bars_us = _best(lambda: predictor.say(predictor.feeds_of_last(bars)), 3, clock)
    except AuguryError as error:  # without its features, or they are others now: rows are still answered
        return Pace(row_us=row_us, together_us=together_us, why_no_bars=str(error))
    return Pace(row_us=row_us, together_us=together_us, bars_us=bars_us, bars=len(bars))


def _best(call: Callable[[], object], calls: int, clock: Clock) -> float:
    call()
    best = float("inf")
    for _ in range(calls):
        started = clock()
        call()
        best = min(best, (clock() - started) / 1e3)
    return best


def _feeds(manifest: Manifest, rows: int) -> Feeds:
    rng = np.random.default_rng(0)
    return {
        form.name: rng.normal(size=(rows, *(length or 1 for length in form.shape[1:]))).astype(np.float32)
        for form in manifest.inputs
    }


def _bars(count: int) -> BarArrays:
    """A made-up daily walk."""
    rng = np.random.default_rng(0)
    close = 100.0 * np.exp(np.cumsum(0.01 * rng.normal(size=count)))
    opened = np.concatenate(([100.0], close[:-1]))
    high, low = np.maximum(opened, close) * 1.002, np.minimum(opened, close) * 0.998
    volume = 1e6 * (1.0 + rng.random(count))
    matrix = np.ascontiguousarray(np.vstack((opened, high, low, close, volume)))
    return BarArrays(_FIRST_NS - _FIRST_NS % _DAY_NS + _DAY_NS * np.arange(count, dtype=np.int64), matrix)
