"""From the numbers known at one bar's close to a TradingSignal. The only place where signals are made."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from augury.arrays import FloatMatrix, FloatVector
from augury.sentiment.panel import PANEL_COLUMNS
from augury.signals.rules import decide
from augury.signals.signal import Provenance, TradingSignal
from augury.signals.sizing import position_size, winning_probability
from augury.signals.spec import SignalSpec
from augury.signals.technical import TECHNICAL_COLUMNS

__all__ = ["RECENT_BARS", "BarFacts", "assemble"]

RECENT_BARS = 3
"""How many bars, the last included, count as recent for `no_supply_recent`."""

_SENTIMENT = {name: row for row, name in enumerate(PANEL_COLUMNS)}
_TECHNICAL = {name: row for row, name in enumerate(TECHNICAL_COLUMNS)}
_RULE_INPUTS_FROM_PANEL = {
    "sentiment_mean": "mean",
    "sentiment_q15": "mean_q15",
    "sentiment_q30": "mean_q30",
    "sentiment_q70": "mean_q70",
    "sentiment_q85": "mean_q85",
    "sentiment_entropy": "entropy",
    "sharpe_like": "sharpe_like",
    "novelty": "novelty",
    "effective_documents": "n_eff",
    "contrarian_market": "is_contrarian_market",
    "contrarian_sector": "is_contrarian_sector",
    "strong_contrarian": "is_strong_contrarian",
}
_RULE_INPUTS_FROM_BARS = {
    "selling_climax": "vsa.selling_climax",
    "trending": "hurst.trending",
    "mean_reverting": "hurst.mean_reverting",
    "clustering": "hawkes.clustering",
    "complex": "permutation_entropy.complex",
}


@dataclass(frozen=True, slots=True)
class BarFacts:
    """Everything a signal is made from, known at one bar's close.

    `technical` float64[k, m]: the columns of `TECHNICAL_COLUMNS` at the last m <= RECENT_BARS bars; `sentiment`
    float64[len(PANEL_COLUMNS)]; `volatility` per bar; `p_up` and `p_down` the model's probabilities of
    a rise and of a fall; NaN is unknown throughout.
    """

    ticker: str
    closes_at: int
    close: float
    technical: FloatMatrix
    sentiment: FloatVector
    volatility: float
    p_up: float = math.nan
    p_down: float = math.nan


def assemble(facts: BarFacts, spec: SignalSpec, provenance: Provenance) -> TradingSignal:
    """Decide on the facts and put the signal together.

    With a model its calibrated probability is an input that rules may name (`p_up`), and the position is sized by the
    probability that the decision is right instead of by the confidence; it neither makes nor vetoes a decision.
    """
    now = facts.technical[:, -1].tolist()
    mood = facts.sentiment.tolist()
    inputs = {name: mood[_SENTIMENT[column]] for name, column in _RULE_INPUTS_FROM_PANEL.items()}
    inputs.update({name: now[_TECHNICAL[column]] for name, column in _RULE_INPUTS_FROM_BARS.items()})
    inputs["no_supply_recent"] = _any_recent(facts.technical[_TECHNICAL["vsa.no_supply"]])
    inputs["p_up"] = facts.p_up
    decision = decide(inputs, spec.rules)
    winning, note = winning_probability(decision, facts.p_up, facts.p_down, modelled=provenance.model is not None)
    size, limit = position_size(decision.signal_type, winning, facts.volatility, spec.sizing)
    return TradingSignal(
        ticker=facts.ticker,
        timestamp_ns=facts.closes_at,
        signal_type=decision.signal_type,
        confidence=decision.score,
        sentiment_mean=inputs["sentiment_mean"],
        sentiment_std=mood[_SENTIMENT["std"]],
        sentiment_entropy=inputs["sentiment_entropy"],
        is_contrarian_market=_flag(inputs["contrarian_market"]),
        is_contrarian_sector=_flag(inputs["contrarian_sector"]),
        vsa_score=now[_TECHNICAL["vsa.score"]],
        hawkes_branching=now[_TECHNICAL["hawkes.branching"]],
        hurst_exponent=now[_TECHNICAL["hurst.exponent"]],
        is_trending=_flag(inputs["trending"]),
        perm_entropy=now[_TECHNICAL["permutation_entropy.entropy"]],
        is_high_conviction=decision.is_high_conviction,
        risk_level=decision.risk_level,
        suggested_position_size=size,
        close=facts.close,
        reasons=(*decision.reasons, *(reason for reason in (note, limit) if reason is not None)),
        provenance=provenance,
        p_up=facts.p_up,
    )


def _flag(value: float) -> bool | None:
    return None if math.isnan(value) else value != 0.0


def _any_recent(flags: FloatVector) -> float:
    """1.0 when a flag is set, 0.0 when all are known and none is, NaN otherwise."""
    if bool(np.any(flags == 1.0)):
        return 1.0
    return math.nan if bool(np.isnan(flags).any()) or flags.size < RECENT_BARS else 0.0
