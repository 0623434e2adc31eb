"""The proof of a result as a record: tests, intervals, verdicts, and what was tried beside it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from augury.arrays import FloatVector
from augury.backtest.proof.proof_spec import ProofSpec
from augury.backtest.proof.proof_tests import Tried
from augury.backtest.search.sweep_result import SweepResult
from augury.backtest.search.walk_forward import WalkForward
from augury.validation import Verdict
from augury.validation.bootstrap import BootstrapInterval
from augury.validation.evidence import Tests

__all__ = ["Proof"]

_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Proof:
    """Tests, intervals and verdicts of one result.

    `in_sample` judges the result as it was shown, discounted for everything tried; `out_of_sample` the walk-forward
    over the same search (None without one). `verdict` is the second when it promotes, or when its whole interval is at
    or below zero, else the first: a result that was chosen on the data it is measured on is never promoted by itself,
    and a walk-forward that lost within its error bars is a concern of the first, not a refutation. `benchmark`
    float64[n] is buy and hold under the same costs. `tried` is what the ledger knows of tries on the same data, this
    one included; None: nobody kept count.
    """

    spec: ProofSpec
    tests: Tests
    in_sample: Verdict
    out_of_sample: Verdict | None
    intervals: tuple[BootstrapInterval, ...]
    benchmark: FloatVector = field(repr=False)
    tried: Tried | None
    trials: int | None
    sweep: SweepResult | None
    walk_forward: WalkForward | None
    notes: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """The one to act on."""
        if self.out_of_sample is None:
            return self.in_sample
        upper = self.out_of_sample.evidence.value("sharpe_upper")
        against = upper is not None and upper <= 0.0
        return self.out_of_sample if against or self.out_of_sample.level == "promote" else self.in_sample

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-ready values; null distributions are left out."""
        tests = {name: _slim(getattr(self.tests, name)) for name in self.tests.__slots__}
        return {
            "verdict": self.verdict.to_dict(),
            "out_of_sample": None if self.out_of_sample is None else self.out_of_sample.to_dict(),
            "tests": tests,
            "intervals": [_slim(interval) for interval in self.intervals],
            "trials": self.trials,
            "spec": self.spec.to_dict(),
            "notes": list(self.notes),
        }


def _slim(outcome: Any) -> Any:
    """A test as plain values without its long arrays."""
    if outcome is None:
        return None
    values: dict[str, Any] = outcome.to_dict()
    return {name: value for name, value in values.items() if not _long(value)}


def _long(value: Any) -> bool:
    """Whether it is an array of more than a handful of numbers."""
    return isinstance(value, list) and len(value) > _SHOWN and not isinstance(value[0], dict)
