"""Bootstrap: block lengths as arch gives them, intervals that cover, the same numbers on any number of threads."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from arch.bootstrap import optimal_block_length as arch_block_length

from augury.errors import InvalidInput
from augury.validation import BootstrapSpec, bootstrap_interval, bootstrap_intervals, optimal_block_length
from augury.validation.bootstrap_kernels import CIRCULAR, MOVING, STATIONARY, curve_figures, resample_places
from augury.validation.random_streams import stream_base


@pytest.mark.parametrize("memory", [-0.5, 0.0, 0.3, 0.9])
def test_the_automatic_block_length_is_that_of_arch(autoregression, memory):
    for seed, values in enumerate([30, 101, 750, 3000]):
        series = autoregression(values, seed, memory)
        found, oracle = optimal_block_length(series), arch_block_length(series).iloc[0]
        assert found.stationary == pytest.approx(max(1.0, oracle["stationary"]), rel=1e-9)
        assert found.circular == pytest.approx(max(1.0, oracle["circular"]), rel=1e-9)


def test_longer_memory_asks_for_longer_blocks(autoregression):
    lengths = [optimal_block_length(autoregression(4000, 1, memory)).stationary for memory in (0.0, 0.5, 0.9)]
    assert lengths == sorted(lengths)
    assert lengths[2] > 5 * lengths[0]


def test_short_or_constant_series_have_no_block_length():
    assert "20" in optimal_block_length(np.arange(19.0)).reason
    assert "constant" in optimal_block_length(np.ones(50)).reason


def places(kind, block, bars, seed):
    out = np.empty(bars, dtype=np.int64)
    resample_places(kind, block, stream_base(seed, 0), out)
    return out


def test_stationary_blocks_have_geometric_lengths_and_uniform_places():
    drawn = np.concatenate([places(STATIONARY, 8.0, 500, seed) for seed in range(200)])
    jumps = (np.diff(drawn.reshape(200, 500), axis=1) % 500 != 1).mean()
    assert jumps == pytest.approx(1 / 8, abs=0.005)
    counts = np.bincount(drawn, minlength=500)
    assert counts.size == 500
    assert counts.mean() == 200
    assert counts.std() < 3 * math.sqrt(200 * 15)  # blocks of mean length 8 make neighbours share their luck


def test_circular_and_moving_blocks_have_the_length_asked_for():
    circular, moving = places(CIRCULAR, 10.0, 100, 1), places(MOVING, 10.0, 100, 1)
    for drawn in (circular, moving):
        assert (np.diff(drawn.reshape(10, 10), axis=1) % 100 == 1).all()
    assert all((np.diff(places(MOVING, 10.0, 100, seed).reshape(10, 10), axis=1) == 1).all() for seed in range(50))


def test_curve_figures_are_those_of_a_readable_version():
    returns = np.random.default_rng(0).normal(0.0, 0.02, 300)
    out = np.empty(4)
    curve_figures(returns, out)
    wealth = np.concatenate([[1.0], np.cumprod(1 + returns)])
    drawdown = (wealth / np.maximum.accumulate(wealth) - 1).min()
    np.testing.assert_allclose(
        out, [returns.mean(), returns.std(ddof=1), np.log(wealth[-1]), drawdown], rtol=1e-10, atol=1e-15
    )
    curve_figures(np.array([0.1, -1.0, 0.2]), out)
    assert np.isnan(out[2])
    assert out[3] == -1.0


def test_intervals_cover_the_truth_about_as_often_as_they_say():
    truth = {"mean": 0.0005, "sharpe": 0.0005 / (0.01 * math.sqrt(5 / 3)) * math.sqrt(252)}
    spec = BootstrapSpec(replications=400)
    hits = dict.fromkeys(truth, 0)
    for seed in range(150):
        returns = 0.0005 + 0.01 * np.random.default_rng(seed).standard_t(5, 600)
        for found in bootstrap_intervals(returns, tuple(truth), spec, seed=seed, threads=1):
            hits[found.statistic] += found.lower <= truth[found.statistic] <= found.upper
    assert all(0.88 <= count / 150 <= 0.99 for count in hits.values()), hits


def test_blocks_matter_under_autocorrelation(autoregression):
    covered = {"blocks": 0, "single": 0}
    for seed in range(100):
        series = 0.01 * autoregression(600, seed, 0.6)
        for name, block in (("blocks", None), ("single", 1.0)):
            found = bootstrap_interval(series, "mean", BootstrapSpec(replications=300, block_bars=block), seed=seed)
            covered[name] += found.lower <= 0.0 <= found.upper
    assert covered["blocks"] >= 85
    assert covered["single"] <= 75


@pytest.mark.parametrize("kind", ["stationary", "circular", "moving"])
def test_the_standard_error_of_the_mean_is_that_of_theory(kind):
    returns = np.random.default_rng(1).normal(0.0, 1.0, 2000)
    found = bootstrap_interval(returns, "mean", BootstrapSpec(kind=kind, replications=3000, block_bars=1.0))
    assert found.standard_error == pytest.approx(returns.std() / math.sqrt(2000), rel=0.06)


def test_a_function_gives_the_same_interval_as_the_compiled_statistic():
    returns = np.random.default_rng(2).normal(0.001, 0.01, 400)
    spec = BootstrapSpec(replications=300)

    def sharpe(values):
        return values.mean() / values.std(ddof=1) * math.sqrt(252)

    compiled, plain = (
        bootstrap_interval(returns, "sharpe", spec, seed=3),
        bootstrap_interval(returns, sharpe, spec, seed=3),
    )
    np.testing.assert_allclose(plain.distribution, compiled.distribution, rtol=1e-9)
    assert plain.lower == pytest.approx(compiled.lower, rel=1e-9)
    assert plain.statistic == "sharpe"


def test_threads_change_no_bit_and_the_seed_does():
    returns = np.random.default_rng(2).normal(0.001, 0.01, 400)
    one, two = (bootstrap_intervals(returns, seed=5, threads=threads) for threads in (1, 2))
    assert all((a.distribution == b.distribution).all() and a == b for a, b in zip(one, two, strict=True))
    other = bootstrap_intervals(returns, seed=6)
    assert (other[0].distribution != one[0].distribution).any()


@pytest.mark.parametrize("interval", ["bca", "basic", "percentile"])
def test_every_kind_of_interval_is_ordered_and_wider_when_surer(interval):
    returns = np.random.default_rng(4).normal(0.001, 0.01, 500)
    spec = BootstrapSpec(interval=interval)
    usual = bootstrap_interval(returns, "cagr", spec)
    surer = bootstrap_interval(returns, "cagr", spec.replace(confidence=0.99))
    assert surer.lower < usual.lower < usual.estimate < usual.upper < surer.upper
    assert 0.0 < usual.share_below(usual.estimate) < 1.0


def test_the_drawdown_interval_is_made_of_drawdowns():
    found = bootstrap_interval(np.random.default_rng(4).normal(0.0, 0.01, 500), "max_drawdown")
    assert -1.0 < found.lower < found.upper < 0.0
    assert "percentile" in found.method


def test_what_cannot_be_computed_is_refused_with_its_reason():
    assert "constant" in bootstrap_interval(np.zeros(100)).reason
    ruined = np.random.default_rng(0).normal(0.0, 0.01, 100)
    ruined[50] = -1.0
    found = bootstrap_interval(ruined, "cagr")
    assert "loses everything" in found.reason
    assert np.isnan(found.lower)
    assert json.loads(json.dumps(found.to_dict()))["lower"] is None
    assert "undefined in" in bootstrap_interval(ruined, lambda x: 1.0 if x[0] == ruined[0] else np.nan).reason
    with pytest.raises(InvalidInput, match="did you mean 'sharpe'"):
        bootstrap_interval(ruined, "sharp")
    with pytest.raises(InvalidInput, match="finite"):
        bootstrap_interval(np.array([0.1, np.nan]))
