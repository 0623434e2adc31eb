"""CPU time of a portfolio of 500 symbols x 2,520 daily bars, monthly equal weights, beside vectorbt's shared cash."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pandas as pd

from augury.backtest.portfolio.panel import Panel
from augury.backtest.portfolio.portfolio_kernel import run_block
from augury.backtest.portfolio.portfolio_layout import Bars, Curves, new_book
from augury.backtest.portfolio.portfolio_spec import PortfolioSpec, RebalanceSpec
from augury.backtest.portfolio.rebalancing import due_bars
from augury.backtest.portfolio.running import run_portfolio_engine
from augury.market.bars import BarArrays
from peers import absent, load, vectorbt_engines
from timing import best_of, best_of_process, shown, sized
from vectorbt_side import set_engine
from workloads import agreed, passed

SYMBOLS, BARS = sized((500, 2520), (50, 600))
NAME = f"{SYMBOLS} symbols x {BARS:,} daily bars, monthly"


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
    days = days.tz_localize(None)  # an index with a time zone costs vectorbt seconds
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


def vectorbt_seconds(vbt: Any, opens: pd.DataFrame, closes: pd.DataFrame, due: np.ndarray) -> tuple[float, float]:
    """CPU seconds and the final value of its shared cash with the same orders."""
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
    return best_of_process(work, sized(3, 1)), float(final[-1])


def run() -> list[dict[str, Any]]:
    bars, opens, closes = market()
    spec = PortfolioSpec(rebalance=RebalanceSpec(when="monthly"), sizing="before_costs")
    panel = Panel.of(bars)
    loaded = panel.loaded()
    weights = dict.fromkeys(panel.symbols, 0.95 / SYMBOLS)
    done = run_portfolio_engine(loaded, weights, spec)
    whole = best_of(lambda: run_portfolio_engine(loaded, weights, spec), sized(5, 2))
    align = best_of(lambda: run_portfolio_engine(panel, weights, spec), sized(3, 1))
    steps = SYMBOLS * BARS
    rows: list[dict[str, Any]] = [
        {"name": f"{NAME}, compiled loop alone", "ours": shown(kernel_alone(loaded, spec))},
        {"name": f"{NAME}, calendars aligned anew", "ours": shown(align), "note": f"{len(done.fills):,} fills"},
    ]
    vbt, why_not = load("vectorbt")
    if vbt is None:
        return [*rows, absent(NAME, "vectorbt", "", why_not)]
    due = due_bars(panel.opened_at, spec.rebalance, 0, BARS, same_close=False)
    for peer, engine in vectorbt_engines():
        set_engine(vbt, engine)
        seconds, final = passed(lambda: vectorbt_seconds(vbt, opens, closes, due))
        rows.append(
            {
                "name": NAME,
                "ours": shown(whole),
                "peer": peer,
                "peer_time": shown(seconds),
                "ratio": seconds / whole,
                "agreement": agreed(done.equity[-1], final),
                "note": f"from_orders with shared cash, value(); ours {steps / whole / 1e6:.0f} M bars/s",
            }
        )
    return rows
