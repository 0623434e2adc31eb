"""The measures of trades and of trading."""

from __future__ import annotations

import math

import numpy as np

from augury.metrics.account_path import UNKNOWN_YEAR, AccountPath
from augury.metrics.curve_kernels import lane_sum, mean_and_std, ratio
from augury.metrics.measuring import Gathered
from augury.metrics.moment_kernels import extremes, held_sums
from augury.metrics.records import TradeOutcomes
from augury.metrics.trades.average_holding_bars import average_holding_bars
from augury.metrics.trades.average_loss import average_loss
from augury.metrics.trades.average_trade_return import average_trade_return
from augury.metrics.trades.average_win import average_win
from augury.metrics.trades.expectancy_r import expectancy_r
from augury.metrics.trades.largest_loss import largest_loss
from augury.metrics.trades.largest_win import largest_win
from augury.metrics.trades.longest_holding_bars import longest_holding_bars
from augury.metrics.trades.longest_losing_streak import longest_losing_streak
from augury.metrics.trades.payoff import payoff
from augury.metrics.trades.profit_factor import profit_factor
from augury.metrics.trades.sqn import sqn
from augury.metrics.trades.win_rate import win_rate
from augury.metrics.trading.total_turnover import turned_over

__all__ = ["put_trades", "put_trading"]

_ENOUGH_TRADES = 30


def put_trading(path: AccountPath, out: Gathered) -> None:
    """Exposure and turnover, where the curve carries them."""
    gross, traded = path.curve.gross_exposure, path.curve.traded_notional
    if gross is not None:
        held, added = held_sums(gross)
        out.put("exposure", ratio(held, float(path.bars)), path.obstacle)
        out.put("mean_gross", ratio(added, float(path.bars)), path.obstacle)
        out.put("max_gross", extremes(gross)[1], path.obstacle)
    if traded is not None:
        reason = path.obstacle or "mean equity is not above 0"
        total = turned_over(traded, path.equity)
        value = math.nan if math.isnan(path.annual) else ratio(total, path.bars / path.annual)
        out.put("turnover", value, UNKNOWN_YEAR if math.isnan(path.annual) else reason, path.short)
        out.put("total_turnover", total, reason)


def put_trades(trades: TradeOutcomes, out: Gathered) -> None:
    """Everything about closed trades; open ones are counted, and their costs."""
    closed = trades.closed
    pnl = trades.pnl[closed]
    count = pnl.size
    few = ("few_trades",) if count < _ENOUGH_TRADES else ()
    none = "no trade was closed" if count == 0 else ""
    out.put("trades", float(count), "")
    out.put("open_trades", float(trades.pnl.size - count), "")
    rate = win_rate(pnl)
    out.put("win_rate", rate, none, few, math.sqrt(rate * (1.0 - rate) / max(count, 1)))
    out.put("average_win", average_win(pnl), none or "no trade won", few)
    out.put("average_loss", average_loss(pnl), none or "no trade lost", few)
    loss = pnl.size > 0 and float(pnl.min()) < 0.0
    lossless = few if loss or none else (*few, "no_losses")
    out.put("payoff", payoff(pnl), none or ("no trade won" if loss else "no trade lost"), lossless)
    out.put("profit_factor", profit_factor(pnl), none or "no trade lost", lossless)
    mean, deviation = mean_and_std(pnl)
    out.put("expectancy", mean, none, few, deviation / math.sqrt(max(count, 1)))
    _put_optional(trades, closed, out, few, none)
    out.put("sqn", sqn(pnl), none or "it takes two trades whose profits differ", few)
    out.put("largest_win", largest_win(pnl), none or "no trade won", few)
    out.put("largest_loss", largest_loss(pnl), none or "no trade lost", few)
    out.put("longest_losing_streak", longest_losing_streak(pnl), none, few)


def _put_optional(trades: TradeOutcomes, closed: np.ndarray, out: Gathered, few: tuple[str, ...], none: str) -> None:
    """Measures of what a caller may not know of its trades."""
    risk, returns, held, costs = trades.initial_risk, trades.returns, trades.holding_bars, trades.costs
    value = math.nan if risk is None else expectancy_r(trades.pnl[closed], risk[closed])
    out.put("expectancy_r", value, none or "no trade has an initial risk (a stop)", few)
    value = math.nan if returns is None else average_trade_return(returns[closed])
    out.put("average_trade_return", value, none or "the returns of the trades are not known", few)
    unknown = "the holding times are not known"
    out.put("average_holding_bars", math.nan if held is None else average_holding_bars(held[closed]), none or unknown)
    out.put("longest_holding_bars", math.nan if held is None else longest_holding_bars(held[closed]), none or unknown)
    out.put("total_costs", math.nan if costs is None else lane_sum(costs), "the costs of the trades are not known")
