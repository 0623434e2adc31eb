import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augury.errors import InvalidInput
from augury.market import validate_bars
from augury.testing import (
    BarStyle,
    UniverseTruth,
    bars_from_returns,
    correlated_universe,
    garch_bars,
    geometric_brownian_bars,
)


def _keeps_the_contract(bars):
    assert validate_bars(bars) is bars
    assert bars.index.name == "timestamp"
    assert str(bars.index.dtype) == "datetime64[ns, UTC]"
    assert list(bars.columns) == ["open", "high", "low", "close", "volume"]


@pytest.mark.parametrize("frequency", ["1min", "5min", "1h", "4h", "1D", "B"])
def test_bars_of_every_frequency_keep_the_contract(frequency):
    _keeps_the_contract(garch_bars(120, style=BarStyle(frequency=frequency), seed=1))
    _keeps_the_contract(geometric_brownian_bars(120, style=BarStyle(frequency=frequency), seed=1))


@given(st.lists(st.floats(-0.5, 0.5), min_size=1, max_size=30), st.integers(0, 2**32))
@settings(max_examples=40, deadline=None)
def test_any_return_path_becomes_bars_whose_closes_repeat_it(returns, seed):
    bars = bars_from_returns(np.array(returns), seed=seed)
    _keeps_the_contract(bars)
    found = np.diff(np.log(bars["close"]), prepend=np.log(100.0))
    assert np.allclose(found, returns, atol=1e-9)


def test_volume_goes_with_the_range_and_clusters_with_volatility():
    bars = garch_bars(4000, seed=3)
    ranges = np.log(bars["high"] / bars["low"])
    assert np.corrcoef(np.log(bars["volume"]), np.log(ranges))[0, 1] > 0.5
    assert np.corrcoef(ranges[1:], ranges[:-1])[0, 1] > 0.2


def test_without_elasticity_volume_is_unrelated_to_the_range():
    bars = garch_bars(4000, style=BarStyle(volume_elasticity=0.0), seed=3)
    assert abs(np.corrcoef(np.log(bars["volume"]), np.log(bars["high"] / bars["low"]))[0, 1]) < 0.05


def test_the_range_inside_a_bar_grows_with_its_volatility():
    calm = bars_from_returns(np.zeros(500), volatility=np.full(500, 0.01), seed=1)
    wild = bars_from_returns(np.zeros(500), volatility=np.full(500, 0.02), seed=1)
    ratio = np.log(wild["high"] / wild["low"]) / np.log(calm["high"] / calm["low"])
    assert np.allclose(ratio, 2.0)


def test_brownian_returns_have_the_stated_moments_and_no_memory():
    bars = geometric_brownian_bars(20_000, drift=0.0002, std=0.01, seed=9)
    returns = np.diff(np.log(bars["close"]))
    assert returns.std() == pytest.approx(0.01, rel=0.02)
    assert returns.mean() == pytest.approx(0.0002, abs=4 * 0.01 / np.sqrt(20_000))
    assert abs(np.corrcoef(returns[1:] ** 2, returns[:-1] ** 2)[0, 1]) < 0.03


def test_a_seed_repeats_the_bars_bit_for_bit():
    pd.testing.assert_frame_equal(garch_bars(50, seed=4), garch_bars(50, seed=4), check_exact=True)


@pytest.mark.parametrize("returns", [np.array([]), np.array([np.nan]), np.zeros((2, 2))])
def test_returns_that_are_no_path_are_refused(returns):
    with pytest.raises(InvalidInput, match="returns"):
        bars_from_returns(returns)


def test_tickers_of_a_universe_are_correlated_as_stated():
    truth = UniverseTruth(tickers=6, sectors=2, market_correlation=0.25, sector_correlation=0.6)
    universe = correlated_universe(8000, truth, seed=5)
    closes = pd.DataFrame({ticker: bars["close"] for ticker, bars in universe.bars.items()})
    found = np.corrcoef(np.diff(np.log(closes.to_numpy()), axis=0).T)
    assert np.abs(found - universe.correlation).max() < 0.04
    assert set(universe.sectors.values()) == {"S0", "S1"}
    for bars in universe.bars.values():
        _keeps_the_contract(bars)


def test_a_sector_less_correlated_than_the_market_is_refused():
    with pytest.raises(InvalidInput, match="sector_correlation"):
        UniverseTruth(market_correlation=0.5, sector_correlation=0.2)
