"""TradingSignal: one decision about one ticker at one bar close, with its reasons and its provenance."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any, Literal, TypeAlias

import pandas as pd

__all__ = ["Provenance", "Reason", "ReasonKind", "RiskLevel", "SignalType", "TradingSignal"]

SignalType: TypeAlias = Literal["BUY", "SELL", "HOLD"]
RiskLevel: TypeAlias = Literal["LOW", "MEDIUM", "HIGH"]
ReasonKind: TypeAlias = Literal["fired", "adjusted", "limited", "unmet", "unknown"]


class _KnownByValue:
    """Equality and hash by value, in which an unknown number (NaN) equals an unknown number."""

    __slots__ = ()

    def _values(self) -> tuple[object, ...]:
        return tuple(_comparable(getattr(self, item.name)) for item in fields(self))  # type: ignore[arg-type]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _KnownByValue) or type(other) is not type(self):
            return NotImplemented
        return self._values() == other._values()

    def __hash__(self) -> int:
        return hash((type(self), self._values()))


def _comparable(value: object) -> object:
    if isinstance(value, float):
        return None if math.isnan(value) else value
    return tuple(map(_comparable, value)) if isinstance(value, tuple) else value


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reason(_KnownByValue):
    """Why a signal is what it is: a rule or adjustment, what it found, and the values it looked at.

    Kinds: `fired` (this decided), `adjusted` (changed score or risk), `limited` (held a decision or a size back),
    `unmet` (the nearest rule that did not fire: what would have to change), `unknown` (could not be judged: an input is
    missing). `values` are (input name, value) pairs as seen at the bar; NaN is an unknown value.
    """

    code: str
    kind: ReasonKind
    text: str
    values: tuple[tuple[str, float], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-ready values; unknown numbers become None."""
        values = {name: _number(value) for name, value in self.values}
        return {"code": self.code, "kind": self.kind, "text": self.text, "values": values}


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """What made a signal: version of Augury, ids of spec, rules, features and text model, fingerprints of the data.

    `model` is the id of the price model whose probability was used (None without one, and then left out of `to_dict`).
    `bars` fingerprints every bar up to the signal's, `news` every item known by then (None when there was none), and
    `sectors` says which tickers that news was compared with (None without news or sectors).
    """

    augury: str
    spec: str
    rules: str
    features: tuple[str, ...]
    sentiment_model: str | None
    bars: str
    news: str | None
    sectors: str | None
    model: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-ready values."""
        return {
            "augury": self.augury,
            "spec": self.spec,
            "rules": self.rules,
            "features": list(self.features),
            "sentiment_model": self.sentiment_model,
            "bars": self.bars,
            "news": self.news,
            "sectors": self.sectors,
            **({} if self.model is None else {"model": self.model}),
        }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TradingSignal(_KnownByValue):
    """A decision known at `timestamp_ns`: the bar's close, ns since the epoch, UTC. Tradable from the next open.

    Fractions are in 0..1. NaN and None mean unknown, never a neutral value. `confidence` is the score of the rule that
    decided, after adjustments; it is not a probability. `p_up` is one: the calibrated probability of a rise that the
    engine's model gives, NaN when it has none, cannot judge the bar or abstains (`to_dict` leaves it out without a
    model). `suggested_position_size` is a signed fraction of equity.
    """

    ticker: str
    timestamp_ns: int
    signal_type: SignalType
    confidence: float
    sentiment_mean: float
    sentiment_std: float
    sentiment_entropy: float
    is_contrarian_market: bool | None
    is_contrarian_sector: bool | None
    vsa_score: float
    hawkes_branching: float
    hurst_exponent: float
    is_trending: bool | None
    perm_entropy: float
    is_high_conviction: bool
    risk_level: RiskLevel
    suggested_position_size: float
    close: float
    reasons: tuple[Reason, ...]
    provenance: Provenance
    p_up: float = math.nan

    @property
    def timestamp(self) -> pd.Timestamp:
        """The close time of the bar, UTC."""
        return pd.Timestamp(self.timestamp_ns, unit="ns", tz="UTC")

    @property
    def reason(self) -> str:
        """The sentence that decided."""
        return self.reasons[0].text

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-ready values: ISO time, unknown numbers as None, reasons and provenance nested."""
        return {
            "ticker": self.ticker,
            "timestamp": self.timestamp.isoformat(),
            "signal_type": self.signal_type,
            "confidence": self.confidence,
            "sentiment_mean": _number(self.sentiment_mean),
            "sentiment_std": _number(self.sentiment_std),
            "sentiment_entropy": _number(self.sentiment_entropy),
            "is_contrarian_market": self.is_contrarian_market,
            "is_contrarian_sector": self.is_contrarian_sector,
            "vsa_score": _number(self.vsa_score),
            "hawkes_branching": _number(self.hawkes_branching),
            "hurst_exponent": _number(self.hurst_exponent),
            "is_trending": self.is_trending,
            "perm_entropy": _number(self.perm_entropy),
            "is_high_conviction": self.is_high_conviction,
            "risk_level": self.risk_level,
            "suggested_position_size": _number(self.suggested_position_size),
            "close": self.close,
            **({} if self.provenance.model is None else {"p_up": _number(self.p_up)}),
            "reasons": [reason.to_dict() for reason in self.reasons],
            "versions": self.provenance.to_dict(),
        }


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value
