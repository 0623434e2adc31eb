"""Every measure by name: what it is called in print, its unit, the group it stands in and which way is better."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeAlias

__all__ = ["FLAGS", "GROUPS", "MEASURES", "Definition", "Unit"]

Unit: TypeAlias = Literal["fraction", "ratio", "money", "bars", "days", "count"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """How one measure is presented; `better` is 1 when more is better, -1 when less is, 0 when neither."""

    title: str
    unit: Unit
    group: str
    better: int


GROUPS = ("Return", "Risk-adjusted", "Drawdown", "Distribution", "Exposure", "Trades", "Benchmark")

_ROWS: dict[str, tuple[tuple[str, str, Unit, int], ...]] = {
    "Return": (
        ("bars", "Bars", "count", 0),
        ("total_return", "Total return", "fraction", 1),
        ("cagr", "CAGR", "fraction", 1),
        ("calendar_cagr", "CAGR by calendar days", "fraction", 1),
        ("volatility", "Volatility a year", "fraction", -1),
    ),
    "Risk-adjusted": (
        ("sharpe", "Sharpe ratio", "ratio", 1),
        ("sharpe_autocorrelated", "Sharpe ratio, autocorrelation taken in (Lo)", "ratio", 1),
        ("sortino", "Sortino ratio", "ratio", 1),
        ("calmar", "Calmar ratio", "ratio", 1),
        ("martin_ratio", "Martin ratio (CAGR / ulcer index)", "ratio", 1),
        ("omega", "Omega ratio", "ratio", 1),
        ("recovery_factor", "Recovery factor", "ratio", 1),
    ),
    "Drawdown": (
        ("max_drawdown", "Maximum drawdown", "fraction", 1),
        ("average_drawdown", "Average drawdown", "fraction", 1),
        ("longest_drawdown_bars", "Longest drawdown", "bars", -1),
        ("longest_drawdown_days", "Longest drawdown in days", "days", -1),
        ("time_under_water", "Time under water", "fraction", -1),
        ("ulcer_index", "Ulcer index", "fraction", -1),
    ),
    "Distribution": (
        ("value_at_risk", "Value at risk, 5 % of bars", "fraction", 1),
        ("conditional_value_at_risk", "Conditional value at risk, 5 %", "fraction", 1),
        ("tail_ratio", "Tail ratio", "ratio", 1),
        ("skewness", "Skewness", "ratio", 1),
        ("kurtosis", "Kurtosis (normal 3)", "ratio", -1),
        ("autocorrelation", "Autocorrelation, one bar", "ratio", 0),
        ("best_bar", "Best bar", "fraction", 1),
        ("worst_bar", "Worst bar", "fraction", 1),
        ("positive_bars", "Bars with a gain", "fraction", 1),
        ("pf_bar", "Profit factor of bars", "ratio", 1),
    ),
    "Exposure": (
        ("exposure", "Bars in the market", "fraction", 0),
        ("mean_gross", "Mean gross exposure", "fraction", 0),
        ("max_gross", "Greatest gross exposure", "fraction", 0),
        ("turnover", "Turnover a year", "ratio", -1),
        ("total_turnover", "Turnover in all", "ratio", -1),
    ),
    "Trades": (
        ("trades", "Closed trades", "count", 0),
        ("open_trades", "Open trades", "count", 0),
        ("win_rate", "Win rate", "fraction", 1),
        ("average_win", "Average win", "money", 1),
        ("average_loss", "Average loss", "money", 1),
        ("payoff", "Payoff ratio", "ratio", 1),
        ("profit_factor", "Profit factor", "ratio", 1),
        ("expectancy", "Expectancy a trade", "money", 1),
        ("expectancy_r", "Expectancy in initial risks (R)", "ratio", 1),
        ("average_trade_return", "Average return of a trade", "fraction", 1),
        ("sqn", "System quality number", "ratio", 1),
        ("largest_win", "Largest win", "money", 1),
        ("largest_loss", "Largest loss", "money", 1),
        ("longest_losing_streak", "Longest losing streak", "count", -1),
        ("average_holding_bars", "Average holding time", "bars", 0),
        ("longest_holding_bars", "Longest holding time", "bars", 0),
        ("total_costs", "Costs paid", "money", -1),
    ),
    "Benchmark": (
        ("alpha", "Alpha a year", "fraction", 1),
        ("beta", "Beta", "ratio", 0),
        ("correlation", "Correlation with the benchmark", "ratio", 0),
        ("active_return", "CAGR above the benchmark's", "fraction", 1),
        ("tracking_error", "Tracking error a year", "fraction", -1),
        ("information_ratio", "Information ratio", "ratio", 1),
        ("up_capture", "Up capture", "fraction", 1),
        ("down_capture", "Down capture", "fraction", -1),
    ),
}

MEASURES: Mapping[str, Definition] = MappingProxyType(
    {
        name: Definition(title=title, unit=unit, group=group, better=better)
        for group, rows in _ROWS.items()
        for name, title, unit, better in rows
    }
)

FLAGS: Mapping[str, str] = MappingProxyType(
    {
        "short_sample": "annualised from less than a year, or a 5 % tail from under 100 bars",
        "few_trades": "fewer than 30 closed trades",
        "no_losses": "undefined because nothing was lost, which a longer sample would mend",
        "autocorrelated": (
            "the returns of neighbouring bars correlate (1 % level; 1 in 100 series of independent returns is flagged "
            "by chance), so scaling by sqrt(periods per year) misstates the year"
        ),
        "still_open": "the longest drawdown had not recovered at the last bar",
    }
)
