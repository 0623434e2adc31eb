"""The causality suite: change everything after a moment and show that nothing at or before it moves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from augury.arrays import IntVector
from augury.errors import InvalidInput, LookAheadError, NotEnoughData
from augury.features.feature import Feature
from augury.testing.comparison import Difference, frame_differences, known_times
from augury.testing.cuts import Cuts, choose_cuts
from augury.testing.experiment import CausalityPlan, Experiment, Intervention
from augury.testing.news_interventions import News
from augury.testing.subjects import bars_experiment, news_experiment, universe_experiment

__all__ = ["CausalityReport", "Leak", "assert_causal", "check_causality"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """One column that looks ahead, told by the trial in which it looked furthest.

    `first_affected` is when the earliest moved value claimed to be known; inputs were changed after `cut` only.
    `lag_bars` is how many bars ahead the value looks, at least: 1 means that the next bar moves it.
    `interventions` are all the kinds of change that moved it, `trials` how many runs showed it.
    """

    column: str
    first_affected: pd.Timestamp
    cut: pd.Timestamp
    lag_bars: int
    before: Any
    after: Any
    interventions: tuple[str, ...]
    trials: int

    def __str__(self) -> str:
        return (
            f"column {self.column!r} looks at least {self.lag_bars} bar(s) ahead: its value known at "
            f"{self.first_affected} went from {self.before!r} to {self.after!r} when only inputs after {self.cut} "
            f"changed ({', '.join(self.interventions)}; {self.trials} trials)"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CausalityReport:
    """What a check did and found: `trials` runs on inputs changed at `cuts` moments, `rows` rows in the unchanged run.

    `unproven` are columns without a single known value: nothing was shown about them.
    """

    subject: str
    columns: tuple[str, ...]
    rows: int
    cuts: int
    trials: int
    leaks: tuple[Leak, ...]
    unproven: tuple[str, ...]
    plan: CausalityPlan

    @property
    def causal(self) -> bool:
        """No value moved."""
        return not self.leaks

    def __str__(self) -> str:
        size = f"{len(self.columns)} columns, {self.rows} rows, {self.trials} trials at {self.cuts} moments"
        head = f"{self.subject}: {size}: "
        if self.leaks:
            return head + "looks ahead\n" + "\n".join(f"  {leak}" for leak in self.leaks)
        note = f" (nothing is known in {', '.join(self.unproven)})" if self.unproven else ""
        return head + "nothing moved" + note

    def to_frame(self) -> pd.DataFrame:
        """One row a leak."""
        names = ("column", "lag_bars", "first_affected", "cut", "before", "after", "interventions", "trials")
        return pd.DataFrame([{name: getattr(leak, name) for name in names} for leak in self.leaks], columns=list(names))


def _moment(ns: int) -> pd.Timestamp:
    return pd.Timestamp(ns, unit="ns", tz="UTC")


class _Findings:
    """Leaks by column, the furthest look kept."""

    def __init__(self, clock: IntVector) -> None:
        self._clock = clock
        self._leaks: dict[str, Leak] = {}

    def add(self, difference: Difference, cut: int, intervention: str) -> None:
        position, earliest = np.searchsorted(self._clock, [cut, difference.known_at], side="left")
        lag = int(position - earliest) + 1
        known = self._leaks.get(difference.column)
        names = {intervention, *(known.interventions if known else ())}
        furthest = known if known is not None and known.lag_bars >= lag else None
        self._leaks[difference.column] = Leak(
            column=difference.column,
            first_affected=furthest.first_affected if furthest else _moment(difference.known_at),
            cut=furthest.cut if furthest else _moment(cut),
            lag_bars=furthest.lag_bars if furthest else lag,
            before=furthest.before if furthest else difference.before,
            after=furthest.after if furthest else difference.after,
            interventions=tuple(sorted(names)),
            trials=(known.trials if known else 0) + 1,
        )

    def ordered(self) -> tuple[Leak, ...]:
        return tuple(sorted(self._leaks.values(), key=lambda leak: (-leak.lag_bars, leak.column)))


def _trials(experiment: Experiment[Any], cuts: Cuts) -> Iterator[tuple[Intervention[Any], int]]:
    for intervention in experiment.interventions:
        if intervention.where == "end":
            yield intervention, int(experiment.clock[-1])
        elif intervention.where == "before_last":
            yield intervention, int(experiment.clock[-2])
        else:
            places = cuts.deep if intervention.shortens else cuts.all
            for place in places:
                yield intervention, int(experiment.clock[place])


def _as_experiment(subject: Any, bars: Any, news: News | None) -> Experiment[Any]:
    if isinstance(subject, Experiment):
        if bars is not None or news is not None:
            raise InvalidInput("an Experiment brings its own inputs; pass it alone")
        return subject
    if bars is None:
        raise InvalidInput("expected bars to run the subject on; got None")
    if isinstance(bars, Mapping):
        if news is not None:
            raise InvalidInput("a universe with news has no ready experiment; build an Experiment")
        return universe_experiment(subject, bars)
    return bars_experiment(subject, bars) if news is None else news_experiment(subject, bars, news)


def check_causality(
    subject: Feature | Experiment[Any] | Callable[..., Any],
    bars: pd.DataFrame | Mapping[str, pd.DataFrame] | None = None,
    news: News | None = None,
    *,
    plan: CausalityPlan | None = None,
) -> CausalityReport:
    """Run the subject on inputs whose future was changed and report every value that moved.

    The subject is a Feature, a function of bars, of (bars, news) or of a mapping ticker -> bars, or an Experiment.
    After a moment the series is cut off, replaced by noise and by extremes, thinned, extended, or changed in one bar
    only; news known later is removed, rewritten, delayed or joined by late items. Values known at or before the moment
    must keep their bits. Deterministic for a given plan. Raises InvalidInput when the subject gives two answers for one
    input, NotEnoughData when the inputs are too short for any trial.

    >>> from augury.testing import garch_bars
    >>> report = check_causality(lambda bars: bars["close"].shift(-1), garch_bars(100, seed=1))
    >>> report.leaks[0].lag_bars
    1
    """
    plan = plan or CausalityPlan()
    experiment = _as_experiment(subject, bars, news)
    if len(experiment.clock) < 4:
        raise NotEnoughData(f"need at least 4 steps to change a future; got {len(experiment.clock)}")
    with np.errstate(all="ignore"):
        base = experiment.run(experiment.inputs)
        if frame_differences(base, experiment.run(experiment.inputs)):
            raise InvalidInput(
                f"{experiment.name} gives two answers for the same input; fix its seed or its state first"
            )
        rng = np.random.default_rng(plan.seed)
        cuts = choose_cuts(base, experiment.clock, plan, rng)
        findings = _Findings(experiment.clock)
        trials = 0
        for intervention, cut in _trials(experiment, cuts):
            changed = _run(experiment, intervention, cut, rng)
            trials += 1
            for difference in frame_differences(base, changed, until=cut, rtol=plan.rtol):
                findings.add(difference, cut, intervention.name)
    return CausalityReport(
        subject=experiment.name,
        columns=tuple(str(name) for name in base.columns),
        rows=len(base),
        cuts=len(cuts.all) + 2,
        trials=trials,
        leaks=findings.ordered(),
        unproven=tuple(str(name) for name in base.columns if base[name].isna().all()),
        plan=plan,
    )


def _run(
    experiment: Experiment[Any], intervention: Intervention[Any], cut: int, rng: np.random.Generator
) -> pd.DataFrame:
    inputs = intervention.apply(experiment.inputs, cut, rng)
    try:
        changed = experiment.run(inputs)
    except Exception as error:
        error.add_note(f"raised by {experiment.name} on inputs changed after {_moment(cut)} ({intervention.name})")
        raise
    known_times(changed)
    return changed


def assert_causal(
    subject: Feature | Experiment[Any] | Callable[..., Any],
    bars: pd.DataFrame | Mapping[str, pd.DataFrame] | None = None,
    news: News | None = None,
    *,
    plan: CausalityPlan | None = None,
) -> CausalityReport:
    """`check_causality` that refuses: LookAheadError names every leaking column, the first time affected and the lag.

    Raises NotEnoughData when a column is never known: a test without values proves nothing.
    """
    report = check_causality(subject, bars, news, plan=plan)
    if report.leaks:
        raise LookAheadError(str(report))
    if report.unproven or not report.columns:
        raise NotEnoughData(f"{report}; pass longer or livelier inputs so that every column has values to compare")
    return report
