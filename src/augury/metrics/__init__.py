"""Measures of returns, equity curves and trades, one a file, and all of them in one record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from augury.lazy import lazy_exports

if TYPE_CHECKING:
    from augury.metrics.bars_per_year import periods_per_year
    from augury.metrics.benchmark.active_return import active_return
    from augury.metrics.benchmark.alpha import alpha
    from augury.metrics.benchmark.beta import beta
    from augury.metrics.benchmark.correlation import correlation
    from augury.metrics.benchmark.down_capture import down_capture
    from augury.metrics.benchmark.information_ratio import information_ratio
    from augury.metrics.benchmark.tracking_error import tracking_error
    from augury.metrics.benchmark.up_capture import up_capture
    from augury.metrics.definitions import FLAGS, GROUPS, MEASURES, Definition
    from augury.metrics.drawdowns.average_drawdown import average_drawdown
    from augury.metrics.drawdowns.calmar import calmar
    from augury.metrics.drawdowns.drawdown import drawdown_curve
    from augury.metrics.drawdowns.longest_drawdown_bars import longest_drawdown_bars
    from augury.metrics.drawdowns.longest_drawdown_days import longest_drawdown_days
    from augury.metrics.drawdowns.martin_ratio import martin_ratio
    from augury.metrics.drawdowns.max_drawdown import max_drawdown
    from augury.metrics.drawdowns.recovery_factor import recovery_factor
    from augury.metrics.drawdowns.time_under_water import time_under_water
    from augury.metrics.drawdowns.ulcer_index import ulcer_index
    from augury.metrics.many_curves import HEADLINE, measure_many
    from augury.metrics.measurement import measure
    from augury.metrics.measures import Measure, Metrics
    from augury.metrics.records import Curve, TradeOutcomes
    from augury.metrics.returns.best_bar import best_bar
    from augury.metrics.returns.cagr import cagr
    from augury.metrics.returns.calendar_cagr import calendar_cagr
    from augury.metrics.returns.conditional_value_at_risk import conditional_value_at_risk
    from augury.metrics.returns.kurtosis import kurtosis
    from augury.metrics.returns.omega import omega
    from augury.metrics.returns.positive_bars import positive_bars
    from augury.metrics.returns.sharpe import sharpe, sharpe_standard_error
    from augury.metrics.returns.sharpe_autocorrelated import autocorrelations, sharpe_autocorrelated
    from augury.metrics.returns.skewness import skewness
    from augury.metrics.returns.sortino import sortino
    from augury.metrics.returns.tail_ratio import tail_ratio
    from augury.metrics.returns.total_return import total_return
    from augury.metrics.returns.value_at_risk import value_at_risk
    from augury.metrics.returns.volatility import volatility
    from augury.metrics.returns.worst_bar import worst_bar
    from augury.metrics.simple_return import simple_returns
    from augury.metrics.trades.average_holding_bars import average_holding_bars
    from augury.metrics.trades.average_loss import average_loss
    from augury.metrics.trades.average_trade_return import average_trade_return
    from augury.metrics.trades.average_win import average_win
    from augury.metrics.trades.expectancy import expectancy
    from augury.metrics.trades.expectancy_r import expectancy_r
    from augury.metrics.trades.largest_loss import largest_loss
    from augury.metrics.trades.largest_win import largest_win
    from augury.metrics.trades.longest_holding_bars import longest_holding_bars
    from augury.metrics.trades.longest_losing_streak import longest_losing_streak
    from augury.metrics.trades.payoff import payoff
    from augury.metrics.trades.profit_factor import profit_factor
    from augury.metrics.trades.sqn import sqn
    from augury.metrics.trades.win_rate import win_rate
    from augury.metrics.trading.exposure import exposure
    from augury.metrics.trading.max_gross import max_gross
    from augury.metrics.trading.mean_gross import mean_gross
    from augury.metrics.trading.total_turnover import total_turnover
    from augury.metrics.trading.turnover import turnover

__all__ = [
    "FLAGS",
    "GROUPS",
    "HEADLINE",
    "MEASURES",
    "Curve",
    "Definition",
    "Measure",
    "Metrics",
    "TradeOutcomes",
    "active_return",
    "alpha",
    "autocorrelations",
    "average_drawdown",
    "average_holding_bars",
    "average_loss",
    "average_trade_return",
    "average_win",
    "best_bar",
    "beta",
    "cagr",
    "calendar_cagr",
    "calmar",
    "conditional_value_at_risk",
    "correlation",
    "down_capture",
    "drawdown_curve",
    "expectancy",
    "expectancy_r",
    "exposure",
    "information_ratio",
    "kurtosis",
    "largest_loss",
    "largest_win",
    "longest_drawdown_bars",
    "longest_drawdown_days",
    "longest_holding_bars",
    "longest_losing_streak",
    "martin_ratio",
    "max_drawdown",
    "max_gross",
    "mean_gross",
    "measure",
    "measure_many",
    "omega",
    "payoff",
    "periods_per_year",
    "positive_bars",
    "profit_factor",
    "recovery_factor",
    "sharpe",
    "sharpe_autocorrelated",
    "sharpe_standard_error",
    "simple_returns",
    "skewness",
    "sortino",
    "sqn",
    "tail_ratio",
    "time_under_water",
    "total_return",
    "total_turnover",
    "tracking_error",
    "turnover",
    "ulcer_index",
    "up_capture",
    "value_at_risk",
    "volatility",
    "win_rate",
    "worst_bar",
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "FLAGS": "augury.metrics.definitions",
        "GROUPS": "augury.metrics.definitions",
        "HEADLINE": "augury.metrics.many_curves",
        "MEASURES": "augury.metrics.definitions",
        "Curve": "augury.metrics.records",
        "Definition": "augury.metrics.definitions",
        "Measure": "augury.metrics.measures",
        "Metrics": "augury.metrics.measures",
        "TradeOutcomes": "augury.metrics.records",
        "active_return": "augury.metrics.benchmark.active_return",
        "alpha": "augury.metrics.benchmark.alpha",
        "autocorrelations": "augury.metrics.returns.sharpe_autocorrelated",
        "average_drawdown": "augury.metrics.drawdowns.average_drawdown",
        "average_holding_bars": "augury.metrics.trades.average_holding_bars",
        "average_loss": "augury.metrics.trades.average_loss",
        "average_trade_return": "augury.metrics.trades.average_trade_return",
        "average_win": "augury.metrics.trades.average_win",
        "best_bar": "augury.metrics.returns.best_bar",
        "beta": "augury.metrics.benchmark.beta",
        "cagr": "augury.metrics.returns.cagr",
        "calendar_cagr": "augury.metrics.returns.calendar_cagr",
        "calmar": "augury.metrics.drawdowns.calmar",
        "conditional_value_at_risk": "augury.metrics.returns.conditional_value_at_risk",
        "correlation": "augury.metrics.benchmark.correlation",
        "down_capture": "augury.metrics.benchmark.down_capture",
        "drawdown_curve": "augury.metrics.drawdowns.drawdown",
        "expectancy": "augury.metrics.trades.expectancy",
        "expectancy_r": "augury.metrics.trades.expectancy_r",
        "exposure": "augury.metrics.trading.exposure",
        "information_ratio": "augury.metrics.benchmark.information_ratio",
        "kurtosis": "augury.metrics.returns.kurtosis",
        "largest_loss": "augury.metrics.trades.largest_loss",
        "largest_win": "augury.metrics.trades.largest_win",
        "longest_drawdown_bars": "augury.metrics.drawdowns.longest_drawdown_bars",
        "longest_drawdown_days": "augury.metrics.drawdowns.longest_drawdown_days",
        "longest_holding_bars": "augury.metrics.trades.longest_holding_bars",
        "longest_losing_streak": "augury.metrics.trades.longest_losing_streak",
        "martin_ratio": "augury.metrics.drawdowns.martin_ratio",
        "max_drawdown": "augury.metrics.drawdowns.max_drawdown",
        "max_gross": "augury.metrics.trading.max_gross",
        "mean_gross": "augury.metrics.trading.mean_gross",
        "measure": "augury.metrics.measurement",
        "measure_many": "augury.metrics.many_curves",
        "omega": "augury.metrics.returns.omega",
        "payoff": "augury.metrics.trades.payoff",
        "periods_per_year": "augury.metrics.bars_per_year",
        "positive_bars": "augury.metrics.returns.positive_bars",
        "profit_factor": "augury.metrics.trades.profit_factor",
        "recovery_factor": "augury.metrics.drawdowns.recovery_factor",
        "sharpe": "augury.metrics.returns.sharpe",
        "sharpe_autocorrelated": "augury.metrics.returns.sharpe_autocorrelated",
        "sharpe_standard_error": "augury.metrics.returns.sharpe",
        "simple_returns": "augury.metrics.simple_return",
        "skewness": "augury.metrics.returns.skewness",
        "sortino": "augury.metrics.returns.sortino",
        "sqn": "augury.metrics.trades.sqn",
        "tail_ratio": "augury.metrics.returns.tail_ratio",
        "time_under_water": "augury.metrics.drawdowns.time_under_water",
        "total_return": "augury.metrics.returns.total_return",
        "total_turnover": "augury.metrics.trading.total_turnover",
        "tracking_error": "augury.metrics.benchmark.tracking_error",
        "turnover": "augury.metrics.trading.turnover",
        "ulcer_index": "augury.metrics.drawdowns.ulcer_index",
        "up_capture": "augury.metrics.benchmark.up_capture",
        "value_at_risk": "augury.metrics.returns.value_at_risk",
        "volatility": "augury.metrics.returns.volatility",
        "win_rate": "augury.metrics.trades.win_rate",
        "worst_bar": "augury.metrics.returns.worst_bar",
    },
)
