"""What a tool reported against what its own trades and curve give."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from augury.audit.account import Account
from augury.audit.claim import Claim, ClaimedTrades, Remark
from augury.audit.tool_conventions import CONVENTIONS, Basis
from augury.metrics import Metrics

__all__ = ["RecheckStatus", "Rechecked", "disagreements", "recheck"]

RecheckStatus: TypeAlias = Literal["agrees", "convention", "differs", "not compared"]
_OURS = {"trade_count": "trades", "wallet_sharpe": "sharpe"}
_TOLERANCE = 0.005


@dataclass(frozen=True, slots=True, kw_only=True)
class Rechecked:
    """One figure: `reported` under the tool's `label`, `ours`, and whether and why they differ.

    "convention": the tool's own formula gives what it reported (`theirs`), ours is another one. "differs": neither
    does.
    """

    measure: str
    label: str
    reported: float
    ours: float
    theirs: float
    status: RecheckStatus
    explanation: str

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-ready values."""
        values = {"reported": self.reported, "ours": self.ours, "theirs": self.theirs}
        plain = {name: value if math.isfinite(value) else None for name, value in values.items()}
        texts = {"measure": self.measure, "label": self.label, "status": self.status, "explanation": self.explanation}
        return {**texts, **plain}


def recheck(claim: Claim, account: Account, trades: ClaimedTrades | None, metrics: Metrics) -> tuple[Rechecked, ...]:
    """Every reported figure against ours; figures within half a percent agree.

    Where they do not, the tool's own convention is computed from the same trades and curve. What needs a curve that the
    file does not hold is not compared.
    """
    conventions = CONVENTIONS.get(claim.tool, {})
    basis = Basis(account=account, trades=trades, period=claim.period)
    return tuple(
        _one(name, reported.label, reported.value, (account, basis, metrics, conventions))
        for name, reported in claim.reported.items()
    )


_NEEDS_CURVE = ("sharpe", "sortino", "calmar", "volatility", "omega", "max_drawdown", "cagr", "wallet_sharpe")
_FROM_TRADES = {"freqtrade": ("sharpe", "sortino", "calmar", "max_drawdown", "cagr")}


def _one(
    name: str, label: str, reported: float, against: tuple[Account, Basis, Metrics, Mapping[str, Any]]
) -> Rechecked:
    account, basis, metrics, conventions = against
    measure = metrics.get(_OURS.get(name, name))
    ours = math.nan if measure is None else float(measure)
    convention = conventions.get(name)
    theirs = math.nan if convention is None else float(convention.compute(basis))
    reported = -abs(reported) if name == "max_drawdown" else reported
    from_trades = conventions is CONVENTIONS["freqtrade"] and name in _FROM_TRADES["freqtrade"]
    if name in _NEEDS_CURVE and account.basis not in ("curve", "trial") and not from_trades:
        status: RecheckStatus = "not compared"
        explanation = "needs the account's curve, which the file does not hold"
    elif _close(reported, ours):
        status, explanation = "agrees", ""
    elif _close(reported, theirs):
        status, explanation = "convention", convention.words if convention else ""
    elif math.isnan(ours) and math.isnan(theirs):
        status, explanation = (
            "not compared",
            (measure.reason if measure is not None else None) or "nothing to compare with",
        )
    else:
        status, explanation = (
            "differs",
            "neither our formula nor the tool's gives this from the trades and curve handed in",
        )
    return Rechecked(
        measure=name, label=label, reported=reported, ours=ours, theirs=theirs, status=status, explanation=explanation
    )


def _close(first: float, second: float) -> bool:
    return math.isfinite(second) and abs(first - second) <= _TOLERANCE * max(abs(first), abs(second), 0.01)


def disagreements(rechecked: tuple[Rechecked, ...]) -> list[Remark]:
    """A remark where reported figures cannot be reproduced; an error when it is the total return or trade count."""
    wrong = [one for one in rechecked if one.status == "differs"]
    if not wrong:
        return []
    shown = "; ".join(f"{one.label} {one.reported:.4g} against {one.ours:.4g}" for one in wrong[:5])
    grave = any(one.measure in ("total_return", "trade_count") for one in wrong)
    text = f"{len(wrong)} of {len(rechecked)} reported figures do not follow from the trades and curve: {shown}."
    remedy = "The report and the tables are of different runs, or one of them was changed; export both again."
    return [Remark(rule="figures_not_reproduced", severity="error" if grave else "warning", text=text, remedy=remedy)]
