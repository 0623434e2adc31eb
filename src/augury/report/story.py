"""What a report tells: one result as a `Story`, several as a `Comparison`; plain records that any tool can fill."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from augury.arrays import FloatMatrix, FloatVector, IntVector
from augury.errors import InvalidInput
from augury.report.evidence import CheckTable, Grid, Interval, MeasureLike, NullTest, Tries, VerdictItem, VerdictLike
from augury.report.judgement import plain_verdict

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Benchmark", "Candles", "Comparison", "DataFacts", "Story"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DataFacts:
    """What the result was computed on; the number of bars and their times default to those of the curve."""

    symbols: tuple[str, ...] = ()
    timeframe: str = ""
    bars: int | None = None
    first_ns: int | None = None
    last_ns: int | None = None
    fingerprint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Benchmark:
    """What doing something simpler gave: `equity` float64[n] at the same closes, from the same initial cash."""

    name: str
    equity: FloatVector


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Candles:
    """Bars to draw: `opened_at` int64[n] ns UTC, `matrix` float64[5, n] open, high, low, close, volume.

    Their number need not be that of the curve. A `BarArrays` has the same two fields and may be passed instead.
    """

    opened_at: IntVector
    matrix: FloatMatrix


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Story:
    """One result, ready to be shown. Only title, times, equity and initial cash are needed; the rest adds sections.

    `times` int64[n] are the closes in ns UTC, strictly increasing (see `close_times` of the market room); `equity`
    float64[n] is the account at each, `initial_cash` its value before the first, `exposure` float64[n] the gross
    exposure held over each bar. `bars_per_year` annualises the rolling Sharpe ratio; None counts it from the calendar.
    `trades` is a frame, or a mapping of columns: side, entry_time, exit_time, entry_price, exit_price, units,
    profit_and_loss, return, costs, maximum_favourable_excursion, maximum_adverse_excursion, holding_bars, exit_reason,
    is_open; absent ones stay empty. Excursions are fractions of the entry price.

    `unjudged` says, where there is no verdict, what that means and how to get one.

    NaN in a curve is drawn as a gap. Raises InvalidInput when shapes disagree or times do not increase.

    >>> import numpy as np
    >>> day = 86_400 * 10**9
    >>> equity = np.array([99.0, 101.0])
    >>> story = Story(title="Two days", times=np.array([1, 2]) * day, equity=equity, initial_cash=100.0)
    >>> len(story)
    2
    """

    title: str
    times: IntVector
    equity: FloatVector
    initial_cash: float
    subtitle: str = ""
    strategy: str = ""
    parameters: Mapping[str, object] = field(default_factory=dict)
    settings: Mapping[str, object] = field(default_factory=dict)
    data: DataFacts = field(default_factory=DataFacts)
    bars_per_year: float | None = None
    benchmark: Benchmark | None = None
    exposure: FloatVector | None = None
    bars: Candles | Any | None = None
    trades: pd.DataFrame | Mapping[str, Any] | None = None
    measures: Sequence[MeasureLike] | Mapping[str, MeasureLike] = ()
    cost_totals: Mapping[str, float] = field(default_factory=dict)
    tests: Sequence[NullTest] = ()
    intervals: Sequence[Interval] = ()
    sensitivity: Grid | None = None
    checks: Sequence[CheckTable] = ()
    verdict: VerdictLike | Any | None = None
    unjudged: str = ""
    tries: Tries | None = None
    notes: Sequence[str] = ()
    provenance: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _check_curve(self)
        _check_candles(self)

    def __len__(self) -> int:
        return int(np.shape(self.times)[0])

    @property
    def judgement(self) -> VerdictItem | None:
        """The verdict as a plain record, None without one."""
        return None if self.verdict is None else plain_verdict(self.verdict)

    @property
    def listed_measures(self) -> tuple[MeasureLike, ...]:
        """All measures in their order, whether given as a sequence or by name."""
        return tuple(self.measures.values() if isinstance(self.measures, Mapping) else self.measures)

    def measure(self, name: str) -> MeasureLike | None:
        """The measure of this name, None when the story has none."""
        return next((measure for measure in self.listed_measures if measure.name == name), None)

    def interval(self, name: str) -> Interval | None:
        """The confidence interval of the measure of this name, None when there is none."""
        return next((interval for interval in self.intervals if interval.name == name), None)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Comparison:
    """Several stories on one page: curves together, measures side by side, correlation of returns, verdicts."""

    title: str
    stories: Sequence[Story]
    subtitle: str = ""
    notes: Sequence[str] = ()

    def __post_init__(self) -> None:
        if not self.stories:
            raise InvalidInput("a comparison needs at least one story, got none")
        names = [story.title for story in self.stories]
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            raise InvalidInput(f"the stories of a comparison are told apart by title; {repeated[0]!r} occurs twice")


def _check_curve(story: Story) -> None:
    times = np.asarray(story.times)
    if times.ndim != 1 or times.dtype != np.int64:
        raise InvalidInput(
            f"Story.times should be int64[n] nanoseconds since the epoch, got {times.dtype} of shape {times.shape}"
        )
    if len(times) == 0:
        raise InvalidInput("a story needs at least one bar, got none")
    if not bool(np.all(np.diff(times) > 0)):
        at = int(np.flatnonzero(np.diff(times) <= 0)[0]) + 1
        raise InvalidInput(
            f"Story.times should strictly increase; the time at position {at} does not exceed the one before"
        )
    if not (np.isfinite(story.initial_cash) and story.initial_cash > 0):
        raise InvalidInput(f"Story.initial_cash should be a positive number, got {story.initial_cash!r}")
    curves = {"equity": story.equity, "exposure": story.exposure}
    if story.benchmark is not None:
        curves["benchmark.equity"] = story.benchmark.equity
    for name, curve in curves.items():
        if curve is not None and np.shape(curve) != times.shape:
            raise InvalidInput(
                f"Story.{name} should have one value per time, {len(times)}, got an array of shape {np.shape(curve)}"
            )


def _check_candles(story: Story) -> None:
    if story.bars is None:
        return
    opened_at, matrix = np.asarray(story.bars.opened_at), np.asarray(story.bars.matrix)
    if matrix.shape != (5, len(opened_at)):
        raise InvalidInput(
            f"Story.bars.matrix should be float64[5, n] for {len(opened_at)} bars, got shape {matrix.shape}"
        )
