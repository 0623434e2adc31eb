"""500,000 one-minute bars, entries and exits at crossings, stop 2 % and target 4 %: best CPU time of several."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from augury.backtest import BacktestSpec, ExitSpec
from augury.backtest.account import layout as at
from augury.backtest.account.engine import EngineRun, run_engine
from augury.backtest.account.trades import Trades, trades_of
from augury.backtest.orders.signals_door import Signals, run_signals, signal_events
from augury.market.bars import BarArrays
from peers import absent, load, vectorbt_engines
from timing import best_of, best_of_process, shown, sized
from vectorbt_side import set_engine
from workloads import COSTS, agreed, minutes, passed, peers_frame

BARS = sized(500_000, 20_000)
STOP, TARGET = 0.02, 0.04
FAST, SLOW = 120, 960
GOAL = ">= 20 x"
SPEC = BacktestSpec(
    initial_cash=100_000.0,
    fill="same_close",  # vectorbt's stops start at the bar after the entry, whose close they are measured from
    costs=COSTS.replace(slippage_rate=0.0),  # vectorbt's stops slip nothing
    exits=ExitSpec(stop_loss=STOP, take_profit=TARGET),
    periods_per_year=525_600.0,
)
NAME = "flags in, trades and final equity out"


def crossings(bars: BarArrays) -> tuple[np.ndarray, np.ndarray]:
    closes = pd.Series(bars.matrix[3])
    above = (closes.rolling(FAST).mean() > closes.rolling(SLOW).mean()).to_numpy()
    turned = np.diff(above.astype(np.int8), prepend=0)
    return turned > 0, turned < 0


def ours(bars: BarArrays, entries: np.ndarray, exits: np.ndarray) -> tuple[EngineRun, Trades]:
    run = run_signals(bars, Signals(long_entries=entries, long_exits=exits), SPEC)
    return run, trades_of(run)


def without_signals_at_stops(bars: BarArrays) -> tuple[np.ndarray, np.ndarray]:
    """vectorbt hides a signal of the bar in which a stop fills, Augury follows it at the close: such are taken out."""
    entries, exits = crossings(bars)
    while True:
        run, _ = ours(bars, entries, exits)
        why = run.fills[:, at.FILL_WHY]
        stops = run.fills[(why == at.STOPPED) | (why == at.TAKEN), at.FILL_BAR].astype(int)
        if not (entries[stops] | exits[stops]).any():
            return entries, exits
        entries[stops] = exits[stops] = False


def row(mine: float, peer: str, theirs: float, agreement: str, note: str) -> dict[str, Any]:
    return {
        "name": NAME,
        "ours": shown(mine),
        "peer": peer,
        "peer_time": shown(theirs),
        "ratio": theirs / mine,
        "target": GOAL,
        "agreement": agreement,
        "note": note,
    }


def vectorbt_rows(bars: BarArrays, entries: np.ndarray, exits: np.ndarray, mine: float) -> list[dict[str, Any]]:
    vbt, why_not = load("vectorbt")
    if vbt is None:
        return [absent(NAME, "vectorbt", GOAL, why_not)]
    frame, rows = peers_frame(bars), []
    run, trades = ours(bars, entries, exits)
    filled = vbt.portfolio.enums.StopEntryPrice.FillPrice

    def theirs() -> tuple[float, Any]:
        portfolio = vbt.Portfolio.from_signals(
            frame["close"], entries, exits, size=np.inf, fees=SPEC.costs.commission_rate, slippage=0.0,
            open=frame["open"], high=frame["high"], low=frame["low"], sl_stop=STOP, tp_stop=TARGET,
            stop_entry_price=filled, init_cash=SPEC.initial_cash, freq="1min",
        )  # fmt: skip
        return portfolio.final_value(), portfolio.trades.records

    for peer, engine in vectorbt_engines():
        set_engine(vbt, engine)
        final, records = passed(theirs)
        assert len(records) == len(trades)
        agreement = agreed(run.equity[-1], final)
        agreed(trades.profit_and_loss, records["pnl"], 1e-9, 1e-6)
        seconds = passed(lambda: best_of_process(theirs, sized(5, 1)))
        rows.append(
            row(mine, peer, seconds, agreement, "from_signals, final_value(), trades.records; every trade equal")
        )
    return rows


def backtesting_row(bars: BarArrays, entries: np.ndarray, exits: np.ndarray, mine: float) -> dict[str, Any]:
    backtesting, why_not = load("backtesting")
    if backtesting is None:
        return absent(NAME, "backtesting.py", GOAL, why_not)

    class Guarded(backtesting.Strategy):  # type: ignore[misc, name-defined]
        def init(self) -> None:
            pass

        def next(self) -> None:
            t = len(self.data) - 1
            if entries[t] and not self.position:
                close = self.data.Close[-1]
                self.buy(size=100, sl=close * (1.0 - STOP), tp=close * (1.0 + TARGET))
            elif exits[t] and self.position:
                self.position.close()

    frame = peers_frame(bars)
    frame.columns = [str(name).capitalize() for name in frame.columns]
    test = backtesting.Backtest(frame, Guarded, cash=SPEC.initial_cash, commission=SPEC.costs.commission_rate)
    seconds = passed(lambda: best_of_process(test.run, 1))
    note = "one run; fills at the next open, 100 units a trade: its numbers are compared in the tests, not here"
    return row(mine, "backtesting.py", seconds, "other rules", note)


def run() -> list[dict[str, Any]]:
    bars = minutes(BARS)
    entries, exits = without_signals_at_stops(bars)
    done, trades = ours(bars, entries, exits)
    why = done.fills[:, at.FILL_WHY]
    mine = best_of(lambda: ours(bars, entries, exits), sized(15, 2))
    events = signal_events(bars, Signals(long_entries=entries, long_exits=exits), SPEC)
    engine = best_of(lambda: run_engine(bars, events, SPEC, events=True), sized(15, 2))
    stopped, taken = int((why == at.STOPPED).sum()), int((why == at.TAKEN).sum())
    what = f"{BARS:,} bars, {len(trades):,} trades, {stopped} stopped, {taken} at the target"
    rows = [
        {"name": NAME, "ours": shown(mine), "note": f"{what}; {BARS / mine / 1e6:.0f} M bars/s"},
        {"name": "the engine alone", "ours": shown(engine), "note": f"{BARS / engine / 1e6:.0f} M bars/s"},
    ]
    return [*rows, *vectorbt_rows(bars, entries, exits, mine), backtesting_row(bars, entries, exits, mine)]
