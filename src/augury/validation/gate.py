"""The promotion gate: what must hold, out of sample and net of costs, before money follows a strategy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeAlias

from msgspec import Meta

from augury.spec import Spec
from augury.validation.evidence import Evidence
from augury.validation.outcome import plain

__all__ = ["GateItem", "GateSpec", "gate_items"]

Share: TypeAlias = Annotated[float, Meta(ge=0.0, le=1.0)]
Status: TypeAlias = Literal["passed", "failed", "not tested", "not applicable"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GateSpec(Spec):
    """The bounds of the gate, and what makes a result promising that misses some of them."""

    deflated_sharpe: Share = 0.95
    promising_deflated_sharpe: Share = 0.90
    permutation_p: Share = 0.05
    superiority_p: Share = 0.05
    overfitting_probability: Share = 0.10
    trades: Annotated[int, Meta(ge=1)] = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class GateItem:
    """One condition: `value` against `bound` in the direction of `relation`; `why` in a sentence, `remedy` if not met.

    `value` is None where it is missing. Only "passed" and "not applicable" let a strategy through.
    """

    name: str
    title: str
    value: float | None
    relation: Literal[">=", "<=", ">", "is"]
    bound: float | None
    status: Status
    why: str
    remedy: str

    @property
    def passed(self) -> bool:
        """Whether this condition does not stand in the way."""
        return self.status in ("passed", "not applicable")

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-ready values."""
        names = ("name", "title", "value", "relation", "bound", "status", "why", "remedy")
        return {**{name: plain(getattr(self, name)) for name in names}, "passed": self.passed}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    name: str
    title: str
    relation: Literal[">=", "<=", ">", "is"]
    bound: float | str  # a number, or the name of an option of the spec or of a figure of the evidence
    why: str
    remedy: str


_RULES = (
    _Rule(
        name="leaks",
        title="looks at nothing from the future",
        relation="<=",
        bound=0.0,
        why="values that move when only the future changes cannot be had in time",
        remedy="run augury leaks and mend the columns that it names",
    ),
    _Rule(
        name="out_of_sample",
        title="measured out of sample",
        relation="is",
        bound=1.0,
        why="figures from the data that chose the strategy are optimistic",
        remedy="judge a walk-forward run, or data that no choice has seen",
    ),
    _Rule(
        name="net_of_costs",
        title="measured net of costs",
        relation="is",
        bound=1.0,
        why="an edge before costs can be a loss after them",
        remedy="set commission, slippage and borrow cost, and run again",
    ),
    _Rule(
        name="deflated_sharpe",
        title="deflated Sharpe ratio",
        relation=">=",
        bound="deflated_sharpe",
        why="the probability that the true Sharpe ratio is above zero, given length, tails and how many were tried",
        remedy="collect a longer record, or search fewer variants with a reason for each",
    ),
    _Rule(
        name="permutation_p",
        title="permutation test, in sample",
        relation="<=",
        bound="permutation_p",
        why="how often the whole search finds as much in the same bars in random order",
        remedy="look for a rule that needs the order of prices; this result is what searching noise gives",
    ),
    _Rule(
        name="walk_forward_permutation_p",
        title="permutation test, walk-forward",
        relation="<=",
        bound="permutation_p",
        why="how often re-tuning on the past earns as much when what follows is in random order",
        remedy="run the walk-forward permutation test; tune less often or fewer parameters if it fails",
    ),
    _Rule(
        name="superiority_p",
        title="superior predictive ability against the benchmark",
        relation="<=",
        bound="superiority_p",
        why="how often the best of as many worthless variants beats the benchmark by as much",
        remedy="compare with holding the benchmark, and lengthen the record",
    ),
    _Rule(
        name="overfitting_probability",
        title="probability of backtest overfitting",
        relation="<=",
        bound="overfitting_probability",
        why="how often the winner of one half of the time is below the median in the other half",
        remedy="shrink the search space, or choose the middle of a plateau instead of the best point",
    ),
    _Rule(
        name="bars",
        title="track record long enough",
        relation=">=",
        bound="min_track_record_bars",
        why="bars needed before a Sharpe ratio this size with these tails differs from zero at 95 %",
        remedy="wait for more data or use a longer history",
    ),
    _Rule(
        name="sharpe_double_cost",
        title="Sharpe ratio at twice the costs",
        relation=">",
        bound=0.0,
        why="costs are always underestimated somewhere",
        remedy="trade less often, or with limit orders in more liquid names",
    ),
    _Rule(
        name="sharpe_delay_1",
        title="Sharpe ratio one bar later",
        relation=">",
        bound=0.0,
        why="an edge that needs the very next fill is often a look-ahead, and hard to collect",
        remedy="check for leaks, then slow the signal down",
    ),
    _Rule(
        name="trades",
        title="closed trades",
        relation=">=",
        bound="trades",
        why="statistics of a handful of trades are statistics of luck",
        remedy="use a longer history, more symbols or a faster rule",
    ),
)


def gate_items(evidence: Evidence, spec: GateSpec | None = None) -> tuple[GateItem, ...]:
    """Every condition of the gate, in order, whether or not an earlier one failed.

    A missing figure is "not tested" and does not pass. Overfitting by selection is "not applicable" when exactly one
    variant was recorded as tried.
    """
    spec = spec or GateSpec()
    return tuple(_judged(rule, evidence, spec) for rule in _RULES)


def _judged(rule: _Rule, evidence: Evidence, spec: GateSpec) -> GateItem:
    value = evidence.value(rule.name)
    bound = _bound(rule.bound, evidence, spec)
    status: Status = "not tested"
    why = rule.why
    if rule.name == "overfitting_probability" and value is None and evidence.trials == 1:
        status, why = "not applicable", "one variant was tried, so nothing was selected"
    elif value is None or bound is None:
        why = evidence.reason(rule.name) or rule.why
    else:
        status = "passed" if _holds(value, rule.relation, bound) else "failed"
    return GateItem(
        name=rule.name,
        title=rule.title,
        value=value,
        relation=rule.relation,
        bound=bound,
        status=status,
        why=why,
        remedy="" if status in ("passed", "not applicable") else rule.remedy,
    )


def _bound(bound: float | str, evidence: Evidence, spec: GateSpec) -> float | None:
    if not isinstance(bound, str):
        return bound
    return float(getattr(spec, bound)) if hasattr(spec, bound) else evidence.value(bound)


def _holds(value: float, relation: str, bound: float) -> bool:
    if relation == "<=":
        return value <= bound
    if relation == ">":
        return value > bound
    return value >= bound
