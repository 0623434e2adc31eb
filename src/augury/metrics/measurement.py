"""All measures of one account."""

from __future__ import annotations

from augury.arrays import FloatVector
from augury.metrics.account_path import AccountPath
from augury.metrics.definitions import MEASURES
from augury.metrics.measured_benchmark import put_benchmark
from augury.metrics.measured_drawdowns import put_drawdowns
from augury.metrics.measured_returns import put_distribution, put_growth, put_rewards
from augury.metrics.measured_trades import put_trades, put_trading
from augury.metrics.measures import Metrics
from augury.metrics.measuring import Gathered
from augury.metrics.records import Curve, TradeOutcomes

__all__ = ["measure"]


def measure(curve: Curve, trades: TradeOutcomes | None = None, benchmark: FloatVector | None = None) -> Metrics:
    """Every measure that the arguments allow, in a fixed order, each number equal bit for bit to its own function's.

    curve: the account over n bars. trades: its round trips; without them there is no Trades group. benchmark
    float64[n]: simple bar returns of the same bars (the first from before bar 0); without it there is no Benchmark
    group. Undefined measures are NaN with a reason; short samples are refused (growth under 20 bars) or flagged (see
    FLAGS). InvalidInput for NaN, unequal lengths, unsorted times or prices where returns belong.

    >>> import numpy as np
    >>> found = measure(Curve(equity=np.linspace(101.0, 130.0, 300), initial_cash=100.0, periods_per_year=252.0))
    >>> round(float(found.total_return), 6), found["max_drawdown"].value
    (0.3, 0.0)
    >>> found.calmar.reason
    'the curve never fell'
    """
    path, out = AccountPath(curve), Gathered()
    put_growth(path, out)
    put_rewards(path, out)
    put_drawdowns(path, out)
    put_distribution(path, out)
    put_trading(path, out)
    if trades is not None:
        put_trades(trades, out)
    if benchmark is not None:
        put_benchmark(path, benchmark, out)
    found = {item.name: item for item in out.measures}
    return Metrics(found[name] for name in MEASURES if name in found)
