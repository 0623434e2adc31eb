"""Run freqtrade's own backtest without a network, in the interpreter that has freqtrade.

    python run_freqtrade.py FOLDER

Markets, fees and candles are stated here instead of being fetched from an exchange; everything else (the engine, the
statistics, the files) is freqtrade's. The result lies in FOLDER/user_data/backtest_results, as
`freqtrade backtesting` leaves it, the candles in FOLDER/candles.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import ccxt
import numpy as np
import pandas as pd
from freqtrade.exchange.exchange import Exchange
from freqtrade.main import main

PAIRS = ("ALPHA/USDT", "BETA/USDT")
HERE = Path(__file__).parent


def market(pair: str) -> dict[str, object]:
    base, quote = pair.split("/")
    limits = {
        "amount": {"min": 1e-6, "max": None},
        "price": {"min": None, "max": None},
        "cost": {"min": 1.0, "max": None},
    }
    return {
        "id": base + quote, "symbol": pair, "base": base, "quote": quote, "baseId": base, "quoteId": quote,
        "active": True, "spot": True, "swap": False, "future": False, "margin": False, "type": "spot",
        "linear": None, "contract": False, "contractSize": None, "taker": 0.001, "maker": 0.001,
        "precision": {"amount": 1e-6, "price": 1e-4, "cost": 1e-4}, "limits": limits, "info": {},
    }  # fmt: skip


def candles(seed: int, days: int = 300) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    close = 100.0 * np.exp(np.cumsum(rng.normal(0.001, 0.03, days)))
    opening = np.r_[100.0, close[:-1]] * np.exp(rng.normal(0.0, 0.002, days))
    high = np.maximum(opening, close) * (1.0 + np.abs(rng.normal(0.0, 0.01, days)))
    low = np.minimum(opening, close) * (1.0 - np.abs(rng.normal(0.0, 0.01, days)))
    date = pd.date_range("2023-01-01", periods=days, freq="D", tz="UTC").as_unit("ms")
    values = {"open": opening, "high": high, "low": low, "close": close}
    rounded = {name: np.round(column, 4) for name, column in values.items()}
    return pd.DataFrame({"date": date, **rounded, "volume": np.full(days, 1e6)})


def load_markets(self: Exchange, reload: bool = False) -> None:
    stated = {pair: market(pair) for pair in PAIRS}
    self._api_async.set_markets(stated)
    self._api.set_markets(stated)


def nothing_to_ask(self: Exchange) -> None:
    """No account to look at."""


def markets_as_they_are(self: ccxt.binance, *given: object, **named: object) -> dict[str, object]:
    return self.markets


def run(folder: Path) -> None:
    data = folder / "user_data" / "data" / "binance"
    data.mkdir(parents=True)
    (folder / "candles").mkdir()
    for seed, pair in enumerate(PAIRS, start=3):
        frame = candles(seed)
        frame.to_feather(data / f"{pair.replace('/', '_')}-1d.feather")
        frame.rename(columns={"date": "timestamp"}).assign(symbol=pair).to_csv(
            folder / "candles" / f"{pair.split('/')[0]}.csv", index=False
        )
    config = {
        "stake_currency": "USDT", "stake_amount": 1000, "dry_run": True, "dry_run_wallet": 10_000, "max_open_trades": 2,
        "timeframe": "1d", "trading_mode": "spot", "margin_mode": "", "dataformat_ohlcv": "feather",
        "exchange": {"name": "binance", "key": "", "secret": "", "pair_whitelist": list(PAIRS), "pair_blacklist": []},
        "pairlists": [{"method": "StaticPairList"}],
        "entry_pricing": {"price_side": "same", "use_order_book": False},
        "exit_pricing": {"price_side": "same", "use_order_book": False},
    }  # fmt: skip
    (folder / "config.json").write_text(json.dumps(config))
    Exchange._load_async_markets = load_markets
    Exchange.additional_exchange_init = nothing_to_ask
    ccxt.binance.load_markets = markets_as_they_are
    # fmt: off
    main([
        "backtesting", "--config", str(folder / "config.json"), "--userdir", str(folder / "user_data"),
        "--strategy-list", "Crossing", "Breakout", "--strategy-path", str(HERE), "--export", "trades",
        "--cache", "none",
    ])
    # fmt: on


if __name__ == "__main__":
    run(Path(sys.argv[1]))
