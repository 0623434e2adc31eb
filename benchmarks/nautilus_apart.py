"""The one backtest of `bench_backtest` in nautilus_trader, which needs pandas below 3: `nautilus_apart.py`, by hand.

Makes an environment of its own in a temporary folder (`--folder` keeps it), installs nautilus_trader from PyPI into it,
runs SMA 10/30 on the same bars there and Augury here in the same minute. nautilus fills a market order sent at a bar's
close at that close and rounds money to cents; its final balance is compared with a plain account by those rules.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

VERSION, FAST, SLOW, UNITS, CASH, FEE = "1.221.0", 10, 30, 100, 1_000_000.0, 0.001


def in_nautilus(path: str, repeats: int) -> dict[str, float]:
    """Runs inside the other environment: best CPU seconds of a run with a new engine, and its final balance."""
    from decimal import Decimal

    import pandas as pd
    from nautilus_trader.backtest.config import BacktestEngineConfig
    from nautilus_trader.backtest.engine import BacktestEngine
    from nautilus_trader.config import LoggingConfig, StrategyConfig
    from nautilus_trader.indicators import SimpleMovingAverage
    from nautilus_trader.model.currencies import USD
    from nautilus_trader.model.data import BarType
    from nautilus_trader.model.enums import AccountType, OmsType, OrderSide
    from nautilus_trader.model.identifiers import InstrumentId, Symbol, Venue
    from nautilus_trader.model.instruments import Equity
    from nautilus_trader.model.objects import Money, Price, Quantity
    from nautilus_trader.persistence.wranglers import BarDataWrangler
    from nautilus_trader.trading.strategy import Strategy

    venue = Venue("XNAS")
    instrument = Equity(
        instrument_id=InstrumentId(Symbol("GOOG"), venue), raw_symbol=Symbol("GOOG"), currency=USD, price_precision=4,
        price_increment=Price.from_str("0.0001"), lot_size=Quantity.from_int(1), ts_event=0, ts_init=0,
        maker_fee=Decimal(str(FEE)), taker_fee=Decimal(str(FEE)),
    )  # fmt: skip
    kind = BarType.from_str("GOOG.XNAS-1-DAY-LAST-EXTERNAL")
    frame = pd.read_csv(path, index_col=0, parse_dates=True).tz_localize("UTC").round(4)
    bars = BarDataWrangler(kind, instrument).process(frame)

    class Crossing(Strategy):  # type: ignore[misc]
        def on_start(self) -> None:
            self.quick, self.calm = SimpleMovingAverage(FAST), SimpleMovingAverage(SLOW)
            self.register_indicator_for_bars(kind, self.quick)
            self.register_indicator_for_bars(kind, self.calm)
            self.subscribe_bars(kind)
            self.held = False

        def on_bar(self, bar: Any) -> None:  # noqa: ARG002
            if not self.indicators_initialized():
                return
            above = self.quick.value > self.calm.value
            if above != self.held:
                side = OrderSide.BUY if above else OrderSide.SELL
                order = self.order_factory.market(instrument.id, side, Quantity.from_int(UNITS))
                self.submit_order(order)
                self.held = above

    best, final, orders = float("inf"), 0.0, 0
    for _ in range(repeats):
        started = time.process_time()
        engine = BacktestEngine(BacktestEngineConfig(logging=LoggingConfig(bypass_logging=True)))
        engine.add_venue(venue, OmsType.NETTING, AccountType.CASH, [Money(CASH, USD)], base_currency=USD)
        engine.add_instrument(instrument)
        engine.add_data(bars)
        engine.add_strategy(Crossing(StrategyConfig(strategy_id="CROSSING-1")))
        engine.run()
        engine.trader.generate_positions_report()
        engine.get_result()
        best = min(best, time.process_time() - started)
        orders = len(engine.trader.generate_order_fills_report())
        final = float(engine.trader.generate_account_report(venue)["total"].iloc[-1])
        engine.dispose()
    return {"seconds": best, "cash": final, "orders": orders}


def plain_cash(closes: Any) -> tuple[float, int]:
    """Cash at the end and the number of fills of an account that fills at the close of the decision."""
    import numpy as np
    import pandas as pd

    closes = pd.Series(closes).round(4)
    above = (closes.rolling(FAST).mean() > closes.rolling(SLOW).mean()).to_numpy()
    turned = np.flatnonzero(np.diff(above.astype(int), prepend=0))
    cash = CASH
    for t in turned:
        value = UNITS * closes[t]
        cash -= (value if above[t] else -value) + round(FEE * value, 2)
    return cash, len(turned)


def environment(folder: Path) -> Path:
    """A Python with nautilus_trader in this folder, made when it is not there."""
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        subprocess.run(
            [str(python), "-m", "pip", "install", "-q", f"nautilus_trader=={VERSION}", "pandas<3"], check=True
        )
    return python


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="keep the environment here, and use it again")
    parser.add_argument("--inside", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.inside:
        print(json.dumps(in_nautilus(given.inside, 5)))
        return
    from bench_backtest import ours
    from timing import best_of, shown
    from workloads import frame_of, goog, peers_frame

    with tempfile.TemporaryDirectory() as scratch:
        python = environment(given.folder or Path(scratch) / "nautilus")
        table = Path(scratch) / "GOOG.csv"
        peers_frame(goog()).rename_axis("timestamp").to_csv(table)
        done = subprocess.run([str(python), __file__, "--inside", str(table)], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(done.stderr)
    found = json.loads(done.stdout.splitlines()[-1])
    cash, fills = plain_cash(goog().matrix[3])
    if fills != found["orders"] or abs(cash - found["cash"]) > 1e-6 * cash:
        sys.exit(f"nautilus: {found['orders']} fills, cash {found['cash']}; a plain account: {fills} fills, {cash:.2f}")
    frame = frame_of(goog())
    mine = best_of(lambda: ours(frame), 100)
    print(
        f"nautilus_trader {VERSION}: {shown(found['seconds'])}, Augury {shown(mine)}: {found['seconds'] / mine:.0f} x"
    )
    print(f"{fills} fills, cash at the end {found['cash']:,.2f}, as a plain account by its rules")


if __name__ == "__main__":
    main()
