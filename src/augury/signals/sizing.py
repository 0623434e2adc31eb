"""How much to hold: the smallest of a cap, a fraction of Kelly by confidence, and a volatility target."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

import msgspec

from augury.signals.rules import Decision
from augury.signals.signal import Reason, SignalType
from augury.spec import Spec

__all__ = ["SizingSpec", "position_size", "winning_probability"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SizingSpec(Spec):
    """Position sizing. Fractions of equity.

    Kelly's fraction for a bet won with probability p at `payoff` (average win over average loss) is
    p - (1 - p) / payoff (Kelly 1956); the confidence stands in for p where no model gives a calibrated probability, and
    only `kelly_fraction` of it is used. `target_volatility` is per bar. Without `allow_short` a SELL means going flat.
    """

    cap: Annotated[float, msgspec.Meta(gt=0.0, le=1.0)] = 0.25
    kelly_fraction: Annotated[float, msgspec.Meta(gt=0.0, le=1.0)] = 0.25
    payoff: Annotated[float, msgspec.Meta(gt=0.0)] = 1.0
    target_volatility: Annotated[float, msgspec.Meta(gt=0.0)] = 0.01
    volatility_bars: Annotated[int, msgspec.Meta(ge=2)] = 20
    allow_short: bool = False


def winning_probability(
    decision: Decision, p_up: float, p_down: float, *, modelled: bool
) -> tuple[float, Reason | None]:
    """The probability that a decision wins, for sizing, and the reason that says where it comes from.

    With a model (`modelled`) it is `p_up` for a BUY and `p_down` for a SELL, so that a move of neither sort counts as
    no win; where the model cannot judge (NaN), and without one, the confidence stands in.
    """
    if not modelled or decision.signal_type == "HOLD":
        return decision.score, None
    winning = p_up if decision.signal_type == "BUY" else p_down
    values = (("p_up", p_up), ("p_down", p_down))
    if math.isnan(winning):
        text = "the model cannot judge this bar, so the confidence stands in for its probability"
        return decision.score, Reason(code="M0", kind="unknown", text=text, values=values)
    text = f"sized by the model's probability: {100 * winning:.1f} % for this {decision.signal_type}"
    return winning, Reason(code="M1", kind="adjusted", text=text, values=values)


def position_size(
    signal_type: SignalType, confidence: float, volatility: float, spec: SizingSpec
) -> tuple[float, Reason | None]:
    """The signed fraction of equity to hold and, where something other than Kelly limited it, the reason.

    `volatility` is the standard deviation of log returns per bar, known at the bar's close; NaN gives a NaN size.
    """
    if signal_type == "HOLD":
        return 0.0, None
    if signal_type == "SELL" and not spec.allow_short:
        text = "size 0: sell means leaving the position; selling short needs allow_short and a borrow"
        return 0.0, Reason(code="S0", kind="limited", text=text)
    if math.isnan(volatility):
        return math.nan, Reason(code="S1", kind="unknown", text="size unknown: the volatility is unknown")
    kelly = max(0.0, spec.kelly_fraction * (confidence - (1.0 - confidence) / spec.payoff))
    by_volatility = spec.target_volatility / volatility if volatility > 0.0 else math.inf
    size = min(spec.cap, kelly, by_volatility)
    reason = None
    if size == by_volatility:
        text = (
            f"size limited by volatility: {100 * volatility:.2f} % a bar, target {100 * spec.target_volatility:.2f} %"
        )
        reason = Reason(code="S2", kind="limited", text=text, values=(("volatility", volatility),))
    elif size == spec.cap:
        reason = Reason(code="S3", kind="limited", text=f"size limited by the cap of {100 * spec.cap:.0f} %")
    return (-size if signal_type == "SELL" else size), reason
