"""What trading costs did to a backtest, and how much more they may be before nothing is left."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from augury.arrays import FloatVector
from augury.audit.account import Account
from augury.audit.claim import ClaimedTrades
from augury.metrics import sharpe
from augury.validation import Outcome, Sensitivity, break_even_cost, cost_sensitivity

__all__ = ["CostStudy", "study_costs"]

_EXTRA_BPS = (0.0, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class CostStudy(Outcome):
    """Costs per side in basis points (1e-4) of the money traded.

    `charged_bps` were charged on average (NaN: not stated), `break_even_bps` use up the whole profit, charged ones
    included, `spare_bps` is what is left between the two. `extra_bps` are costs on top of the charged ones, with the
    total return and the annual Sharpe ratio they leave. `multiples` is the Sharpe ratio at multiples of the charged
    costs, None where none were charged.
    """

    charged_bps: float
    break_even_bps: float
    spare_bps: float
    extra_bps: tuple[float, ...]
    total_returns: tuple[float, ...]
    sharpes: tuple[float, ...]
    multiples: Sensitivity | None

    @property
    def rows(self) -> tuple[tuple[float, float, float], ...]:
        """(extra basis points a side, total return, Sharpe ratio)."""
        return tuple(zip(self.extra_bps, self.total_returns, self.sharpes, strict=True))


def study_costs(account: Account, trades: ClaimedTrades | None) -> CostStudy:
    """Break-even and sensitivity to costs; refused with a reason where nothing says how much was traded.

    Costs fall in the period in which a trade is entered or left, as a share of the account at its start. Growth is
    compounded: the break-even is the cost at which the account ends where it began.
    """
    if trades is None:
        return _refused("a curve alone does not say how much was traded; pass the trades too")
    if account.traded is None:
        return _from_returns(trades)
    before = account.before
    turnover = account.traded / before
    charged = None if account.costs is None else account.costs / before
    returns = account.returns
    gross = returns if charged is None else returns + charged
    total = float(account.traded.sum())
    rate = math.nan if account.costs is None or total == 0.0 else float(account.costs.sum()) / total
    found = break_even_cost(gross, turnover, assumed=rate if rate > 0.0 else None)
    if found.reason is not None:
        return _refused(found.reason, charged_bps=rate * 1e4)
    multiples = None
    if charged is not None and rate > 0.0:
        multiples = cost_sensitivity(gross, charged, lambda net: sharpe(net, account.periods_per_year))
    nets = [returns - bps / 1e4 * turnover for bps in _EXTRA_BPS]
    return CostStudy(
        method="costs as a share of the account in the period they fall in, compounded",
        charged_bps=rate * 1e4,
        break_even_bps=found.cost_rate * 1e4,
        spare_bps=(found.cost_rate - (0.0 if math.isnan(rate) else rate)) * 1e4,
        extra_bps=_EXTRA_BPS,
        total_returns=tuple(_growth(net) for net in nets),
        sharpes=tuple(float(sharpe(net, account.periods_per_year)) for net in nets),
        multiples=multiples,
    )


def _from_returns(trades: ClaimedTrades) -> CostStudy:
    """The break-even where only the trades' returns are known: half their mean, since a trade pays twice."""
    known = trades.trade_return[np.isfinite(trades.trade_return)]
    if len(known) == 0:
        return _refused("the trades state neither sizes and prices nor returns")
    if known.mean() <= 0.0:
        return _refused("there is no gain after the costs charged")
    return _bare("half the mean return of a trade", None, spare_bps=float(known.mean()) / 2.0 * 1e4)


def _growth(net: FloatVector) -> float:
    return float(np.prod(1.0 + net) - 1.0) if (net > -1.0).all() else -1.0


def _refused(reason: str, *, charged_bps: float = math.nan) -> CostStudy:
    return _bare("costs of trades", reason, charged_bps=charged_bps)


def _bare(method: str, reason: str | None, *, charged_bps: float = math.nan, spare_bps: float = math.nan) -> CostStudy:
    return CostStudy(
        method=method,
        reason=reason,
        charged_bps=charged_bps,
        break_even_bps=math.nan,
        spare_bps=spare_bps,
        extra_bps=(),
        total_returns=(),
        sharpes=(),
        multiples=None,
    )
