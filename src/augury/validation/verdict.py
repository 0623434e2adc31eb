"""The verdict on a strategy: one level, one sentence with error bars, the gate, and what speaks against it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from augury.validation.concerns import Concern, ranked_concerns
from augury.validation.evidence import Evidence
from augury.validation.gate import GateItem, GateSpec, gate_items

__all__ = ["Verdict", "VerdictLevel", "judge"]

VerdictLevel: TypeAlias = Literal["promote", "promising", "unproven", "refuted"]

_MEANING: dict[VerdictLevel, str] = {
    "promote": "every condition of the gate holds",
    "promising": "significant, but the gate is not passed",
    "unproven": "cannot be told from luck",
    "refuted": "the evidence is against it",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`level`, a `headline` sentence, the `gate` item by item, `concerns` ranked, and the `evidence` they rest on."""

    level: VerdictLevel
    headline: str
    gate: tuple[GateItem, ...]
    concerns: tuple[Concern, ...]
    evidence: Evidence

    @property
    def meaning(self) -> str:
        """What the level says, in a few words."""
        return _MEANING[self.level]

    @property
    def blocking(self) -> tuple[GateItem, ...]:
        """The items that stand in the way of promotion, failed ones and untested ones."""
        return tuple(item for item in self.gate if not item.passed)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-ready values."""
        return {
            "level": self.level,
            "meaning": self.meaning,
            "headline": self.headline,
            "gate": [item.to_dict() for item in self.gate],
            "concerns": [concern.to_dict() for concern in self.concerns],
            "evidence": self.evidence.to_dict(),
        }

    def __str__(self) -> str:
        """The headline and a line for each item and concern."""
        lines = [self.headline]
        lines += [f"  {item.status}: {item.title}{_against(item)}" for item in self.gate]
        lines += [f"  {concern.severity}: {concern.message}; {concern.remedy}" for concern in self.concerns]
        return "\n".join(lines)


def judge(evidence: Evidence, spec: GateSpec | None = None) -> Verdict:
    """The verdict on this evidence.

    refuted: the rule sees ahead, or earns nothing, or its whole interval is at or below zero. promote: every item of
    the gate passes. promising: the permutation test of the whole search passes, which keeps the error rate at its
    level however few the trades are, and the deflated Sharpe ratio is at least what the spec calls promising; other
    conditions fail (yet). unproven: everything else, above all whatever was not tested.

    >>> judge(Evidence()).level
    'unproven'
    """
    spec = spec or GateSpec()
    items = gate_items(evidence, spec)
    level = _level(evidence, items, spec)
    return Verdict(
        level=level,
        headline=_headline(evidence, level, items),
        gate=items,
        concerns=ranked_concerns(evidence),
        evidence=evidence,
    )


def _level(evidence: Evidence, items: tuple[GateItem, ...], spec: GateSpec) -> VerdictLevel:
    sharpe, upper = evidence.value("sharpe"), evidence.value("sharpe_upper")
    if evidence.value("leaks") or (sharpe is not None and sharpe <= 0.0) or (upper is not None and upper <= 0.0):
        return "refuted"
    if all(item.passed for item in items):
        return "promote"
    permuted = any(item.passed for item in items if item.name == "permutation_p")
    deflated = evidence.value("deflated_sharpe")
    enough = deflated is not None and deflated >= spec.promising_deflated_sharpe
    return "promising" if permuted and enough else "unproven"


def _headline(evidence: Evidence, level: VerdictLevel, items: tuple[GateItem, ...]) -> str:
    if evidence.value("leaks"):
        return f"Refuted: it looks ahead, so its figures mean nothing; {_sharpe(evidence)} cannot be had."
    parts = [_sharpe(evidence)]
    if evidence.years is not None:
        parts.append(f"over {evidence.years:.1f} years")
    if evidence.trades is not None:
        parts.append(f"and {evidence.trades:,} trades")
    first = " ".join(parts)
    deflated = evidence.value("deflated_sharpe")
    certain = "" if deflated is None else f", {deflated:.0%} sure to be above zero"
    blocking = [item for item in items if not item.passed]
    untested = sum(item.status == "not tested" for item in blocking)
    failed = len(blocking) - untested
    rest = f"{failed} of {len(items)} conditions {'fails' if failed == 1 else 'fail'}"
    rest += f", {untested} {'was' if untested == 1 else 'were'} not tested"
    ending = _MEANING[level] if level == "promote" else f"{_MEANING[level]}; {rest}"
    return f"{level.capitalize()}: {first}, {_tried(evidence)}{certain}: {ending}."


def _sharpe(evidence: Evidence) -> str:
    sharpe, lower, upper = (evidence.value(name) for name in ("sharpe", "sharpe_lower", "sharpe_upper"))
    if sharpe is None:
        return "no Sharpe ratio"
    if lower is None or upper is None:
        return f"Sharpe ratio {sharpe:.2f} (no interval)"
    return f"Sharpe ratio {sharpe:.2f} ({evidence.confidence:.0%} interval {lower:.2f} to {upper:.2f})"


def _tried(evidence: Evidence) -> str:
    if evidence.trials is None:
        return "tries not recorded"
    if evidence.trials == 1:
        return "the only variant tried"
    effective = evidence.value("effective_trials")
    independent = f", about {effective:.0f} independent" if effective is not None else ""
    return f"one of {evidence.trials:,} tried{independent}"


def _against(item: GateItem) -> str:
    if item.value is None or item.bound is None:
        return f" ({item.why})"
    if item.relation == "is":
        return ""
    return f" {item.value:.4g} (needs {item.relation} {item.bound:.4g})"
