"""PBO against a slow readable version, and its known behaviour on noise and on an edge."""

from __future__ import annotations

import math
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import linregress, rankdata

from augury.errors import InvalidInput
from augury.validation import BlockMoments, OverfittingSpec, block_moments, overfitting_probability


def readable(returns, blocks):
    """The procedure as the paper words it."""
    length = returns.shape[1] // blocks
    kept = returns[:, returns.shape[1] - blocks * length :]
    rows = np.arange(blocks * length).reshape(blocks, length)
    logits, scores = [], []
    for chosen in combinations(range(blocks), blocks // 2):
        inside = rows[list(chosen)].ravel()
        outside = np.setdiff1d(rows.ravel(), inside)
        first, second = (kept[:, part].mean(axis=1) / kept[:, part].std(axis=1, ddof=1) for part in (inside, outside))
        winner = int(first.argmax())
        rank = rankdata(second)[winner] / (len(returns) + 1)
        logits.append(math.log(rank / (1 - rank)))
        scores.append((first[winner], second[winner]))
    return np.array(logits), np.array(scores)


@settings(max_examples=25)
@given(
    trials=st.integers(2, 150), bars=st.integers(40, 90), blocks=st.sampled_from([4, 6, 8]), seed=st.integers(0, 1000)
)
def test_compiled_and_readable_versions_agree(trials, bars, blocks, seed):
    returns = np.random.default_rng(seed).normal(0.0005, 0.01, size=(trials, bars))
    found = overfitting_probability(returns, OverfittingSpec(blocks=blocks))
    logits, scores = readable(returns, blocks)
    np.testing.assert_allclose(found.logits, logits, atol=1e-9)
    np.testing.assert_allclose(found.in_sample, scores[:, 0], rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(found.out_of_sample, scores[:, 1], rtol=1e-7, atol=1e-9)
    assert found.probability == (logits <= 1e-12).mean()
    line = linregress(scores[:, 0], scores[:, 1])
    assert found.slope == pytest.approx(line.slope, rel=1e-6, abs=1e-9)
    assert found.r_squared == pytest.approx(line.rvalue**2, abs=1e-6)


def test_noise_gives_a_half_on_average_and_scatters_widely():
    rng = np.random.default_rng(0)
    spec = OverfittingSpec(blocks=10)
    found = [overfitting_probability(rng.normal(size=(50, 320)), spec, threads=1).probability for _ in range(150)]
    assert np.mean(found) == pytest.approx(0.48, abs=0.05)
    assert np.std(found) == pytest.approx(0.175, abs=0.04)


def test_one_true_edge_is_never_overfitted_and_dominates():
    returns = np.random.default_rng(1).normal(size=(40, 800))
    returns[13] += 0.4
    found = overfitting_probability(returns)
    assert found.splits == 12870
    assert found.probability == 0.0
    assert found.loss_probability == 0.0
    assert (found.winners == 13).all()
    assert found.first_order_dominance
    assert found.second_order_dominance
    assert found.dominance_gap == 0.0


def test_trials_that_reverse_are_all_overfitted():
    rng = np.random.default_rng(2)
    returns = rng.normal(0.0, 0.01, size=(30, 400))
    returns -= returns.mean(axis=1, keepdims=True)  # what is won in one half is lost in the other
    returns /= returns.std(axis=1, keepdims=True)
    found = overfitting_probability(returns, OverfittingSpec(blocks=8))
    assert found.probability > 0.95
    assert found.loss_probability > 0.95
    assert found.slope < -0.5
    assert not found.first_order_dominance


def test_block_moments_are_all_that_is_needed():
    returns = np.random.default_rng(3).normal(size=(25, 163))
    moments = block_moments(returns, OverfittingSpec(blocks=8))
    assert moments.counts.tolist() == [20.0] * 8
    np.testing.assert_allclose(moments.sums[0], returns[:, 3:23].sum(axis=1))
    np.testing.assert_allclose(moments.squares[7], (returns[:, 143:] ** 2).sum(axis=1))
    assert overfitting_probability(moments) == overfitting_probability(returns, OverfittingSpec(blocks=8))


def test_blocks_of_unequal_length_are_weighted_by_their_bars():
    returns = np.random.default_rng(3).normal(size=(9, 100))
    cuts = [0, 30, 50, 60, 100]
    parts = [returns[:, first:last] for first, last in pairwise(cuts)]
    moments = BlockMoments(
        counts=np.array([30.0, 20.0, 10.0, 40.0]),
        sums=np.array([part.sum(axis=1) for part in parts]),
        squares=np.array([(part**2).sum(axis=1) for part in parts]),
    )
    found = overfitting_probability(moments)
    half = returns[:, :50]
    assert found.in_sample[0] == pytest.approx((half.mean(axis=1) / half.std(axis=1, ddof=1)).max())


def test_threads_change_nothing_and_ties_go_to_the_first():
    returns = np.random.default_rng(4).normal(size=(130, 160))
    assert overfitting_probability(returns, threads=1) == overfitting_probability(returns, threads=2)
    copies = np.repeat(returns[:1], 10, axis=0)
    found = overfitting_probability(copies, OverfittingSpec(blocks=8))
    assert (found.winners == 0).all()
    assert (found.logits == 0.0).all()


def test_idle_trials_never_win():
    returns = np.random.default_rng(5).normal(-0.5, 1.0, size=(10, 160))
    returns[4] = 0.0
    assert not (overfitting_probability(returns, OverfittingSpec(blocks=8)).winners == 4).any()


def test_nothing_to_rank_is_refused():
    assert "two trials" in overfitting_probability(np.random.default_rng(0).normal(size=(1, 100))).reason
    found = overfitting_probability(np.zeros((5, 100)))
    assert "vary" in found.reason
    assert found.to_dict()["probability"] is None
    with pytest.raises(InvalidInput, match="at least 2 bars"):
        block_moments(np.zeros((5, 20)))
    with pytest.raises(InvalidInput, match="even"):
        OverfittingSpec(blocks=7)
    with pytest.raises(InvalidInput, match="counts"):
        BlockMoments(counts=np.ones(4), sums=np.ones((3, 2)), squares=np.ones((3, 2)))
