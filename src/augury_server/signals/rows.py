"""A TradingSignal as a row, and back again, bit for bit."""

from __future__ import annotations

import hashlib
import json
import math
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from augury.signals import Provenance, Reason, TradingSignal
from augury_server.signals.models import StoredSignal

__all__ = ["SIGNAL_COLUMNS", "Identity", "NewSignal", "data_id_of", "rule_code_of", "signal_of", "signal_row"]

_PLAIN = (
    "ticker", "timestamp_ns", "signal_type", "confidence", "is_contrarian_market", "is_contrarian_sector",
    "is_trending", "is_high_conviction", "risk_level", "close",
)  # fmt: skip
_NUMBERS = (
    "sentiment_mean", "sentiment_std", "sentiment_entropy", "vsa_score", "hawkes_branching", "hurst_exponent",
    "perm_entropy", "suggested_position_size", "p_up",
)  # fmt: skip
_OWN = (
    "id", "run_id", "universe", "timeframe", "known_at_ns", "revision", "rule_code", "spec_id", "rules_id", "model_id",
    "data_id", "reasons", "provenance", "created_at",
)  # fmt: skip
SIGNAL_COLUMNS = (*_OWN, *_PLAIN, *_NUMBERS)
"""Names of the attributes of `StoredSignal`, in the order of the values of `signal_row`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What a signal is about: everything but the data that it was made from."""

    universe: str
    timeframe: str
    ticker: str
    timestamp_ns: int
    spec_id: str
    model_id: str

    def row_id(self, data_id: str) -> uuid.UUID:
        """The primary key of this signal made from these data: the same wherever and whenever it is made."""
        parts = (self.universe, self.timeframe, self.ticker, self.timestamp_ns, self.spec_id, self.model_id, data_id)
        canonical = json.dumps(parts, separators=(",", ":")).encode()
        return uuid.UUID(bytes=hashlib.sha256(canonical).digest()[:16], version=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSignal:
    """A signal about to be stored; `known_at_ns` is when it could first be made."""

    signal: TradingSignal
    universe: str
    timeframe: str
    known_at_ns: int

    @property
    def identity(self) -> Identity:
        """What it is about."""
        provenance = self.signal.provenance
        return Identity(
            universe=self.universe,
            timeframe=self.timeframe,
            ticker=self.signal.ticker,
            timestamp_ns=self.signal.timestamp_ns,
            spec_id=provenance.spec,
            model_id=provenance.model or "",
        )

    @property
    def data_id(self) -> str:
        """Fingerprint of everything it was made from."""
        return data_id_of(self.signal.provenance)


def data_id_of(provenance: Provenance) -> str:
    """32 hex digits over the whole provenance: bars, news, sectors, features, rules, models and Augury's version."""
    canonical = json.dumps(provenance.to_dict(), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:32]


def rule_code_of(signal: TradingSignal) -> str:
    """The rule that fired, also where its score was too low and the decision is to hold; "R0" when none did."""
    return next((reason.code for reason in signal.reasons if reason.kind == "fired"), "R0")


def signal_row(
    new: NewSignal, *, data_id: str, run_id: uuid.UUID | None, revision: int, created_at: datetime
) -> tuple[Any, ...]:
    """The values of `SIGNAL_COLUMNS`; unknown numbers are None. `data_id` is that of `new`, which costs a hash."""
    signal, provenance = new.signal, new.signal.provenance
    own = (
        new.identity.row_id(data_id),
        run_id,
        new.universe,
        new.timeframe,
        new.known_at_ns,
        revision,
        rule_code_of(signal),
        provenance.spec,
        provenance.rules,
        provenance.model or "",
        data_id,
        [_plain_reason(reason) for reason in signal.reasons],
        provenance.to_dict(),
        created_at,
    )
    plain = (getattr(signal, name) for name in _PLAIN)
    return (*own, *plain, *(_known(getattr(signal, name)) for name in _NUMBERS))


def signal_of(row: StoredSignal) -> TradingSignal:
    """The signal that a row holds, equal in every field to the one that was stored."""
    values: dict[str, Any] = {name: getattr(row, name) for name in (*_PLAIN, *_NUMBERS)}
    values |= {name: math.nan for name in _NUMBERS if values[name] is None}
    versions = dict(row.provenance)
    return TradingSignal(
        **values,
        reasons=tuple(_reasons(row.reasons)),
        provenance=Provenance(**{**versions, "features": tuple(versions["features"])}),
    )


def _plain_reason(reason: Reason) -> dict[str, Any]:
    """As `Reason.to_dict`, but values as pairs: PostgreSQL's JSON objects do not keep the order of their names."""
    return {**reason.to_dict(), "values": [[name, _known(value)] for name, value in reason.values]}


def _reasons(stored: list[dict[str, Any]]) -> Iterator[Reason]:
    for reason in stored:
        values = tuple((name, math.nan if value is None else value) for name, value in reason["values"])
        yield Reason(code=reason["code"], kind=reason["kind"], text=reason["text"], values=values)


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value
