"""CPU time of a portfolio of 500 symbols x 2,520 daily bars, monthly equal weights, beside vectorbt's shared cash."""

from __future__ import annotations

import time
import warnings

import numpy as np
import pandas as pd

from augury.backtest.panel import Panel
from augury.backtest.portfolio import run_portfolio
from augury.backtest.portfolio_kernel import run_block
from augury.backtest.portfolio_layout import Bars, Curves, new_book
from augury.backtest.portfolio_spec import PortfolioSpec, RebalanceSpec
from augury.backtest.rebalancing import due_bars
from augury.market.bars import BarArrays
from timing import best_of

SYMBOLS, BARS = 500, 2520


def market() -> tuple[dict[str, BarArrays], pd.DataFrame, pd.DataFrame]:
    rng = np.random.default_rng(7)
    days = pd.bdate_range("2010-01-01", periods=BARS, tz="UTC")
    close = 50.0 * np.exp(np.cumsum(rng.normal(3e-4, 0.015, (BARS, SYMBOLS)), axis=0))
    first = np.vstack([np.full((1, SYMBOLS), 50.0), close[:-1]]) * np.exp(rng.normal(0.0, 0.003, close.shape))
    names = [f"S{s:03d}" for s in range(SYMBOLS)]
    times = days.as_unit("ns").asi8
    bars = {}
    for s, name in enumerate(names):
        o, c = first[:, s], close[:, s]
        bars[name] = BarArrays(
            times, np.ascontiguousarray([o, np.maximum(o, c), np.minimum(o, c), c, np.full(BARS, 1e6)])
        )
    return bars, pd.DataFrame(first, days, names), pd.DataFrame(close, days, names)


def kernel_alone(panel: Panel, spec: PortfolioSpec) -> float:
    """Seconds of the compiled loop alone."""
    (block,) = panel.blocks(BARS)
    due = due_bars(panel.opened_at, spec.rebalance, 0, BARS, same_close=False)
    rows = np.full((1, SYMBOLS), 1.0 / SYMBOLS)
    bars = Bars(block.values, np.zeros(BARS), np.zeros(BARS, dtype=np.int64), due, rows, 0, 0)
    curves = Curves(*(np.empty(BARS) for _ in range(4)), np.empty(BARS, dtype=np.int64))
    times = []
    for _ in range(10):
        book, start = new_book(spec, SYMBOLS, panel.actions), 0
        began = time.thread_time()
        while start < BARS:
            start = run_block(book, bars, curves, start)
            book.account[2] = 0.0
        times.append(time.thread_time() - began)
    return min(times)


def vectorbt_seconds(opens: pd.DataFrame, closes: pd.DataFrame, due: np.ndarray) -> tuple[float, float]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import vectorbt as vbt

        sizes = pd.DataFrame(np.nan, closes.index, closes.columns)
        sizes.iloc[np.flatnonzero(due) + 1] = 0.95 / SYMBOLS
        sizes.iloc[1] = 0.95 / SYMBOLS
        final = []

        def work() -> None:
            portfolio = vbt.Portfolio.from_orders(
                close=closes, size=sizes, price=opens, val_price=opens, size_type="targetpercent", fees=0.001,
                slippage=0.0005, cash_sharing=True, group_by=True, call_seq="auto", init_cash=10_000.0,
            )  # fmt: skip
            final.append(portfolio.value().iloc[-1])

        work()
        return best_of(work, 3), float(final[-1])


def main() -> None:
    bars, opens, closes = market()
    spec = PortfolioSpec(rebalance=RebalanceSpec(when="monthly"), sizing="before_costs")
    panel = Panel.of(bars)
    loaded = panel.loaded()
    weights = dict.fromkeys(panel.symbols, 0.95 / SYMBOLS)
    run = run_portfolio(loaded, weights, spec)
    whole = best_of(lambda: run_portfolio(loaded, weights, spec), 5)
    align = best_of(lambda: run_portfolio(panel, weights, spec), 3)
    due = due_bars(panel.opened_at, spec.rebalance, 0, BARS, same_close=False)
    peer, final = vectorbt_seconds(opens, closes, due)
    print(f"{SYMBOLS} symbols x {BARS} bars, monthly, {len(run.fills):,} fills")
    print(f"kernel alone                 {kernel_alone(loaded, spec) * 1e3:8.1f} ms")
    print(f"run_portfolio, panel loaded  {whole * 1e3:8.1f} ms")
    print(f"run_portfolio, with aligning {align * 1e3:8.1f} ms")
    print(f"vectorbt from_orders + value {peer * 1e3:8.1f} ms   ({peer / whole:.1f} x)")
    print(f"final equity {run.equity[-1]:.9f}, vectorbt {final:.9f}")


if __name__ == "__main__":
    main()
