"""The clustering flag as a statistical test: its size on independent returns, its power on volatility clustering."""

import numpy as np
import pytest

from augury.features.registry import make
from augury.testing.generators.garch_returns import GarchTruth, garch_returns


def last_rows(returns_of, bars, paths):
    feature = make("hawkes")
    columns = [name.removeprefix("hawkes_") for name in feature.columns]
    times = np.arange(bars, dtype=np.int64)
    rows = []
    for path in range(paths):
        close = 100.0 * np.exp(np.cumsum(returns_of(np.random.default_rng([path, bars]), bars)))
        rows.append(feature.tail(times, np.tile(close, (5, 1)), 1)[:, 0])
    table = dict(zip(columns, np.array(rows).T, strict=True))
    known = np.isfinite(table["branching"])
    return {name: column[known] for name, column in table.items()}, known.mean()


def normal(rng, bars):
    return 0.01 * rng.standard_normal(bars)


def heavy(rng, bars):
    return 0.01 * rng.standard_t(3, bars)


def garch(rng, bars):
    return garch_returns(bars, GarchTruth(alpha=0.1, beta=0.88), seed=rng).returns


@pytest.mark.parametrize("returns_of", [normal, heavy])
@pytest.mark.parametrize("bars", [400, 500, 1000])
def test_independent_returns_rarely_raise_the_flag(returns_of, bars):
    table, known = last_rows(returns_of, bars, 600)
    assert known > 0.85
    assert table["clustering"].mean() <= 0.02  # about 1 %; 2 % is three standard errors above
    assert table["branching"].mean() < 0.12
    assert np.quantile(table["likelihood_ratio"], 0.95) < 2.71


def test_three_hundred_bars_mostly_leave_the_flag_unknown():
    table, known = last_rows(normal, 300, 600)
    assert 0.08 < known < 0.25
    assert table["clustering"].mean() < 0.06


@pytest.mark.parametrize(("bars", "power"), [(500, 0.55), (1000, 0.72)])
def test_volatility_clustering_raises_the_flag(bars, power):
    table, known = last_rows(garch, bars, 400)
    assert known > 0.8
    assert table["clustering"].mean() >= power
    assert (table["likelihood_ratio"] > 2.71).mean() >= power + 0.1
