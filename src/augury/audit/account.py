"""The account behind a claim, on a clock: from its curve, from trades marked on bars, or from trades booked at exit."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from augury.arrays import FloatVector, IntVector
from augury.audit.claim import NO_TIME, Claim, ClaimedCurve, ClaimedTrades
from augury.audit.prices import Prices
from augury.errors import InvalidInput, NotEnoughData
from augury.metrics import periods_per_year, simple_returns
from augury.metrics.bars_per_year import SESSIONS

__all__ = ["Account", "Basis", "account_of", "cash_of", "sized", "trade_places"]

Basis: TypeAlias = Literal["curve", "marked", "booked", "trial"]
_DAY_NS = 86_400 * 10**9
_LONGEST_CLOCK = 50_000_000
_FIRST_NUMBERED = 10_957 * _DAY_NS  # 2000-01-01, for periods that have no times


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Account:
    """The account at n times.

    `times` int64[n] ns UTC, `equity` float64[n], `initial_cash` before. `basis`: "curve" (the file's own), "marked"
    (trades valued at every close of the bars), "booked" (profits counted on the day a trade closes; open losses cannot
    be seen) or "trial" (returns kept by a search). `exposure`, `traded` and `costs` float64[n] are gross exposure as a
    fraction, money traded and money paid in each period; None where the file does not tell. `entry_at` and `exit_at`
    int64[m] are the trades' places on the clock (n: still open).
    """

    times: IntVector
    equity: FloatVector
    initial_cash: float
    basis: Basis
    periods_per_year: float
    exposure: FloatVector | None = None
    traded: FloatVector | None = None
    costs: FloatVector | None = None
    entry_at: IntVector | None = None
    exit_at: IntVector | None = None

    @property
    def returns(self) -> FloatVector:
        """Simple returns of the periods, float64[n], the first from the initial cash."""
        return simple_returns(self.equity, self.initial_cash)

    @property
    def before(self) -> FloatVector:
        """The account at the start of each period, float64[n]."""
        return np.concatenate(([self.initial_cash], self.equity[:-1]))


def cash_of(claim: Claim) -> tuple[float, bool]:
    """The initial cash and whether it is known; else the most money that was in positions at once, or 1 for returns.

    Raises InvalidInput when profits are in money and nothing says of how much.
    """
    if claim.initial_cash is not None:
        return claim.initial_cash, True
    if claim.curve is not None and claim.trades is None:
        return claim.curve.initial_cash, True
    if claim.curve is not None and "returns" not in claim.parts:
        return claim.curve.initial_cash, True
    trades = claim.trades
    if trades is None:
        return 1.0, False
    stake = trades.units * trades.entry_price
    if np.isfinite(stake).any():
        return _most_at_once(trades, np.nan_to_num(stake)), False
    if np.isfinite(trades.profit).any():
        raise InvalidInput(
            "the trades state profits in money but neither sizes nor the account they were made with; pass cash= "
            "(--cash)"
        )
    return 1.0, False


def _most_at_once(trades: ClaimedTrades, stake: FloatVector) -> float:
    leave = np.where(trades.exit_ns == NO_TIME, np.iinfo(np.int64).max, trades.exit_ns)
    times = np.concatenate([leave, trades.entry_ns])  # at equal times leaving comes first
    change = np.concatenate([-stake, stake])
    order = np.argsort(times, kind="stable")
    return float(max(np.cumsum(change[order]).max(), stake.max()))


def sized(trades: ClaimedTrades, cash: float) -> ClaimedTrades:
    """The trades with profits and sizes filled in where only returns are known: each is taken to stake `cash`."""
    profit = np.where(np.isnan(trades.profit), trades.trade_return * cash, trades.profit)
    units = np.where(np.isnan(trades.units), cash / trades.entry_price, trades.units)
    return trades.changed(profit=profit, units=units)


def account_of(claim: Claim, prices: Prices | None, cash: float, per_year: float | None = None) -> Account:
    """The account of a claim, by the best basis there is: its curve, bars, or profits booked at exit.

    `per_year` None counts the periods of a year from the clock. Raises NotEnoughData for fewer than 3 periods and
    InvalidInput when the account is lost on the way, because returns end there.
    """
    trades = claim.trades
    if claim.curve is not None:
        scale = cash / claim.curve.initial_cash if "returns" in claim.parts else 1.0
        curve = ClaimedCurve(times=claim.curve.times, equity=claim.curve.equity * scale, initial_cash=cash)
        account = _on_clock(curve.times, curve.equity, cash, "curve", trades)
    elif trades is None:
        account = _of_trial(claim, cash)
    elif prices is not None:
        account = _marked(trades, prices, cash, claim.period)
    else:
        account = _booked(trades, cash, claim.period)
    if len(account.times) < 3:
        raise NotEnoughData(
            f"the backtest covers {len(account.times)} periods; at least 3 are needed to judge anything"
        )
    lost = np.flatnonzero(~(account.equity > 0.0))
    if len(lost):
        raise InvalidInput(
            f"the account of {cash:,.2f} falls to {account.equity[lost[0]]:,.2f} in period {lost[0]}: it is lost, "
            "and there "
            "are no returns after that; pass the true account with cash= (--cash) if this one is wrong"
        )
    known = per_year
    if known is None:
        known = SESSIONS if account.basis == "trial" else periods_per_year(_days_named(account))
    return _with_year(account, known)


def _days_named(account: Account) -> IntVector:
    """Times within the periods, so that a close at midnight counts as the day it ends."""
    return account.times if account.basis == "curve" else account.times - 1


def _of_trial(claim: Claim, cash: float) -> Account:
    """The returns that a search kept with its best trial, numbered as days."""
    variants = claim.variants
    if variants is None or variants.returns is None or variants.chosen is None:
        raise InvalidInput("the file holds neither trades nor a curve, so there is no account to judge")
    equity = cash * np.cumprod(1.0 + variants.returns[variants.chosen])
    times = _FIRST_NUMBERED + np.arange(1, len(equity) + 1, dtype=np.int64) * _DAY_NS
    return _on_clock(times, equity, cash, "trial", None)


def _with_year(account: Account, per_year: float) -> Account:
    if not math.isfinite(per_year):
        span = float(account.times[-1] - account.times[0])
        per_year = (len(account.times) - 1) / (span / (365.25 * _DAY_NS))
    values = {name: getattr(account, name) for name in account.__dataclass_fields__}
    return Account(**{**values, "periods_per_year": per_year})


def trade_places(trades: ClaimedTrades, times: IntVector) -> tuple[IntVector, IntVector]:
    """Periods of a clock in which trades are entered and left, int64[m]; len(times) for what is still open.

    A time that the clock names is that period; one between two is the period of the earlier name, as bars named by
    their open are.
    """
    last = len(times) - 1
    entry = np.clip(np.searchsorted(times, trades.entry_ns, side="right") - 1, 0, last)
    leave = np.clip(np.searchsorted(times, trades.exit_ns, side="right") - 1, 0, last)
    return entry, np.where(trades.exit_ns == NO_TIME, len(times), leave)


def _on_clock(
    times: IntVector, equity: FloatVector, cash: float, basis: Basis, trades: ClaimedTrades | None
) -> Account:
    if trades is None:
        return Account(times=times, equity=equity, initial_cash=cash, basis=basis, periods_per_year=math.nan)
    entry, leave = trade_places(trades, times)
    traded, costs = _flows(trades, entry, leave, len(times))
    return Account(
        times=times, equity=equity, initial_cash=cash, basis=basis, periods_per_year=math.nan,
        traded=traded, costs=costs, entry_at=entry, exit_at=leave,
    )  # fmt: skip


def _flows(
    trades: ClaimedTrades, entry: IntVector, leave: IntVector, size: int
) -> tuple[FloatVector | None, FloatVector | None]:
    """Money traded and paid in each period; None where sizes or prices, or costs, are not known for every trade.

    A position that is still open was bought and not sold, whatever value the file puts on it.
    """
    closed = (leave < size) & ~trades.is_open
    traded, costs = np.zeros(size), np.zeros(size)
    np.add.at(traded, entry, trades.units * trades.entry_price)
    np.add.at(traded, leave[closed], (trades.units * trades.exit_price)[closed])
    half = trades.costs / 2.0
    np.add.at(costs, entry, np.where(closed, half, trades.costs))
    np.add.at(costs, leave[closed], half[closed])
    return (
        traded if np.isfinite(traded).all() else None,
        costs if np.isfinite(costs).all() else None,
    )


def _booked(trades: ClaimedTrades, cash: float, period: tuple[int, int] | None) -> Account:
    """Days from the first entry to the last exit; weekends only when something happens on one."""
    known = trades.exit_ns[trades.exit_ns != NO_TIME]
    instants = np.concatenate([trades.entry_ns, known, np.array(period or (), dtype=np.int64)])
    first, last = int(instants.min()) // _DAY_NS, int(instants.max()) // _DAY_NS
    if last - first + 1 > _LONGEST_CLOCK:
        raise InvalidInput(f"the trades span {last - first + 1:,} days; are the times right?")
    days = np.arange(first, last + 1)
    happened = np.concatenate([trades.entry_ns, known]) // _DAY_NS
    if not (_weekday(happened) >= 5).any():
        days = days[_weekday(days) < 5]
    starts = days * _DAY_NS
    entry, leave = trade_places(trades, starts)
    equity = np.full(len(days), cash)
    booked = np.zeros(len(days))
    closed = leave < len(days)
    np.add.at(booked, leave[closed], np.nan_to_num(trades.profit[closed]))
    with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is refused with its place
        equity += np.cumsum(booked)
    traded, costs = _flows(trades, entry, leave, len(days))
    return Account(
        times=starts + _DAY_NS, equity=equity, initial_cash=cash, basis="booked", periods_per_year=math.nan,
        traded=traded, costs=costs, entry_at=entry, exit_at=leave,
    )  # fmt: skip


def _weekday(days: IntVector) -> IntVector:
    return np.asarray((days + 3) % 7)  # 1970-01-01 was a Thursday; Monday is 0


def _marked(trades: ClaimedTrades, prices: Prices, cash: float, period: tuple[int, int] | None) -> Account:
    """Every position valued at every close of its bars, from the bar of the first entry to that of the last exit."""
    clock = prices.clock()
    known = trades.exit_ns[trades.exit_ns != NO_TIME]
    ends = (int(trades.entry_ns.min()), int(known.max()) if len(known) == len(trades) else int(clock[-1]))
    first, last = period or ends
    begin = min(int(np.searchsorted(clock, first, side="right")), len(clock) - 1)
    end = min(int(np.searchsorted(clock, last, side="right")) + 1, len(clock))
    clock = clock[begin:end]
    if len(clock) < 3:
        raise NotEnoughData(
            f"the bars cover {len(clock)} periods between the first entry and the last exit; 3 are needed"
        )
    entry, leave = _places_on_bars(trades, prices, clock)
    equity, gross = np.full(len(clock), cash), np.zeros(len(clock))
    booked = np.zeros(len(clock) + 1)
    charged = np.nan_to_num(trades.costs) / 2.0
    closes = {symbol: _closes_on(clock, prices, symbol) for symbol in prices.by_symbol}
    for at in range(len(trades)):
        held = slice(int(entry[at]), int(leave[at]))
        series = closes.get(trades.symbol[at])
        if leave[at] < len(clock):
            booked[leave[at]] += np.nan_to_num(trades.profit[at])
        if series is None or not np.isfinite(trades.units[at] * trades.entry_price[at]):
            continue
        equity[held] += trades.side[at] * trades.units[at] * (series[held] - trades.entry_price[at]) - charged[at]
        gross[held] += trades.units[at] * series[held]
    with np.errstate(over="ignore", invalid="ignore"):
        equity += np.cumsum(booked[: len(clock)])
    traded, costs = _flows(trades, entry, leave, len(clock))
    with np.errstate(divide="ignore", invalid="ignore"):
        exposure = np.where(equity > 0.0, gross / equity, np.nan)
    return Account(
        times=clock, equity=equity, initial_cash=cash, basis="marked", periods_per_year=math.nan,
        exposure=exposure, traded=traded, costs=costs, entry_at=entry, exit_at=leave,
    )  # fmt: skip


def _places_on_bars(trades: ClaimedTrades, prices: Prices, clock: IntVector) -> tuple[IntVector, IntVector]:
    """The first close of the clock at or after the close of the bar in which something happened."""
    places = []
    for times in (trades.entry_ns, trades.exit_ns):
        at = np.searchsorted(clock, times, side="right")
        for symbol, bars in prices.by_symbol.items():
            mine = np.array([name == symbol for name in trades.symbol])
            found = bars.bar_of(times)
            inside = mine & (found >= 0)
            at[inside] = np.searchsorted(clock, bars.closed_at[found[inside]])
        places.append(np.where(times == NO_TIME, len(clock), np.minimum(at, len(clock) - 1)))
    return places[0], places[1]


def _closes_on(clock: IntVector, prices: Prices, symbol: str) -> FloatVector:
    """The last close known at each time of the clock; the first one before there is any."""
    bars = prices.by_symbol[symbol]
    at = np.searchsorted(bars.closed_at, clock, side="right") - 1
    return np.asarray(bars.matrix[3][np.maximum(at, 0)])
