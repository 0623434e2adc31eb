"""The opposite test for labels: they must depend on the future, on nothing beyond their stated end, and carry it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from augury.arrays import BoolVector, IntVector
from augury.errors import InvalidInput, LookAheadError, NotEnoughData
from augury.testing.bar_interventions import BAR_CHANGES
from augury.testing.causality import Leak, check_causality
from augury.testing.contract import ContractBroken
from augury.testing.experiment import CausalityPlan, Experiment
from augury.testing.outputs import bar_interval, open_times
from augury.testing.subjects import bars_experiment

__all__ = ["LabelReport", "assert_label", "check_label"]

LabelFunction = Callable[[pd.DataFrame], pd.DataFrame]
END = "label_end"
_PROBES = ("noise", "surge", "crash")


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelReport:
    """What was found about a label of at most `horizon_bars` bars.

    `responsive` of `probed` labels changed when bars in (t, t + horizon] changed. `leaks` are labels that changed
    although only bars after their `label_end` did. `problems` name broken rules in words, empty when all is sound.
    """

    horizon_bars: int
    probed: int
    responsive: int
    leaks: tuple[Leak, ...]
    problems: tuple[str, ...]

    @property
    def sound(self) -> bool:
        """No rule is broken."""
        return not self.problems


def _labels(function: LabelFunction, bars: pd.DataFrame) -> pd.DataFrame:
    output = function(bars.copy())
    if not isinstance(output, pd.DataFrame) or END not in output or output.shape[1] < 2:
        raise InvalidInput(f"expected a frame with label columns and {END!r}; got {type(output).__name__}")
    if not output.index.equals(bars.index):
        raise InvalidInput("expected one label row a bar, on the index of the bars")
    if not pd.api.types.is_datetime64_any_dtype(output[END].dtype):
        raise InvalidInput(f"expected times in {END!r}; got {output[END].dtype}")
    return output


def _ends(labels: pd.DataFrame) -> IntVector:
    ends: IntVector = pd.DatetimeIndex(labels[END]).as_unit("ns").asi8
    return ends


def _end_problems(labels: pd.DataFrame, closes: IntVector, horizon: int) -> list[str]:
    """Rules on `label_end` and on the labels that are not finished yet."""
    stated = labels[END].notna().to_numpy()
    known = labels.drop(columns=END).notna().any(axis=1).to_numpy()
    ends = _ends(labels)
    latest = np.append(closes[horizon:], np.full(min(horizon, len(closes)), np.iinfo(np.int64).max))[: len(closes)]
    rules = {
        f"a label without {END}": known & ~stated,
        f"{END} not after the close of its own bar": known & stated & (ends <= closes),
        f"{END} more than {horizon} bars ahead": known & stated & (ends > latest),
        f"{END} after the last bar although a label is given": known & stated & (ends > closes[-1]),
    }
    return [_described(rule, rows, labels.index) for rule, rows in rules.items() if rows.any()]


def _described(rule: str, rows: BoolVector, index: pd.Index[pd.Timestamp]) -> str:
    return f"{rule}: {int(rows.sum())} rows, first at {index[int(rows.argmax())]}"


def _count_responses(
    function: LabelFunction, bars: pd.DataFrame, labels: pd.DataFrame, plan: CausalityPlan
) -> tuple[int, int]:
    """How many probed labels there are, and how many change when every bar after t changes in some way."""
    rng = np.random.default_rng(plan.seed)
    values = labels.drop(columns=END)
    known = np.flatnonzero(values.notna().any(axis=1).to_numpy())
    picks = np.sort(rng.choice(known, size=min(plan.random_cuts, known.size), replace=False))
    responsive = 0
    for row in picks.tolist():
        for probe in _PROBES:
            changed = _labels(function, BAR_CHANGES[probe](bars, row + 1, rng)).drop(columns=END)
            if not values.iloc[row].equals(changed.iloc[row]):
                responsive += 1
                break
    return len(picks), responsive


def _known_at_end(function: LabelFunction, bars: pd.DataFrame) -> Experiment[pd.DataFrame]:
    """The label as an experiment in which each row is known at its own end; a second level tells the bars apart."""
    base = bars_experiment(lambda frame: frame["close"], bars)

    def run(inputs: pd.DataFrame) -> pd.DataFrame:
        labels = _labels(function, inputs)
        labels = labels.loc[labels[END].notna()]
        ends = pd.DatetimeIndex(labels[END]).as_unit("ns")
        index = pd.MultiIndex.from_arrays([ends, labels.index], names=[END, "opened_at"])
        return labels.drop(columns=END).set_axis(index)

    return Experiment(
        name=getattr(function, "__name__", "label"),
        inputs=bars,
        clock=base.clock,
        run=run,
        interventions=base.interventions,
    )


def check_label(
    function: LabelFunction, bars: pd.DataFrame, horizon_bars: int, *, plan: CausalityPlan | None = None
) -> LabelReport:
    """Test a function of bars that returns labels: a frame on the index of the bars with `label_end` beside the labels.

    A label at t must change when bars in (t, t + horizon] change, must not change when only bars after its `label_end`
    do, and its end (the close that settled it, UTC) lies after the close of t and at most `horizon_bars` later; labels
    that are not settled within the sample are NaN. Raises InvalidInput when the frame has not that form, NotEnoughData
    when no label is known.
    """
    plan = plan or CausalityPlan()
    labels = _labels(function, bars)
    if not labels.drop(columns=END).notna().to_numpy().any():
        raise NotEnoughData("no label is known; pass a longer series")
    problems = _end_problems(labels, open_times(bars) + bar_interval(bars), horizon_bars)
    probed, responsive = _count_responses(function, bars, labels, plan)
    if not responsive:
        problems.append(f"not a label: none of {probed} changed when the bars after it changed")
    leaks = check_causality(_known_at_end(function, bars), plan=plan).leaks
    problems += [f"depends on bars after its {END}: {leak}" for leak in leaks]
    return LabelReport(
        horizon_bars=horizon_bars, probed=probed, responsive=responsive, leaks=leaks, problems=tuple(problems)
    )


def assert_label(
    function: LabelFunction, bars: pd.DataFrame, horizon_bars: int, *, plan: CausalityPlan | None = None
) -> LabelReport:
    """`check_label` that refuses: LookAheadError for labels that see past their end, else ContractBroken."""
    report = check_label(function, bars, horizon_bars, plan=plan)
    if report.leaks:
        raise LookAheadError("; ".join(report.problems))
    if report.problems:
        raise ContractBroken("; ".join(report.problems))
    return report
