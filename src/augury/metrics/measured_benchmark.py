"""The measures against a benchmark."""

from __future__ import annotations

import math

from augury.arrays import FloatVector
from augury.metrics.account_path import UNKNOWN_YEAR, AccountPath
from augury.metrics.benchmark.active_return import active_growth
from augury.metrics.benchmark.capture import capture
from augury.metrics.benchmark.correlation import correlation_of
from augury.metrics.benchmark.least_squares import Line, line_through
from augury.metrics.benchmark.paired import paired
from augury.metrics.curve_kernels import mean_and_std
from augury.metrics.definitions import MEASURES
from augury.metrics.headline_kernels import CAGR_BARS, reward_ratio
from augury.metrics.measuring import Gathered
from augury.metrics.returns.sharpe import sharpe_standard_error

__all__ = ["put_benchmark"]

_ANNUAL = ("alpha", "active_return", "tracking_error", "information_ratio")


def put_benchmark(path: AccountPath, benchmark: FloatVector, out: Gathered) -> None:
    """Regression on, difference to and capture of a benchmark's returns float64[n]."""
    if path.obstacle:
        names = [name for name, definition in MEASURES.items() if definition.group == "Benchmark"]
        return out.put_undefined(names, path.obstacle)
    x, b = paired(path.returns, benchmark)
    line = line_through(x, b)
    _put_annual(path, x, b, line, out)
    out.put("beta", line.slope, "the benchmark does not vary", (), line.slope_error)
    out.put("correlation", correlation_of(x, b), "the returns or the benchmark's do not vary")
    out.put("up_capture", capture(x, b, 1.0), "the benchmark never rose")
    out.put("down_capture", capture(x, b, -1.0), "the benchmark never fell")
    return None


def _put_annual(path: AccountPath, x: FloatVector, b: FloatVector, line: Line, out: Gathered) -> None:
    annual, short = path.annual, path.short
    if math.isnan(annual):
        return out.put_undefined(_ANNUAL, UNKNOWN_YEAR)
    free = path.curve.risk_free
    own = line if free == 0.0 else line_through(x - free, b - free)
    error = own.intercept_error * annual
    out.put("alpha", own.intercept * annual, "the benchmark does not vary", short, error)
    few = f"{x.size} bars are too few for a growth rate (at least {CAGR_BARS})"
    out.put("active_return", active_growth(x, b, annual), few if x.size < CAGR_BARS else "a return is -1", short)
    apart = x - b
    mean, deviation = mean_and_std(apart)
    out.put("tracking_error", deviation * math.sqrt(annual), "one bar has no spread", short)
    error = sharpe_standard_error(apart, annual)
    same = "the difference to the benchmark does not vary"
    out.put("information_ratio", reward_ratio(mean, deviation, annual), same, short, error)
    return None
