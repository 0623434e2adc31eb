"""What a proof holds as a report tells it: tests, intervals, tries and tables of what-ifs."""

from __future__ import annotations

import numpy as np

from augury.backtest.proof.proof_record import Proof
from augury.report import CheckTable, Interval, NullTest, Tries
from augury.validation import PermutationTest
from augury.validation.regimes import RegimeTable
from augury.validation.sensitivity import Sensitivity

__all__ = ["UNPROVEN", "known_number", "null_tests", "told_intervals", "told_tries", "what_ifs"]

UNPROVEN = (
    "nothing has been proven yet, so these figures may be luck. augury.prove(result) tests them and gives a verdict; "
    "a report does it by itself."
)


def null_tests(proof: Proof) -> tuple[NullTest, ...]:
    """Permutation tests with their null distributions."""
    named = (
        ("Permutation test, in sample", proof.tests.permutation, "the same search on the same bars in random order"),
        (
            "Permutation test, walk-forward",
            proof.tests.walk_forward_permutation,
            "the same walk-forward when the bars after its first window come in random order",
        ),
    )
    return tuple(_null_test(name, test, text) for name, test, text in named if test is not None and test.computed)


def _null_test(name: str, test: PermutationTest, explanation: str) -> NullTest:
    return NullTest(
        name=name,
        null=test.null,
        observed=test.observed,
        p_value=test.p_value,
        statistic="Sharpe ratio a year",
        explanation=explanation,
    )


def told_intervals(proof: Proof) -> tuple[Interval, ...]:
    """Bootstrap intervals that could be computed."""
    return tuple(
        Interval(
            name=interval.statistic,
            low=interval.lower,
            high=interval.upper,
            level=interval.confidence,
            method=interval.method,
        )
        for interval in proof.intervals
        if interval.computed
    )


def told_tries(proof: Proof) -> Tries | None:
    """What was tried, None when nobody kept count."""
    if proof.trials is None:
        return None
    effective = proof.tests.effective
    source = "in this search alone" if proof.tried is None else proof.tried.source
    return Tries(number=proof.trials, effective=None if effective is None else effective.effective, source=source)


def what_ifs(proof: Proof) -> tuple[CheckTable, ...]:
    """Later fills, dearer trading, and the years one by one."""
    tables = [
        _sensitivity_table("Later fills", "bars later", proof.tests.delay),
        _sensitivity_table("Dearer trading", "times the costs", proof.tests.cost),
        _years_table(proof.tests.years),
    ]
    return tuple(table for table in tables if table is not None)


def _sensitivity_table(title: str, case: str, found: Sensitivity | None) -> CheckTable | None:
    if found is None:
        return None
    rows = tuple(
        (f"{setting:g} {case}", known_number(value), known_number(kept))
        for setting, value, kept in zip(found.settings, found.values, found.retained, strict=True)
    )
    return CheckTable(
        title=title, columns=("case", "Sharpe ratio", "of the original"), rows=rows, units=("", "ratio", "fraction")
    )


def _years_table(found: RegimeTable | None) -> CheckTable | None:
    if found is None:
        return None
    rows = tuple(
        (period.name, known_number(period.total_return), known_number(period.sharpe), float(period.bars))
        for period in found.periods
    )
    return CheckTable(
        title="By calendar year",
        columns=("year", "return", "Sharpe ratio", "bars"),
        rows=rows,
        units=("", "fraction", "ratio", "count"),
    )


def known_number(value: float) -> float | None:
    """The number, None for NaN and infinity."""
    return float(value) if np.isfinite(value) else None
