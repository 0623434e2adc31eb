"""The signal rules as data: typed, versioned, every threshold a setting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

import msgspec

from augury.errors import InvalidInput, nearest
from augury.signals.signal import RiskLevel
from augury.spec import Spec

__all__ = ["INPUTS", "Condition", "Rule", "RuleSpec"]

INPUTS: dict[str, str] = {
    "sentiment_mean": "sentiment",
    "sentiment_q15": "the 15 % point of the ticker's own recent sentiment",
    "sentiment_q30": "the 30 % point of the ticker's own recent sentiment",
    "sentiment_q70": "the 70 % point of the ticker's own recent sentiment",
    "sentiment_q85": "the 85 % point of the ticker's own recent sentiment",
    "sentiment_entropy": "sentiment entropy",
    "sharpe_like": "sentiment mean over its deviation",
    "novelty": "share of new stories",
    "effective_documents": "effective number of documents",
    "contrarian_market": "contrarian to the market",
    "contrarian_sector": "contrarian to the sector",
    "strong_contrarian": "strongly contrarian",
    "no_supply_recent": "no supply in the last 3 bars",
    "selling_climax": "selling climax",
    "trending": "trending (Hurst)",
    "mean_reverting": "mean reverting (Hurst)",
    "clustering": "volatility clustering (Hawkes)",
    "complex": "indistinguishable from noise (permutation entropy)",
    "p_up": "the model's probability of a rise",
}
"""Every input a rule may name, with the words used in reasons. Flags are 1.0, 0.0 or NaN (unknown)."""

Fraction: TypeAlias = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]


def _check_input(name: str) -> None:
    if name not in INPUTS:
        raise InvalidInput(f"no rule input is named {name!r}; {nearest(name, INPUTS)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition(Spec):
    """One comparison: a flag that `is` true or false, or a value above or below a number or another input."""

    input: str
    test: Literal["true", "false", "above", "below"] = "true"
    threshold: float | str | None = None

    def check(self) -> None:
        """Names are known and a threshold is given exactly where it is used."""
        _check_input(self.input)
        if isinstance(self.threshold, str):
            _check_input(self.threshold)
        if (self.test in ("above", "below")) != (self.threshold is not None):
            raise InvalidInput(
                f"condition on {self.input!r}: 'above' and 'below' need a threshold, 'true' and 'false' take none; "
                f"got test={self.test!r}, threshold={self.threshold!r}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule(Spec):
    """A rule fires when every condition holds; one unknown input makes the rule unknown, not false."""

    code: str
    signal_type: Literal["BUY", "SELL"]
    when: tuple[Condition, ...]
    score: Fraction
    risk_level: RiskLevel

    def check(self) -> None:
        """A rule without conditions would always fire."""
        if not self.when:
            raise InvalidInput(f"rule {self.code!r} has no condition and would fire on every bar; give it at least one")


def _rule(code: str, signal_type: Literal["BUY", "SELL"], score: float, risk: RiskLevel, *when: Condition) -> Rule:
    return Rule(code=code, signal_type=signal_type, score=score, risk_level=risk, when=when)


def _is(name: str) -> Condition:
    return Condition(input=name)


def _not(name: str) -> Condition:
    return Condition(input=name, test="false")


def _above(name: str, threshold: float | str) -> Condition:
    return Condition(input=name, test="above", threshold=threshold)


def _below(name: str, threshold: float | str) -> Condition:
    return Condition(input=name, test="below", threshold=threshold)


def _rules(high: float | str, very_high: float | str, low: float | str, very_low: float | str) -> tuple[Rule, ...]:
    mean = "sentiment_mean"
    positive, negative = _above(mean, 0.0), _below(mean, 0.0)
    strong = (_is("strong_contrarian"), _is("no_supply_recent"), _is("trending"), positive, _above(mean, high))
    trend = (positive, _above(mean, very_high), _is("trending"), _not("clustering"))
    contrarian = (_is("contrarian_market"), _is("no_supply_recent"), _above("sharpe_like", 1.5))
    reversal = (negative, _below(mean, very_low), _is("mean_reverting"), _is("clustering"))
    climax = (_is("selling_climax"), negative, _below(mean, low))
    return (
        _rule("R1", "BUY", 0.90, "LOW", *strong),
        _rule("R2", "BUY", 0.75, "MEDIUM", *trend),
        _rule("R3", "BUY", 0.80, "MEDIUM", *contrarian),
        _rule("R4", "SELL", 0.75, "HIGH", *reversal),
        _rule("R5", "BUY", 0.65, "HIGH", *climax),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSpec(Spec):
    """The decision policy: the first rule that fires wins; adjustments follow; weak results become HOLD.

    Sentiment thresholds are points of the ticker's own recent distribution by default, so that every rule can be
    reached, and the sign must agree: no ticker is bought on its least bad news. `RuleSpec.absolute()` compares with
    fixed levels instead. `id` versions the whole policy.
    """

    rules: tuple[Rule, ...] = _rules("sentiment_q70", "sentiment_q85", "sentiment_q30", "sentiment_q15")
    min_score: Fraction = 0.60
    hold_score: Fraction = 0.50
    high_conviction_score: Fraction = 0.80
    agreement_entropy: Fraction = 0.30
    agreement_bonus: Fraction = 0.05
    fresh_novelty: Fraction = 0.80
    fresh_bonus: Fraction = 0.05
    adjustment_documents: Annotated[float, msgspec.Meta(ge=1.0)] = 5.0
    noise_penalty: Fraction = 0.10

    @classmethod
    def absolute(cls) -> RuleSpec:
        """The same policy with fixed sentiment levels: 0.3, 0.5, -0.3 and -0.5."""
        return cls(rules=_rules(0.3, 0.5, -0.3, -0.5))

    def check(self) -> None:
        """Rule codes are unique."""
        codes = [rule.code for rule in self.rules]
        if len(set(codes)) != len(codes):
            raise InvalidInput(f"rule codes must be unique, got {codes}")
