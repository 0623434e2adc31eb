"""The clustering flag as a statistical test: its size on independent returns, its power on volatility clustering."""

import numpy as np
import pytest

from augury.features.registry import make
from augury.testing.generators.garch_returns import GarchTruth, garch_returns


def last_rows(returns_of, bars, paths, **options):
    feature = make("hawkes", **options)
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


@pytest.mark.parametrize(("window", "power"), [(500, 0.77), (1000, 0.90)])
def test_full_windows_have_at_least_the_known_power_and_keep_their_size(window, power):
    table, known = last_rows(garch, window + 550, 300, window_bars=window)
    assert known > 0.95
    assert table["clustering"].mean() >= power - 0.03
    assert (table["likelihood_ratio"] > 2.71).mean() >= 0.92
    table, known = last_rows(normal, window + 550, 2000, window_bars=window)
    assert known > 0.99
    assert table["clustering"].mean() <= 0.02
    assert np.quantile(table["likelihood_ratio"], 0.95) < 2.2  # simulated: 1.7 and 1.5, so that 2.71 is cautious
    assert table["branching"].mean() == pytest.approx(0.06, abs=0.02)
    assert np.quantile(table["branching"], 0.95) < 0.40  # 0.35 and 0.26; without bounds on the decay it is near 1
