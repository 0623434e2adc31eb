"""How other tools compute their figures, so that a reported one can be told apart from a wrong one.

Each function restates a published convention in the terms of an account and its trades: backtesting.py 0.6, vectorbt
1.2 and freqtrade 2026.9. They are used for comparison only.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import pandas as pd

from augury.arrays import FloatVector, IntVector
from augury.audit.account import Account
from augury.audit.claim import NO_TIME, ClaimedTrades

__all__ = ["CONVENTIONS", "Basis", "Convention"]

_DAY_NS = 86_400 * 10**9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Basis:
    """What a tool's figure is computed from; `period` is first and last instant of the backtest in ns UTC."""

    account: Account
    trades: ClaimedTrades | None
    period: tuple[int, int] | None

    @property
    def profits(self) -> FloatVector:
        """Net profit of every trade, float64[m]."""
        return np.empty(0) if self.trades is None else np.nan_to_num(self.trades.profit)

    @property
    def days(self) -> int:
        """Whole days of the backtest, at least 1."""
        first, last = self.period or (int(self.account.times[0]), int(self.account.times[-1]))
        return max(1, (last - first) // _DAY_NS)


Compute: TypeAlias = Callable[[Basis], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Convention:
    """How a tool computes a figure: in words, and as a function."""

    words: str
    compute: Compute


def _daily(account: Account) -> tuple[FloatVector, float]:
    """Returns from day to day, and days a year by whether weekends are traded (backtesting.py)."""
    spacing = float(np.median(np.diff(account.times)))
    index = pd.DatetimeIndex(account.times.view("datetime64[ns]"))
    weekend = float((index.day_of_week >= 5).mean()) > 2 / 7 * 0.6
    curve = pd.Series(account.equity, index=index)
    if spacing < _DAY_NS:
        curve = curve.resample("D").last().dropna()
        return np.asarray(curve.pct_change().dropna(), dtype=np.float64), 365.0 if weekend else 252.0
    days = round(spacing / _DAY_NS)
    year = {7: 52.0, 31: 12.0, 365: 1.0}.get(days, 365.0 if weekend else 252.0)
    return account.returns, year


def _geometric(account: Account) -> tuple[float, float, FloatVector, float]:
    """Annual return and volatility of compounded days, the days' returns, and days a year."""
    returns, year = _daily(account)
    mean = math.exp(float(np.log1p(returns).mean())) - 1.0
    grown = 1.0 + mean
    variance = (float(returns.var(ddof=1)) + grown**2) ** year - grown ** (2.0 * year)
    return grown**year - 1.0, math.sqrt(max(variance, 0.0)), returns, year


def _deepest(account: Account) -> float:
    peak = np.maximum.accumulate(np.r_[account.initial_cash, account.equity])
    return float((np.r_[account.initial_cash, account.equity] / peak - 1.0).min())


def _ratio(value: float, by: float) -> float:
    return value / by if by else math.nan


def _backtesting_sortino(basis: Basis) -> float:
    annual, _, returns, year = _geometric(basis.account)
    return _ratio(annual, math.sqrt(float((np.minimum(returns, 0.0) ** 2).mean()) * year))


def _return_factor(basis: Basis) -> float:
    returns = np.empty(0) if basis.trades is None else basis.trades.trade_return
    return _ratio(float(returns[returns > 0.0].sum()), abs(float(returns[returns < 0.0].sum())))


def _calendar_cagr(basis: Basis, year_days: float) -> float:
    account = basis.account
    spacing = int(np.median(np.diff(account.times)))
    span = float(account.times[-1] - account.times[0] + spacing) / _DAY_NS
    return float((account.equity[-1] / account.initial_cash) ** (year_days / span) - 1.0)


def _vectorbt_returns(basis: Basis) -> tuple[FloatVector, float]:
    """Returns with the first bar's zero, and 365 days over the spacing of the bars."""
    account = basis.account
    returns = np.r_[0.0, account.returns]
    return returns, 365.0 * _DAY_NS / float(np.median(np.diff(account.times)))


def _vectorbt_sharpe(basis: Basis) -> float:
    returns, year = _vectorbt_returns(basis)
    spread = float(returns.std(ddof=1))
    return math.inf if spread == 0.0 else float(returns.mean()) / spread * math.sqrt(year)


def _vectorbt_sortino(basis: Basis) -> float:
    returns, year = _vectorbt_returns(basis)
    return _ratio(float(returns.mean()) * year, math.sqrt(float((np.minimum(returns, 0.0) ** 2).mean()) * year))


def _vectorbt_calmar(basis: Basis) -> float:
    returns, year = _vectorbt_returns(basis)
    growth = float(np.prod(1.0 + returns)) ** (year / len(returns)) - 1.0
    return _ratio(growth, abs(_deepest(basis.account)))


def _freqtrade_ratio(basis: Basis, *, losers: bool) -> float:
    shares = basis.profits / basis.account.initial_cash
    spread = shares[shares < 0.0] if losers else shares
    return _ratio(float(shares.sum()) / basis.days, float(spread.std())) * math.sqrt(365.0) if len(spread) else math.nan


def _closed_path(basis: Basis) -> FloatVector:
    """Cash after each closed trade, in the order of closing, from the initial cash on."""
    if basis.trades is None:
        return np.array([basis.account.initial_cash])
    leave: IntVector = np.where(basis.trades.exit_ns == NO_TIME, np.iinfo(np.int64).max, basis.trades.exit_ns)
    order = np.argsort(leave, kind="stable")
    return np.asarray(basis.account.initial_cash + np.r_[0.0, np.cumsum(basis.profits[order])])


def _closed_drawdown(basis: Basis) -> float:
    path = _closed_path(basis)
    return float((path / np.maximum.accumulate(path) - 1.0).min())


def _freqtrade_calmar(basis: Basis) -> float:
    path = _closed_path(basis)
    peak = np.maximum.accumulate(path)
    worst = int(np.argmin(path - peak))
    deepest = 1.0 - path[worst] / peak[worst]
    growth = float(basis.profits.sum()) / basis.account.initial_cash / basis.days * 100.0
    return _ratio(growth, float(deepest)) * math.sqrt(365.0)


def _freqtrade_cagr(basis: Basis) -> float:
    final = 1.0 + float(basis.profits.sum()) / basis.account.initial_cash
    return float(final ** (365.0 / basis.days) - 1.0)


def _wallet_sharpe(basis: Basis) -> float:
    index = pd.DatetimeIndex(basis.account.times.view("datetime64[ns]"))
    daily = pd.Series(basis.account.equity, index=index).resample("1D").last().dropna().pct_change().dropna()
    return _ratio(float(daily.mean()), float(daily.std(ddof=0))) * math.sqrt(365.0)


def _win_share(basis: Basis) -> float:
    return _ratio(float((basis.profits > 0.0).sum()), float(len(basis.profits)))


def _of_all(name: str) -> str:
    return f"{name} over all trades, those still open at the end included"


_GEOMETRIC = (
    "annual return over annual volatility, both compounded from day to day (geometric), where ours are arithmetic"
)

CONVENTIONS: Final[Mapping[str, Mapping[str, Convention]]] = {
    "backtesting.py": {
        "sharpe": Convention(words=_GEOMETRIC, compute=lambda basis: _ratio(*_geometric(basis.account)[:2])),
        "sortino": Convention(
            words="compounded annual return over the annual downside deviation", compute=_backtesting_sortino
        ),
        "calmar": Convention(
            words="compounded annual return of days over the deepest fall",
            compute=lambda basis: _ratio(_geometric(basis.account)[0], abs(_deepest(basis.account))),
        ),
        "volatility": Convention(
            words="volatility of compounded returns", compute=lambda basis: _geometric(basis.account)[1]
        ),
        "cagr": Convention(
            words="growth a year by the calendar (365.25 days)", compute=lambda basis: _calendar_cagr(basis, 365.25)
        ),
        "profit_factor": Convention(words="from the trades' returns, not their money", compute=_return_factor),
        "win_rate": Convention(words=_of_all("share of winners"), compute=_win_share),
        "trade_count": Convention(words=_of_all("count"), compute=lambda basis: float(len(basis.profits))),
    },
    "vectorbt": {
        "sharpe": Convention(
            words=(
                "365 days a year whatever the calendar, the first bar's zero return included; infinite without "
                "variation"
            ),
            compute=_vectorbt_sharpe,
        ),
        "sortino": Convention(words="365 days a year, the first bar's zero return included", compute=_vectorbt_sortino),
        "calmar": Convention(words="growth with 365 days a year over the deepest fall", compute=_vectorbt_calmar),
    },
    "freqtrade": {
        "sharpe": Convention(
            words="profit a day over the deviation of trades (not days), on the initial cash, times the root of 365",
            compute=lambda basis: _freqtrade_ratio(basis, losers=False),
        ),
        "sortino": Convention(
            words="profit a day over the deviation among losing trades (around their own mean), times the root of 365",
            compute=lambda basis: _freqtrade_ratio(basis, losers=True),
        ),
        "calmar": Convention(
            words="percent a day over the fall of closed profits, times the root of 365: a number of its own",
            compute=_freqtrade_calmar,
        ),
        "cagr": Convention(words="growth of closed profits, whole days over 365", compute=_freqtrade_cagr),
        "max_drawdown": Convention(words="fall of closed profits; open losses are not seen", compute=_closed_drawdown),
        "wallet_sharpe": Convention(
            words="days of the wallet, population deviation, root of 365", compute=_wallet_sharpe
        ),
        "win_rate": Convention(words=_of_all("share of winners"), compute=_win_share),
        "total_return": Convention(
            words="sum of closed profits over the initial cash",
            compute=lambda basis: float(basis.profits.sum()) / basis.account.initial_cash,
        ),
    },
}
