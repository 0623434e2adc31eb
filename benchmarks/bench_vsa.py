"""Volume spread analysis and indicators: batch and stream, beside pandas and bare TA-Lib."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import talib

from augury.features import make
from augury.market import bar_arrays, bars_frame
from augury.testing import garch_bars

BARS = 5_000


def cpu_us(action: Callable[[], object], repeats: int, per: int) -> float:
    """Median CPU time of one call, in microseconds for each of `per` items."""
    action()
    times = []
    for _ in range(repeats):
        started = time.process_time()
        action()
        times.append(time.process_time() - started)
    return statistics.median(times) * 1e6 / per


def pandas_vsa(bars: pd.DataFrame) -> pd.DataFrame:
    """The events of volume spread analysis as a researcher writes them: rolling windows, one column at a time."""
    spread = bars["high"] - bars["low"]
    volume, close = bars["volume"], bars["close"]
    rs = spread / spread.shift(1).rolling(50).mean()
    rv = volume / volume.shift(1).rolling(50).mean()
    cp = ((close - bars["low"]) / spread.where(spread > 0)).fillna(0.5)
    up, down = close > close.shift(1), close < close.shift(1)
    quiet = (rs < 0.8) & (rv < 1.0) & (volume < volume.shift(1)) & (volume < volume.shift(2))
    low20, high20 = bars["low"].rolling(20).min(), bars["high"].rolling(20).max()
    low10, high10 = bars["low"].rolling(10).min(), bars["high"].rolling(10).max()
    earlier_high, earlier_low = bars["high"].shift(1).rolling(20).max(), bars["low"].shift(1).rolling(20).min()
    events = {
        "no_demand": quiet & up & (cp <= 0.6),
        "no_supply": quiet & down & (cp >= 0.4),
        "selling_climax": (rv > 2) & (rs > 1.5) & down & (bars["low"] <= low20),
        "buying_climax": (rv > 2) & (rs > 1.5) & up & (bars["high"] >= high20),
        "stopping_bull": (rv > 2) & down & (cp > 0.5) & (bars["low"] <= low10),
        "stopping_bear": (rv > 2) & up & (cp < 0.5) & (bars["high"] >= high10),
        "upthrust": (bars["high"] > earlier_high) & (cp < 0.3) & (rs > 1) & (rv > 1),
        "spring": (bars["low"] < earlier_low) & (cp > 0.7) & (rs > 1) & (rv > 1),
    }
    frame = pd.DataFrame(events)
    weights = np.array([-0.5, 0.5, 0.6, -0.6, 0.7, -0.7, -0.7, 0.7])
    score = (frame.to_numpy(dtype=float) @ weights + 0.25 * (2 * cp - 1) * np.tanh(rv - 1)).clip(-1, 1)
    frame["score_ema"] = pd.Series(score, index=bars.index).ewm(span=5, adjust=False).mean()
    return frame


def row(name: str, ours: float, peer: str, theirs: float, note: str) -> dict[str, Any]:
    return {"name": name, "ours_us": ours, "peer": peer, "peer_us": theirs, "ratio": theirs / ours, "note": note}


def run() -> list[dict[str, Any]]:
    bars = garch_bars(BARS, seed=3)
    arrays = bar_arrays(bars)
    rows = []
    vsa = make("vsa")
    batch = cpu_us(lambda: vsa.batch(arrays.opened_at, arrays.matrix), 20, BARS)
    whole = cpu_us(lambda: pandas_vsa(bars), 5, BARS)
    rows.append(row("vsa batch, a bar", batch, "pandas, whole history", whole, f"{BARS:,} bars, 19 outputs against 9"))
    window = bars_frame(arrays.opened_at[-120:], np.ascontiguousarray(arrays.matrix[:, -120:]))
    again = cpu_us(lambda: pandas_vsa(window), 20, 1)
    stream = vsa.open_stream()
    columns = [arrays.matrix[:, t].copy() for t in range(BARS)]
    live = cpu_us(lambda: [stream.update(int(arrays.opened_at[t]), columns[t]) for t in range(BARS)], 3, BARS)
    rows.append(row("vsa stream, a bar", live, "pandas on the last 120 bars", again, "the peer has no stream"))
    for name, function in (("rsi", talib.RSI), ("atr", talib.ATR)):
        feature = make(name)
        inputs = [arrays.matrix[3]] if name == "rsi" else list(arrays.matrix[1:4])
        adapted = cpu_us(lambda f=feature: f.batch(arrays.opened_at, arrays.matrix), 50, BARS)
        bare = cpu_us(lambda f=function, i=inputs: f(*i), 50, BARS)
        rows.append(row(f"{name} batch, a bar", adapted, "bare TA-Lib", bare, "the adapter adds NaN and flat rules"))
    return rows
