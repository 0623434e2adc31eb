"""What a first script of a user does, timed from process start: `start_script.py augury|vectorbt-ENGINE FILE.csv`.

Reads the CSV, runs SMA 10/30 with costs, prints final equity, Sharpe ratio, the number of trades and peak megabytes.
"""

from __future__ import annotations

import sys
import warnings

from timing import peak_megabytes


def ours(path: str) -> None:
    from augury.backtest import BacktestSpec, run_backtest
    from augury.market import read_bars

    bars = read_bars(path)
    result = run_backtest("sma_crossover", bars, {"fast": 10, "slow": 30}, BacktestSpec(periods_per_year=252.0))
    print(result.equity.iloc[-1], float(result.metrics.sharpe), len(result.trades))


def vectorbt(path: str, engine: str) -> None:
    import numpy as np
    import pandas as pd
    import vectorbt as vbt

    vbt.settings["engine"] = engine
    vbt.settings.returns["year_freq"] = "252 days"
    bars = pd.read_csv(path, index_col=0, parse_dates=True)
    fast, slow = (vbt.MA.run(bars["close"], window) for window in (10, 30))
    above = fast.ma_above(slow)
    portfolio = vbt.Portfolio.from_signals(
        bars["close"], above.vbt.signals.fshift(1), (~above).vbt.signals.fshift(1), price=bars["open"], size=np.inf,
        fees=0.001, slippage=0.0005, init_cash=10_000.0, freq="1D",
    )  # fmt: skip
    print(portfolio.final_value(), portfolio.sharpe_ratio(), len(portfolio.trades.records_readable))


def main() -> None:
    warnings.simplefilter("ignore")
    library, _, engine = sys.argv[1].partition("-")
    if library == "augury":
        ours(sys.argv[2])
    else:
        vectorbt(sys.argv[2], engine)
    print(peak_megabytes())


if __name__ == "__main__":
    main()
