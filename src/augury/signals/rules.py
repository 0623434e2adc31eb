"""Deciding: inputs at one bar and the rules give a type, a score, a risk level and the reasons. Pure and stateless."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from augury.signals.rule_spec import INPUTS, Condition, Rule, RuleSpec
from augury.signals.signal import Reason, RiskLevel, SignalType

__all__ = ["Decision", "decide", "judge"]

_Verdict: TypeAlias = tuple[Rule, list[bool | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What the rules make of one bar: type, score in 0..1, risk, conviction, and why."""

    signal_type: SignalType
    score: float
    risk_level: RiskLevel
    is_high_conviction: bool
    reasons: tuple[Reason, ...]


def judge(condition: Condition, inputs: Mapping[str, float]) -> bool | None:
    """Whether a condition holds: True, False, or None when an input it needs is unknown (NaN or absent)."""
    value = inputs.get(condition.input, math.nan)
    threshold = condition.threshold
    limit = inputs.get(threshold, math.nan) if isinstance(threshold, str) else threshold
    if math.isnan(value) or (limit is not None and math.isnan(limit)):
        return None
    if limit is None:
        return (value != 0.0) == (condition.test == "true")
    return value > limit if condition.test == "above" else value < limit


def decide(inputs: Mapping[str, float], spec: RuleSpec) -> Decision:
    """Apply the rules in order to the inputs known at one bar's close (names in `INPUTS`, NaN where unknown).

    Three-valued logic: a false condition settles a rule, else an unknown one makes the rule unknown. The first rule
    that holds decides; an unknown rule never fires, and is named in the reasons where it might have decided instead.
    """
    verdicts = [(rule, [judge(condition, inputs) for condition in rule.when]) for rule in spec.rules]
    for place, (rule, verdict) in enumerate(verdicts):
        if all(verdict):
            return _fired(rule, inputs, spec, tuple(_unknown(verdicts[:place], inputs)))
    reasons = [Reason(code="R0", kind="fired", text="no rule fired: hold")]
    reasons += [*_nearest(verdicts, inputs), *_unknown(verdicts, inputs)]
    return Decision(
        signal_type="HOLD",
        score=spec.hold_score,
        risk_level="HIGH" if inputs.get("complex", math.nan) == 1.0 else "MEDIUM",
        is_high_conviction=False,
        reasons=tuple(reasons),
    )


def _fired(rule: Rule, inputs: Mapping[str, float], spec: RuleSpec, unknown: tuple[Reason, ...]) -> Decision:
    holding = ", ".join(_phrase(condition, inputs) for condition in rule.when)
    text = f"{rule.signal_type} ({rule.code}): {holding}"
    reasons = [Reason(code=rule.code, kind="fired", text=text, values=_values(rule, inputs))]
    score, risk = rule.score, rule.risk_level
    documents = inputs.get("effective_documents", math.nan)
    enough = documents >= spec.adjustment_documents
    if enough and inputs.get("sentiment_entropy", math.nan) < spec.agreement_entropy:
        score += spec.agreement_bonus
        reasons.append(_adjustment("A1", "sentiment_entropy", inputs, "documents agree", spec.agreement_bonus))
    if enough and inputs.get("novelty", math.nan) > spec.fresh_novelty:
        score += spec.fresh_bonus
        reasons.append(_adjustment("A2", "novelty", inputs, "stories are new", spec.fresh_bonus))
    noise = inputs.get("complex", math.nan)
    if math.isnan(noise):
        text = "no penalty for noise: not enough data to tell whether returns look like it"
        reasons.append(Reason(code="A3", kind="unknown", text=text, values=(("complex", noise),)))
    elif noise == 1.0:
        score -= spec.noise_penalty
        risk = "HIGH"
        reasons.append(
            _adjustment("A3", "complex", inputs, "returns look like noise, risk is high", -spec.noise_penalty)
        )
    score = round(min(max(score, 0.0), 1.0), 12)
    signal_type: SignalType = rule.signal_type
    if score < spec.min_score:
        signal_type = "HOLD"
        text = f"held: the score {score:.2f} of {rule.code} is below the minimum {spec.min_score:.2f}"
        reasons.insert(0, Reason(code="R0", kind="limited", text=text))
    return Decision(
        signal_type=signal_type,
        score=score,
        risk_level=risk,
        is_high_conviction=signal_type != "HOLD" and score >= spec.high_conviction_score,
        reasons=(*reasons, *unknown),
    )


def _nearest(verdicts: list[_Verdict], inputs: Mapping[str, float]) -> Iterator[Reason]:
    """The rule nearest to firing, as what would have to change.

    Rules that are known in full come first; one with unknown conditions is named only when nothing else says more.
    """
    known = [(rule, verdict) for rule, verdict in verdicts if None not in verdict]
    if not known and all(False in verdict for _, verdict in verdicts):
        known = verdicts
    if known:
        rule, verdict = min(known, key=lambda entry: entry[1].count(False))
        needs = [
            _need(condition, inputs) for condition, holds in zip(rule.when, verdict, strict=True) if holds is False
        ]
        if None in verdict:
            needs.append(f"more data for {_missing(rule, verdict)}")
        text = f"{rule.signal_type} ({rule.code}) would need " + " and ".join(needs)
        yield Reason(code=rule.code, kind="unmet", text=text, values=_values(rule, inputs))


def _unknown(verdicts: list[_Verdict], inputs: Mapping[str, float]) -> Iterator[Reason]:
    """The rules that could not be judged: no condition is known to fail and some are unknown."""
    for rule, verdict in verdicts:
        if None in verdict and False not in verdict:
            text = f"{rule.signal_type} ({rule.code}) cannot be judged: not enough data for {_missing(rule, verdict)}"
            yield Reason(code=rule.code, kind="unknown", text=text, values=_values(rule, inputs))


def _missing(rule: Rule, verdict: list[bool | None]) -> str:
    names = [INPUTS[item.input] for item, holds in zip(rule.when, verdict, strict=True) if holds is None]
    return ", ".join(dict.fromkeys(names))


def _values(rule: Rule, inputs: Mapping[str, float]) -> tuple[tuple[str, float], ...]:
    values = {}
    for condition in rule.when:
        values[condition.input] = inputs.get(condition.input, math.nan)
        if isinstance(condition.threshold, str):
            values[condition.threshold] = inputs.get(condition.threshold, math.nan)
    return tuple(values.items())


def _adjustment(code: str, name: str, inputs: Mapping[str, float], text: str, change: float) -> Reason:
    return Reason(code=code, kind="adjusted", text=f"{text} ({change:+.2f})", values=((name, inputs[name]),))


def _phrase(condition: Condition, inputs: Mapping[str, float]) -> str:
    """A condition that holds, in words."""
    if condition.threshold is None or condition.threshold == 0.0:
        return _wanted(condition)
    words = INPUTS[condition.input]
    return f"{words} {inputs[condition.input]:+.2f} {condition.test} {_limit(condition, inputs)}"


def _need(condition: Condition, inputs: Mapping[str, float]) -> str:
    """A condition that does not hold, as what would be needed."""
    if condition.threshold is None:
        return _wanted(condition)
    now = f"(now {inputs[condition.input]:+.2f})"
    if condition.threshold == 0.0:
        return f"{_wanted(condition)} {now}"
    return f"{INPUTS[condition.input]} {condition.test} {_limit(condition, inputs)} {now}"


def _wanted(condition: Condition) -> str:
    """A flag, or the sign of a value, in words."""
    adjective = {"true": "", "false": "no ", "above": "positive ", "below": "negative "}[condition.test]
    return adjective + INPUTS[condition.input]


def _limit(condition: Condition, inputs: Mapping[str, float]) -> str:
    threshold = condition.threshold
    if isinstance(threshold, str):
        return (
            f"{inputs[threshold]:+.2f} ({INPUTS[threshold].removeprefix('the ').split(' of ')[0]} of its own history)"
        )
    return f"{threshold:+.2f}"
