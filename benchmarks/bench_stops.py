"""500,000 one-minute bars, entries and exits at crossings, stop 2 % and target 4 %: best CPU time of several."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from augury.backtest import BacktestSpec, ExitSpec
from augury.backtest.account import layout as at
from augury.backtest.account.engine import EngineRun, run_engine
from augury.backtest.account.trades import Trades, traded_notional, trades_of
from augury.backtest.orders.signals import Signals, run_signal_engine, signal_events
from augury.market.bars import BarArrays
from augury.metrics import Curve, Metrics, measure, measure_many
from peers import absent, load, vectorbt_engines
from timing import beside, best_of, best_of_process, shown, sized
from vectorbt_side import set_engine
from workloads import COSTS, agreed, minutes, passed, peers_frame

BARS = sized(500_000, 20_000)
STOP, TARGET = 0.02, 0.04
BARS_A_YEAR = 252 * 1440.0
FAST, SLOW = 120, 960
GOAL = ">= 20 x"
SPEC = BacktestSpec(
    initial_cash=100_000.0,
    fill="same_close",  # vectorbt's stops start at the bar after the entry, whose close they are measured from
    costs=COSTS.replace(slippage_rate=0.0),  # vectorbt's stops slip nothing
    exits=ExitSpec(stop_loss=STOP, take_profit=TARGET),
    periods_per_year=BARS_A_YEAR,
)
NAME = "flags in, trades as an array and final equity out"
SOME = "flags in, trades as an array, return, Sharpe and drawdown out"
ALL = "flags in, table of trades and every measure out"


class Mine(NamedTuple):
    """Our CPU seconds."""

    few: float
    some: float
    whole: float


def crossings(bars: BarArrays) -> tuple[np.ndarray, np.ndarray]:
    closes = pd.Series(bars.matrix[3])
    above = (closes.rolling(FAST).mean() > closes.rolling(SLOW).mean()).to_numpy()
    turned = np.diff(above.astype(np.int8), prepend=0)
    return turned > 0, turned < 0


def ours(bars: BarArrays, entries: np.ndarray, exits: np.ndarray) -> tuple[EngineRun, Trades]:
    run = run_signal_engine(bars, Signals(long_entries=entries, long_exits=exits), SPEC)
    return run, trades_of(run)


def headline(bars: BarArrays, entries: np.ndarray, exits: np.ndarray) -> tuple[Trades, dict[str, np.ndarray]]:
    """The trades and the seven measures that searches rank by."""
    run, trades = ours(bars, entries, exits)
    return trades, measure_many(run.equity[None, :], SPEC.initial_cash, BARS_A_YEAR, workers=1)


def everything(bars: BarArrays, entries: np.ndarray, exits: np.ndarray) -> tuple[Metrics, pd.DataFrame]:
    """Every measure and the table of trades."""
    run, trades = ours(bars, entries, exits)
    curve = Curve(
        equity=run.equity,
        initial_cash=SPEC.initial_cash,
        periods_per_year=BARS_A_YEAR,
        opened_at=bars.opened_at,
        gross_exposure=np.abs(run.units * bars.matrix[3] / run.equity),
        traded_notional=traded_notional(run),
    )
    return measure(curve, trades.outcomes()), trades.to_frame(bars.opened_at)


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


def row(name: str, mine: float, peer: str, theirs: float, agreement: str, note: str) -> dict[str, Any]:
    return beside(mine, theirs, name=name, peer=peer, target=GOAL, agreement=agreement, note=note)


def vectorbt_rows(bars: BarArrays, entries: np.ndarray, exits: np.ndarray, mine: Mine) -> list[dict[str, Any]]:
    vbt, why_not = load("vectorbt")
    if vbt is None:
        return [absent(NAME, "vectorbt", GOAL, why_not)]
    frame, rows = peers_frame(bars), []
    run, trades = ours(bars, entries, exits)
    metrics, _ = everything(bars, entries, exits)
    filled = vbt.portfolio.enums.StopEntryPrice.FillPrice

    def portfolio() -> Any:
        return vbt.Portfolio.from_signals(
            frame["close"], entries, exits, size=np.inf, fees=SPEC.costs.commission_rate, slippage=0.0,
            open=frame["open"], high=frame["high"], low=frame["low"], sl_stop=STOP, tp_stop=TARGET,
            stop_entry_price=filled, init_cash=SPEC.initial_cash, freq="1min",
        )  # fmt: skip

    def few() -> tuple[float, Any]:
        made = portfolio()
        return made.final_value(), made.trades.records

    def some() -> tuple[float, float, float, Any]:
        made = portfolio()
        return made.total_return(), made.sharpe_ratio(), made.max_drawdown(), made.trades.records

    def whole() -> tuple[Any, Any]:
        made = portfolio()
        return made.stats(), made.trades.records

    for peer, engine in vectorbt_engines():
        set_engine(vbt, engine)
        final, records = passed(few)
        assert len(records) == len(trades)
        agreement = agreed(run.equity[-1], final) + ", every trade too"
        agreed(trades.profit_and_loss, records["pnl"], 1e-9, 1e-6)
        seconds = passed(lambda: best_of_process(few, sized(5, 1)))
        rows.append(row(NAME, mine.few, peer, seconds, agreement, "from_signals, final_value(), trades.records"))
        values = [float(metrics[name]) for name in ("total_return", "sharpe", "max_drawdown")]
        agreement = agreed(values, passed(some)[:3])
        seconds = passed(lambda: best_of_process(some, sized(5, 1)))
        rows.append(row(SOME, mine.some, peer, seconds, agreement, "the same, total_return(), sharpe_ratio(), ..."))
        stats, _ = passed(whole)
        theirs = (stats["Total Return [%]"], stats["Sharpe Ratio"], -stats["Max Drawdown [%]"])
        agreement = agreed(np.array([100.0, 1.0, 100.0]) * values, theirs)
        seconds = passed(lambda: best_of_process(whole, sized(3, 1)))
        rows.append(
            row(
                ALL,
                mine.whole,
                peer,
                seconds,
                agreement,
                "from_signals, stats(), trades.records (records_readable takes 2 s)",
            )
        )
    return rows


def backtesting_row(bars: BarArrays, entries: np.ndarray, exits: np.ndarray, mine: Mine) -> dict[str, Any]:
    backtesting, why_not = load("backtesting")
    if backtesting is None:
        return absent(ALL, "backtesting.py", GOAL, why_not)

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
    return row(ALL, mine.whole, "backtesting.py", seconds, "other rules", note)


def run() -> list[dict[str, Any]]:
    bars = minutes(BARS)
    entries, exits = without_signals_at_stops(bars)
    done, trades = ours(bars, entries, exits)
    why = done.fills[:, at.FILL_WHY]
    few = best_of(lambda: ours(bars, entries, exits), sized(15, 2))
    some = best_of(lambda: headline(bars, entries, exits), sized(15, 2))
    mine = Mine(few, some, best_of(lambda: everything(bars, entries, exits), sized(9, 2)))
    events = signal_events(bars, Signals(long_entries=entries, long_exits=exits), SPEC)
    engine = best_of(lambda: run_engine(bars, events, SPEC, events=True), sized(15, 2))
    stopped, taken = int((why == at.STOPPED).sum()), int((why == at.TAKEN).sum())
    what = f"{BARS:,} bars, {len(trades):,} trades, {stopped} stopped, {taken} at the target"
    rows = [
        {"name": NAME, "ours": shown(few), "note": f"{what}; {BARS / few / 1e6:.0f} M bars/s"},
        {"name": "the engine alone", "ours": shown(engine), "note": f"{BARS / engine / 1e6:.0f} M bars/s"},
    ]
    return [*rows, *vectorbt_rows(bars, entries, exits, mine), backtesting_row(bars, entries, exits, mine)]
