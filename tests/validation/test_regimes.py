"""Performance by volatility and by year adds up to the whole."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from augury.errors import InvalidInput
from augury.validation import performance_by_volatility, performance_by_year, volatility_regimes


def test_years_are_those_of_pandas_and_their_shares_add_up():
    index = pd.date_range("2019-06-01", periods=900, freq="D", tz="UTC")
    returns = np.random.default_rng(0).normal(0.001, 0.01, 900)
    found = performance_by_year(returns, index.as_unit("ns").asi8, bars_per_year=365)
    series = pd.Series(returns, index=index)
    expected = (1 + series).groupby(index.year).prod() - 1
    assert [period.name for period in found.periods] == [str(year) for year in expected.index]
    np.testing.assert_allclose([period.total_return for period in found.periods], expected.to_numpy(), rtol=1e-9)
    assert sum(period.bars for period in found.periods) == 900
    assert sum(period.profit_share for period in found.periods) == pytest.approx(1.0)
    assert found.largest_profit_share == max(period.profit_share for period in found.periods)
    yearly = series[series.index.year == 2020]
    assert found.periods[1].sharpe == pytest.approx(yearly.mean() / yearly.std() * np.sqrt(365))


def test_regimes_tell_calm_from_wild_and_use_only_what_was_known():
    rng = np.random.default_rng(1)
    market = np.concatenate([rng.normal(0, 0.005, 500), rng.normal(0, 0.03, 500)])
    labels = volatility_regimes(market, regimes=2, window_bars=20)
    assert (labels[:20] == -1).all()
    assert (labels[20:500] == 0).mean() > 0.95
    assert (labels[530:] == 1).mean() > 0.95
    jumped = market.copy()
    jumped[700] = 0.9
    moved = volatility_regimes(jumped, regimes=2, window_bars=20) != labels
    assert not moved[:701].any() or moved[:701].mean() < 0.02  # only the borders, which describe the whole sample
    expected = pd.Series(market).rolling(20).std().shift(1).to_numpy()
    wild = expected[20:] >= np.median(expected[20:])
    assert (labels[20:] == wild).mean() > 0.99


def test_an_edge_in_calm_markets_only_is_seen():
    rng = np.random.default_rng(2)
    market = np.concatenate([rng.normal(0, 0.005, 500), rng.normal(0, 0.03, 500)])
    returns = np.where(np.arange(1000) < 500, 0.002, -0.0005) + rng.normal(0, 0.004, 1000)
    found = performance_by_volatility(returns, market, regimes=2)
    calm, wild = found.periods
    assert calm.sharpe > 3 > 0 > wild.sharpe
    assert found.gaining_share == 0.5
    assert json.loads(json.dumps(found.to_dict()))["periods"][0]["name"] == "calm"


def test_short_or_misfitting_series_are_refused():
    assert "shorter window" in performance_by_volatility(np.ones(50) * 0.01, np.ones(50)).reason
    with pytest.raises(InvalidInput, match="2 or 3"):
        volatility_regimes(np.ones(50), regimes=5)
    with pytest.raises(InvalidInput, match="as many"):
        performance_by_year(np.ones(5), np.arange(4))
    few = performance_by_year(np.full(5, 0.01), np.arange(5))
    assert np.isnan(few.periods[0].sharpe)
