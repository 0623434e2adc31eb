"""Any verdict as the plain record that pages and texts show."""

from __future__ import annotations

from typing import Any

from augury.report.evidence import FindingItem, GateItem, VerdictItem

__all__ = ["plain_verdict"]

_PASSED = {"passed": True, "failed": False, "not applicable": True}


def plain_verdict(verdict: Any) -> VerdictItem:
    """A verdict by its fields: gates or gate, findings or concerns, explanation or why, text or message.

    A gate with a `status` has passed or failed only when it says so; a `relation` goes before its bound. The level is
    not repeated at the head of the headline.
    """
    level, headline = str(verdict.level), str(verdict.headline)
    head, colon, rest = headline.partition(": ")
    if colon and head.lower() == level.lower().replace("_", " "):
        headline = rest[:1].upper() + rest[1:]
    return VerdictItem(
        level=level,
        headline=headline,
        gates=tuple(_gate(gate) for gate in _first(verdict, "gates", "gate")),
        findings=tuple(_finding(finding) for finding in _first(verdict, "findings", "concerns")),
    )


def _first(record: Any, *names: str) -> Any:
    """The first of these fields that the record has; an empty text when it has none."""
    return next((getattr(record, name) for name in names if getattr(record, name, None) is not None), "")


def _gate(gate: Any) -> GateItem:
    status = getattr(gate, "status", None)
    passed = gate.passed if status is None else _PASSED.get(str(status))
    bound, relation = getattr(gate, "bound", None), getattr(gate, "relation", None)
    if relation is not None and bound is not None:
        bound = None if relation == "is" else f"{relation} {bound:g}"
    if status == "not applicable":
        bound = "nothing: not applicable"
    return GateItem(
        name=str(_first(gate, "title", "name")),
        value=gate.value,
        bound=bound,
        passed=None if passed is None else bool(passed),
        explanation=str(_first(gate, "explanation", "why")),
        remedy=str(_first(gate, "remedy")),
    )


def _finding(finding: Any) -> FindingItem:
    return FindingItem(
        severity=str(finding.severity),
        text=str(_first(finding, "text", "message")),
        remedy=str(_first(finding, "remedy")),
    )
