"""What each measure is called and how it is computed, for people; a measure may bring its own words."""

from __future__ import annotations

from typing import Final, Protocol

from augury.metrics.definitions import FLAGS, GROUPS, MEASURES

__all__ = ["HEADLINES", "Named", "convention_of", "flag_words", "group_of", "title_of", "title_of_name"]


class Named(Protocol):
    """Whatever has a name; a `title` and a `convention` of its own are used when it has them."""

    @property
    def name(self) -> str: ...  # noqa: D102


HEADLINES: Final = (
    ("total_return",),
    ("cagr", "annual_return"),
    ("sharpe", "sharpe_ratio"),
    ("max_drawdown", "maximum_drawdown"),
    ("volatility", "annual_volatility"),
    ("trades", "trade_count", "win_rate"),
)
"""The figures at the top, each by the first of its names that the story has."""

_SHORT: Final = {
    "maximum_drawdown": "Maximum drawdown",
    "trade_count": "Trades",
    "volatility": "Volatility",
    "psr": "Probabilistic Sharpe ratio",
    "dsr": "Deflated Sharpe ratio",
    "deflated_sharpe": "Deflated Sharpe ratio",
    "probabilistic_sharpe": "Probabilistic Sharpe ratio",
}

_CONVENTIONS: Final = {
    "total_return": "Last value of the account over the initial cash, minus 1.",
    "cagr": "Growth per year: (last value / initial cash) ^ (bars per year / bars) - 1. Not given below 20 bars.",
    "calendar_cagr": "Growth per year by the calendar: days between first and last bar over 365.25.",
    "volatility": "Standard deviation of bar returns (n - 1), times the root of bars per year.",
    "sharpe": "Mean over standard deviation (n - 1) of bar returns above the risk-free rate, times the root of bars "
    "per year; arithmetic, not compounded.",
    "sharpe_autocorrelated": "The Sharpe ratio annualised with the autocorrelation of returns taken in (Lo 2002).",
    "sortino": "Mean return above the target over the root mean square of shortfalls (all bars count), annualised.",
    "calmar": "CAGR over the absolute maximum drawdown, whole history.",
    "martin_ratio": "CAGR over the ulcer index.",
    "omega": "Sum of gains over sum of losses of bar returns, threshold 0.",
    "recovery_factor": "Total return over the absolute maximum drawdown.",
    "max_drawdown": "Deepest fall of the account from its highest value so far, initial cash included.",
    "average_drawdown": "Mean of the deepest points of all drawdowns.",
    "longest_drawdown_bars": "Longest time from a peak to its recovery; one still open counts up to the end.",
    "longest_drawdown_days": "Longest time from a peak to its recovery; one still open counts up to the end.",
    "time_under_water": "Share of bars below an earlier peak.",
    "ulcer_index": "Root mean square of the drawdown.",
    "value_at_risk": "5 % quantile of bar returns, interpolated linearly, with its sign.",
    "conditional_value_at_risk": "Mean of the bar returns at or below the value at risk.",
    "tail_ratio": "95 % quantile over the absolute 5 % quantile of bar returns.",
    "skewness": "Third standardised moment of bar returns (population); 0 for a normal distribution.",
    "kurtosis": "Fourth standardised moment of bar returns (population), raw: 3 for a normal distribution.",
    "autocorrelation": "Correlation of each bar's return with that of the bar before.",
    "pf_bar": "Sum of gains over absolute sum of losses, by bar rather than by trade.",
    "exposure": "Share of bars with a position.",
    "mean_gross": "Mean over bars of the absolute value of all positions over equity.",
    "turnover": "Value traded one way over mean equity, per year.",
    "win_rate": "Closed trades with a net profit over all closed trades; open ones left out.",
    "average_win": "Mean net profit of winning trades.",
    "average_loss": "Mean net loss of losing trades.",
    "payoff": "Average win over absolute average loss.",
    "profit_factor": "Sum of winning over absolute sum of losing trades, net. Undefined without a loss.",
    "expectancy": "Mean net profit per closed trade.",
    "expectancy_r": "Mean net profit per closed trade over what its first stop would have lost.",
    "average_trade_return": "Mean over closed trades of net profit over the value entered.",
    "longest_losing_streak": "Most closed trades in a row without a net profit.",
    "average_holding_bars": "Mean bars between entry and exit of closed trades.",
    "correlation": "Pearson correlation of bar returns with the benchmark's.",
    "active_return": "Growth per year less the benchmark's.",
    "up_capture": "Mean return over the benchmark's, in bars where the benchmark rose.",
    "down_capture": "Mean return over the benchmark's, in bars where the benchmark fell.",
    "sqn": "Root of the number of trades times mean over standard deviation of net profit per trade.",
    "alpha": "Intercept of the regression of returns on the benchmark's, annualised.",
    "beta": "Slope of the regression of returns on the benchmark's.",
    "information_ratio": "Mean over standard deviation (n - 1) of the return above the benchmark, annualised.",
    "tracking_error": "Standard deviation (n - 1) of the return above the benchmark, annualised.",
    "psr": "Probability that the true Sharpe ratio exceeds 0, given length, skewness and kurtosis.",
    "dsr": "Probability that the true Sharpe ratio exceeds what the best of the tried variants gives by luck.",
}
_ALIASES: Final = {
    "annual_return": "cagr",
    "sharpe_ratio": "sharpe",
    "sortino_ratio": "sortino",
    "calmar_ratio": "calmar",
    "omega_ratio": "omega",
    "maximum_drawdown": "max_drawdown",
    "annual_volatility": "volatility",
    "deflated_sharpe": "dsr",
    "probabilistic_sharpe": "psr",
}


def title_of(named: Named) -> str:
    """What people call it: its own title, a known one, or its name with blanks."""
    own = getattr(named, "title", None)
    return own if isinstance(own, str) and own else title_of_name(named.name)


def title_of_name(name: str) -> str:
    """What people call the measure of this name."""
    if name in _SHORT:
        return _SHORT[name]
    known = MEASURES.get(_ALIASES.get(name, name))
    words = name.replace("_", " ").strip()
    return known.title if known is not None else words[:1].upper() + words[1:]


def convention_of(named: Named) -> str:
    """How it is computed: its own words, a known convention, or nothing."""
    own = getattr(named, "convention", None)
    if isinstance(own, str) and own:
        return own
    return _CONVENTIONS.get(_ALIASES.get(named.name, named.name), "")


def group_of(name: str) -> str:
    """Under which heading a measure stands; "Other" when its name is not known."""
    known = MEASURES.get(_ALIASES.get(name, name))
    return known.group if known is not None and known.group in GROUPS else "Other"


def flag_words(flag: str) -> str:
    """What a flag means."""
    return str(FLAGS.get(flag, flag.replace("_", " ")))
