"""The `leaks` operation: change the future and show whether a strategy or a feature moved before it."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec

from augury import market, testing
from augury.errors import InvalidInput
from augury.operations.leak_remedies import Cause, cause_of, remedy_for
from augury.operations.leak_subjects import Kind, LeakSubject, leak_subject
from augury.operations.operation import Operation, Progress, option
from augury.operations.places import SUBJECT
from augury.operations.registry import register
from augury.spec import Spec

if TYPE_CHECKING:
    import pandas as pd

    from augury.testing import CausalityPlan, CausalityReport, Experiment, Leak

__all__ = ["LeakFinding", "LeaksOptions", "LeaksResult", "Unproven"]

_BARS = {"quick": 600, "normal": 1_500, "deep": 6_000}
_CUTS = {"quick": (4, 2, 4), "normal": (12, 4, 8), "deep": (40, 8, 24)}
_MOST_BARS = 50_000
_SHORTEST_PREFIX = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaksOptions(Spec):
    """Options of the `leaks` operation."""

    subject: Annotated[
        str,
        msgspec.Meta(
            description="A strategy's name, a feature such as 'rsi(timeperiod=7)', a .py file that defines "
            "positions(bars) or features(bars), or FILE.py:function."
        ),
    ] = option(positional=True, path=SUBJECT)
    file: Annotated[str, msgspec.Meta(description="Bars: CSV, Parquet or Feather.")] = option(
        positional=True, path=True
    )
    parameters: Annotated[
        tuple[str, ...], msgspec.Meta(description="A parameter of the strategy, such as fast=10; repeat for several.")
    ] = option((), short="-p")
    news: Annotated[
        str | None, msgspec.Meta(description="News for a function of (bars, news): JSON Lines, CSV or Parquet.")
    ] = option(None, short="-n", path=True)
    depth: Annotated[
        Literal["quick", "normal", "deep"],
        msgspec.Meta(description="How many bars and moments to try: seconds, or minutes when deep."),
    ] = option("normal")
    bars: Annotated[
        int, msgspec.Meta(ge=0, description="How many of the last bars to use; 0 for what the depth says.")
    ] = option(0)
    symbol: Annotated[str | None, msgspec.Meta(description="The symbol to take from a file with several.")] = option(
        None
    )
    zone: Annotated[
        str | None, msgspec.Meta(description="Time zone of clock times without one, such as America/New_York.")
    ] = option(None, short="-z")
    seed: Annotated[int, msgspec.Meta(ge=0, description="Seed of the changes that are tried.")] = option(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeakFinding:
    """One column that looks ahead: since when, how far at least, what moved it, what it probably is and what to do."""

    column: str
    lag_bars: int
    first_affected: pd.Timestamp
    cut: pd.Timestamp
    before: Any
    after: Any
    interventions: tuple[str, ...]
    trials: int
    cause: Cause
    remedy: str

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-ready values."""
        return {
            "column": self.column,
            "lag_bars": self.lag_bars,
            "first_affected": market.iso(self.first_affected.value),
            "changed_after": market.iso(self.cut.value),
            "before": _plain(self.before),
            "after": _plain(self.after),
            "interventions": list(self.interventions),
            "trials": self.trials,
            "cause": self.cause,
            "remedy": self.remedy,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Unproven:
    """A column about which the trials say little: `value` at every bar where it is known, or never known (None)."""

    column: str
    value: float | str | None

    @property
    def reason(self) -> str:
        """Why in words."""
        if self.value is None:
            return "it was never known on these bars"
        return f"it is {self.shown} at every bar, so it decided nothing that could have moved"

    @property
    def shown(self) -> str:
        """The value in words."""
        return f"{self.value:g}" if isinstance(self.value, float) else str(self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaksResult:
    """What was tried and found. `unproven` columns gave the trials nothing to compare."""

    subject: str
    kind: Kind
    parameters: Mapping[str, float]
    source: str
    columns: tuple[str, ...]
    bars: int
    bars_in_file: int
    first: pd.Timestamp
    last: pd.Timestamp
    cuts: int
    trials: int
    leaks: tuple[LeakFinding, ...]
    unproven: tuple[Unproven, ...]

    @property
    def proven(self) -> bool:
        """Whether some column was known, so that the trials had something to compare."""
        return len([item for item in self.unproven if item.value is None]) < max(len(self.columns), 1)

    @property
    def exit_code(self) -> int:
        """1 when a leak was found, 3 when nothing could be shown because no value was ever known."""
        return 1 if self.leaks else 0 if self.proven else 3

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-ready values."""
        return {
            "subject": self.subject,
            "kind": self.kind,
            "parameters": dict(self.parameters),
            "source": self.source,
            "columns": list(self.columns),
            "bars": self.bars,
            "bars_in_file": self.bars_in_file,
            "first": market.iso(self.first.value),
            "last": market.iso(self.last.value),
            "cuts": self.cuts,
            "trials": self.trials,
            "causal": not self.leaks,
            "proven": self.proven,
            "leaks": [leak.to_dict() for leak in self.leaks],
            "unproven": [{"column": item.column, "reason": item.reason} for item in self.unproven],
        }


def _plain(value: Any) -> float | str | None:
    if not isinstance(value, int | float):
        return None if value is None else str(value)
    return float(value) if math.isfinite(value) else None


def _run(options: LeaksOptions, progress: Progress) -> LeaksResult:
    subject = leak_subject(options.subject, options.parameters, with_news=options.news is not None)
    whole = market.read_bars(options.file, symbol=options.symbol, zone=options.zone)
    news = None if options.news is None else market.read_news(options.news, zone=options.zone)
    bars, table = _window(subject, whole, news, options)
    report = _check(_experiment(subject, bars, news), _plan(options, subject), progress)
    return LeaksResult(
        subject=subject.name,
        kind=subject.kind,
        parameters=subject.parameters,
        source=options.file,
        columns=report.columns,
        bars=len(bars),
        bars_in_file=len(whole),
        first=bars.index[0],
        last=bars.index[-1],
        cuts=report.cuts,
        trials=report.trials,
        leaks=tuple(_finding(leak) for leak in report.leaks),
        unproven=_unproven(table, report),
    )


def _plan(options: LeaksOptions, subject: LeakSubject) -> CausalityPlan:
    random_cuts, early_cuts, event_cuts = _CUTS[options.depth]
    return testing.CausalityPlan(
        random_cuts=random_cuts,
        early_cuts=early_cuts,
        event_cuts=event_cuts,
        shortest_prefix_bars=max(_SHORTEST_PREFIX, subject.warm_up + 2),
        seed=options.seed,
    )


def _experiment(subject: LeakSubject, bars: pd.DataFrame, news: Any) -> Experiment[Any]:
    if news is None:
        return testing.bars_experiment(subject.run, bars, name=subject.name)
    return testing.news_experiment(subject.run, bars, news, name=subject.name)


def _window(
    subject: LeakSubject, whole: pd.DataFrame, news: Any, options: LeaksOptions
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The last bars that are used, more of them while some column is not known on them, and the values there."""
    count = options.bars or max(_BARS[options.depth], 2 * subject.warm_up + _BARS["quick"])
    while True:
        bars = whole.iloc[-count:]
        experiment = _experiment(subject, bars, news)
        table = experiment.run(experiment.inputs)
        enough = options.bars > 0 or not table.isna().all().any()
        if enough or count >= min(len(whole), _MOST_BARS):
            return bars, table
        count *= 4


@contextmanager
def _shown(experiment: Experiment[Any], plan: CausalityPlan, progress: Progress) -> Iterator[Experiment[Any]]:
    """The experiment with every run reported; how many there will be is known up to coinciding moments."""
    moments = plan.random_cuts + plan.early_cuts + plan.event_cuts
    total = 2 + sum(moments if change.where == "inside" else 1 for change in experiment.interventions)
    steps: Any = progress.track(range(total), f"Changing the future of {experiment.name}", total)
    inner: Callable[[Any], pd.DataFrame] = experiment.run

    def run(inputs: Any) -> pd.DataFrame:
        next(steps, None)
        return inner(inputs)

    try:
        yield dataclasses.replace(experiment, run=run)
    finally:
        steps.close()


def _check(experiment: Experiment[Any], plan: CausalityPlan, progress: Progress) -> CausalityReport:
    try:
        with _shown(experiment, plan, progress) as shown:
            return testing.check_causality(shown, plan=plan)
    except InvalidInput as error:
        notes = "; ".join(getattr(error, "__notes__", ()))
        raise InvalidInput(f"{error}{f' ({notes})' if notes else ''}") from error


def _finding(leak: Leak) -> LeakFinding:
    cause = cause_of(leak.column, leak.lag_bars, leak.interventions)
    return LeakFinding(
        column=leak.column,
        lag_bars=leak.lag_bars,
        first_affected=leak.first_affected,
        cut=leak.cut,
        before=leak.before,
        after=leak.after,
        interventions=leak.interventions,
        trials=leak.trials,
        cause=cause,
        remedy=remedy_for(cause),
    )


def _unproven(table: pd.DataFrame, report: CausalityReport) -> tuple[Unproven, ...]:
    """Columns that were never known, and columns that are one value at every bar."""
    leaking = {leak.column for leak in report.leaks}
    found = [Unproven(column=name, value=None) for name in report.unproven]
    for name in table.columns:
        values = table[name].dropna()
        if str(name) not in leaking and len(values) > 1 and values.nunique() == 1:
            found.append(Unproven(column=str(name), value=_plain(values.iloc[0])))
    return tuple(found)


register(
    Operation(
        name="leaks",
        summary="Change the future and show whether a strategy or a feature knew it: column, first time, lag, remedy.",
        example="augury leaks my_strategy.py AAPL.csv",
        spec_type=LeaksOptions,
        result="augury.operations.leaks:LeaksResult",
        run=_run,
        role="operator",
        long=True,
    )
)
