"""The strategies that ship, each against a slow readable version made with pandas or TA-Lib."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import talib

from augury.market import bar_arrays
from augury.strategies import strategies, strategy_named
from augury.testing import BarStyle, garch_bars

BARS = garch_bars(900, style=BarStyle(volume_noise=0.7), seed=3)
TIE = 1e-9  # closer than this, relative to the price, two averages may fall on either side


def _either(above, shorts):
    return np.where(above, 1.0, -1.0 if shorts else 0.0)


def _machine(buy, leave_long, sell, leave_short):
    held, out = 0.0, []
    for enter, leave, enter_short, cover in zip(buy, leave_long, sell, leave_short, strict=True):
        if held == 1.0 and leave:
            held = 0.0
        if held == -1.0 and cover:
            held = 0.0
        if enter:
            held = 1.0
        elif enter_short:
            held = -1.0
        out.append(held)
    return np.array(out)


def _with_short(buy, leave_long, sell, leave_short, shorts):
    return _machine(buy, leave_long, sell & bool(shorts), leave_short)


def sma_crossover(bars, fast, slow, short):
    close = bars["close"]
    distance = close.rolling(fast).mean() - close.rolling(slow).mean()
    return _either(distance > 0, short), distance / close


def ema_crossover(bars, fast, slow, short):
    close = bars["close"].to_numpy()
    distance = talib.EMA(close, fast) - talib.EMA(close, slow) if fast > 1 else close - talib.EMA(close, slow)
    return _either(distance > 0, short), distance / close


def macd_trend(bars, fast, slow, signal, short):
    close = bars["close"].to_numpy()
    distance = talib.MACD(close, fast, slow, signal)[2]
    return _either(distance > 0, short), distance / close


def donchian_breakout(bars, entry_window, exit_window, short):
    high, low, close = bars["high"].shift(1), bars["low"].shift(1), bars["close"]
    held = _with_short(
        close > high.rolling(entry_window).max(),
        close < low.rolling(exit_window).min(),
        close < low.rolling(entry_window).min(),
        close > high.rolling(exit_window).max(),
        short,
    )
    return held, None


def momentum(bars, look_back, skip, short):
    return _either(bars["close"].shift(skip) > bars["close"].shift(look_back), short), None


def rsi_reversal(bars, window, oversold, recovered, short):
    index = talib.RSI(bars["close"].to_numpy(), window)
    held = _with_short(index < oversold, index > recovered, index > 100 - oversold, index < 100 - recovered, short)
    nearest = np.min(
        [np.abs(index - level) for level in (oversold, recovered, 100 - oversold, 100 - recovered)], axis=0
    )
    return held, nearest


def bollinger_reversal(bars, window, width, short):
    close = bars["close"]
    mean, deviation = close.rolling(window).mean(), close.rolling(window).std(ddof=0)
    held = _with_short(
        close < mean - width * deviation, close >= mean, close > mean + width * deviation, close <= mean, short
    )
    nearest = np.min([np.abs(close - mean), np.abs(np.abs(close - mean) - width * deviation)], axis=0)
    return held, nearest / close


def keltner_breakout(bars, window, range_window, width, short):
    high, low, close = (bars[name].to_numpy() for name in ("high", "low", "close"))
    middle = talib.EMA(close, window) if window > 1 else close
    reach = talib.ATR(high, low, close, range_window) if range_window > 1 else talib.TRANGE(high, low, close)
    off = np.where(np.isnan(reach), np.nan, close - middle)
    held = _with_short(off > width * reach, off < 0, off < -width * reach, off > 0, short)
    return held, np.min([np.abs(off), np.abs(np.abs(off) - width * reach)], axis=0) / close


def moving_average_envelope(bars, window, band, short):
    close = bars["close"]
    mean = close.rolling(window).mean()
    above, below = close > mean * (1 + band), close < mean * (1 - band)
    held = _with_short(above, below, below, above, short)
    return held, np.min([np.abs(close / mean - 1 - band), np.abs(close / mean - 1 + band)], axis=0)


def buy_and_hold(bars):
    return np.ones(len(bars)), None


ORACLES = {
    oracle.__name__: oracle
    for oracle in (
        bollinger_reversal,
        buy_and_hold,
        donchian_breakout,
        ema_crossover,
        keltner_breakout,
        macd_trend,
        momentum,
        moving_average_envelope,
        rsi_reversal,
        sma_crossover,
    )
}
CASES = {
    "sma_crossover": [{}, {"fast": 1, "slow": 2}, {"fast": 7, "slow": 150, "short": 1}],
    "ema_crossover": [{}, {"fast": 1, "slow": 2}, {"fast": 30, "slow": 31, "short": 1}],
    "macd_trend": [{}, {"fast": 2, "slow": 3, "signal": 2}, {"fast": 20, "slow": 60, "signal": 30, "short": 1}],
    "donchian_breakout": [
        {},
        {"short": 1},
        {"entry_window": 2, "exit_window": 1, "short": 1},
        {"entry_window": 55, "exit_window": 55},
    ],
    "momentum": [{}, {"look_back": 1, "skip": 0, "short": 1}, {"look_back": 40, "skip": 39}],
    "rsi_reversal": [{}, {"short": 1}, {"window": 2, "oversold": 10, "recovered": 65, "short": 1}, {"oversold": 49.5}],
    "bollinger_reversal": [{}, {"short": 1}, {"window": 2, "width": 0.5, "short": 1}, {"window": 100, "width": 1.5}],
    "keltner_breakout": [{}, {"short": 1}, {"window": 5, "range_window": 50, "width": 0.5, "short": 1}, {"width": 0}],
    "moving_average_envelope": [{}, {"short": 1}, {"window": 2, "band": 0.0, "short": 1}, {"window": 200}],
    "buy_and_hold": [{}],
}


def test_every_strategy_that_ships_has_an_oracle_and_says_where_it_is_from():
    assert set(strategies()) == set(ORACLES) == set(CASES)
    assert len(strategies()) >= 10
    for name, strategy in strategies().items():
        assert strategy.name == name
        assert strategy.compiled
        assert strategy.scale_free
        assert strategy.source or name == "buy_and_hold"


@pytest.mark.parametrize(
    ("name", "given"), [pytest.param(name, given, id=f"{name}-{given}") for name in CASES for given in CASES[name]]
)
def test_positions_equal_those_of_the_readable_version(name, given):
    strategy = strategy_named(name)
    values = strategy.values(given)
    found = strategy.evaluate(bar_arrays(BARS), values)
    named = {
        parameter.name: int(value) if parameter.integer else value
        for parameter, value in zip(strategy.parameters, values.tolist(), strict=True)
    }
    warm_up = strategy.warm_up(named)
    wanted, margin = ORACLES[name](BARS, **named)
    wanted[:warm_up] = 0.0
    if margin is not None:
        assert np.nanmin(np.abs(np.asarray(margin)[warm_up:])) > TIE, "the sample holds a tie; take another seed"
    np.testing.assert_array_equal(found, wanted)
    assert name == "buy_and_hold" or len(np.unique(found[warm_up:])) >= 2


def _flat(bars, price, start=0):
    changed = bars.copy()
    changed.iloc[start:, :4] = price
    return changed


@pytest.mark.parametrize("name", sorted(set(ORACLES) - {"buy_and_hold"}))
@pytest.mark.parametrize("price", [0.1, 1.1, 97.3, 4321.7])
def test_a_price_that_never_moves_is_never_bought(name, price):
    strategy = strategy_named(name)
    given = {"look_back": 50, "skip": 5} if name == "momentum" else {}
    bars = _flat(BARS, price)
    assert (strategy.positions(bars, **given) == 0.0).all()


@pytest.mark.parametrize("name", ["bollinger_reversal", "moving_average_envelope"])
def test_a_window_of_equal_prices_gives_no_signal_whatever_came_before(name):
    bars = _flat(BARS, 0.1, start=300)
    bars.iloc[280:300, :4] *= 1e4
    held = strategy_named(name).positions(bars, window=20, short=1)
    assert held.iloc[320:].nunique() == 1


def test_windows_and_extremes_do_not_depend_on_where_blocks_begin():
    late = BARS.iloc[13:]
    for name in ("bollinger_reversal", "donchian_breakout"):
        whole, part = strategy_named(name).positions(BARS, short=1), strategy_named(name).positions(late, short=1)
        assert whole.iloc[200:].equals(part.iloc[187:])


def test_a_strategy_gives_a_series_on_the_index_of_its_bars():
    held = strategy_named("momentum").positions(BARS, look_back=20, skip=0)
    assert isinstance(held, pd.Series)
    assert held.index.equals(BARS.index)
    assert held.name == "momentum"
