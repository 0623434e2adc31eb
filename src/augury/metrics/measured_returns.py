"""The measures of growth and of the bar returns, their intermediate results shared."""

from __future__ import annotations

import math

from augury.metrics.account_path import NO_VARIATION, AccountPath
from augury.metrics.curve_kernels import ratio
from augury.metrics.headline_kernels import CAGR_BARS, annual_growth, downside_ratio, reward_ratio
from augury.metrics.measuring import Gathered
from augury.metrics.moment_kernels import extremes
from augury.metrics.returns.calendar_cagr import YEAR_DAYS, span_days
from augury.metrics.returns.conditional_value_at_risk import shortfall_of_sorted
from augury.metrics.returns.quantile import quantile_of_tail, sorted_tails
from augury.metrics.returns.sharpe import standard_error_of
from augury.metrics.returns.sharpe_autocorrelated import scaled_to_year

__all__ = ["put_distribution", "put_growth", "put_rewards"]

_TAIL_BARS = 100  # below, the 5 % tail is made of fewer than five bars
_ONE_IN_A_HUNDRED = 2.5758293035489004  # two-sided 1 % point of the normal distribution
_NO_LOSS = "no bar lost"
_FLAGGED_NO_LOSS = ("no_losses",)


def put_growth(path: AccountPath, out: Gathered) -> None:
    """Bars, total return, growth rates and volatility."""
    n, short = path.bars, path.short
    out.put("bars", float(n), "")
    growth = float(path.equity[-1]) / path.initial if n else math.nan
    out.put("total_return", growth - 1.0, path.obstacle)
    few = f"{n} bars are too few for a growth rate (at least {CAGR_BARS})" if n < CAGR_BARS else ""
    base = growth if not path.obstacle and n >= CAGR_BARS else math.nan
    reason = path.obstacle or few
    out.put("cagr", annual_growth(base, n, path.annual), reason or path.annual_reason("beyond float64"), short)
    times = path.curve.opened_at
    if times is None:
        out.put("calendar_cagr", math.nan, reason or "the bars carry no times (opened_at)", short)
    else:
        out.put("calendar_cagr", annual_growth(base, span_days(times), YEAR_DAYS), reason or "beyond float64", short)


def put_rewards(path: AccountPath, out: Gathered) -> None:
    """Volatility and the ratios of reward to the spread of returns."""
    if path.obstacle:
        names = ("volatility", "sharpe", "sharpe_autocorrelated", "sortino", "omega")
        return out.put_undefined(names, path.obstacle)
    x, annual, root = path.returns, path.annual, math.sqrt(path.annual)
    skew, kurt = path.shape
    excess = path.mean - path.curve.risk_free
    per_bar = reward_ratio(excess, path.deviation, 1.0)
    flags = path.short
    if path.deviation > 0.0 and abs(path.correlations[0]) > _ONE_IN_A_HUNDRED / math.sqrt(path.bars):
        flags = (*flags, "autocorrelated")
    spread = path.deviation * root
    error = spread * math.sqrt((kurt - 1.0) / (4.0 * path.bars))
    out.put("volatility", spread, path.annual_reason("one bar has no spread"), flags, error)
    value = reward_ratio(excess, path.deviation, annual)
    error = standard_error_of(per_bar, skew, kurt, path.bars) * root
    out.put("sharpe", value, path.annual_reason(NO_VARIATION), flags, error)
    lo = math.nan if math.isnan(annual) else scaled_to_year(per_bar, annual, path.correlations)
    why = NO_VARIATION if math.isnan(per_bar) else "the estimated variance of a year's return is not positive"
    out.put("sharpe_autocorrelated", lo, path.annual_reason(why), path.short)
    value = downside_ratio(path.mean, x, 0.0, annual)
    out.put("sortino", value, path.annual_reason(_NO_LOSS), path.short + (() if path.sides[3] else _FLAGGED_NO_LOSS))
    value = ratio(path.sides[0], path.sides[1])
    out.put("omega", value, _NO_LOSS, _FLAGGED_NO_LOSS if math.isnan(value) else ())
    return None


def put_distribution(path: AccountPath, out: Gathered) -> None:
    """Tails and shape of the bar returns."""
    if path.obstacle:
        names = ("value_at_risk", "conditional_value_at_risk", "tail_ratio", "skewness", "kurtosis", "autocorrelation")
        return out.put_undefined((*names, "best_bar", "worst_bar", "positive_bars", "pf_bar"), path.obstacle)
    x = path.returns
    low, high, before = sorted_tails(x, 0.05, 0.95)
    at_risk = quantile_of_tail(low, 0, x.size, 0.05)
    chance = quantile_of_tail(high, before, x.size, 0.95)
    worst, best = extremes(x)
    few = ("short_sample",) if path.bars < _TAIL_BARS else ()
    out.put("value_at_risk", at_risk, "", few)
    out.put("conditional_value_at_risk", shortfall_of_sorted(low, at_risk), "", few)
    out.put("tail_ratio", ratio(abs(chance), abs(at_risk)), "the 5 % quantile is 0", few)
    out.put("skewness", path.shape[0], NO_VARIATION)
    out.put("kurtosis", path.shape[1], NO_VARIATION)
    out.put("autocorrelation", path.correlations[0], NO_VARIATION, (), 1.0 / math.sqrt(path.bars))
    out.put("best_bar", best, "")
    out.put("worst_bar", worst, "")
    share = path.sides[2] / path.bars
    out.put("positive_bars", share, "", (), math.sqrt(ratio(share * (1.0 - share), float(path.bars))))
    value = ratio(path.sides[0], path.sides[1])
    out.put("pf_bar", value, _NO_LOSS, _FLAGGED_NO_LOSS if math.isnan(value) else ())
    return None
