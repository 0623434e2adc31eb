"""The contrarian test: its formula, its error rate on noise, its power, and the level version as a planted defect."""

from __future__ import annotations

from math import isnan

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from augury.errors import InvalidInput
from augury.sentiment.contrarian import ContrarianSpec, contrarian

PAIRS = 2000


def smoothed(steps: np.ndarray, keep: float = 0.9) -> np.ndarray:
    """What decay makes of independent daily sentiment: an exponentially weighted mean."""
    out = np.empty_like(steps)
    level = np.zeros(steps.shape[0])
    for t in range(steps.shape[1]):
        level = keep * level + (1 - keep) * steps[:, t]
        out[:, t] = level
    return out


def flagged(own: np.ndarray, reference: np.ndarray, spec: ContrarianSpec | None = None) -> float:
    documents = np.arange(own.shape[1], dtype=float)
    flags = [contrarian(a, b, documents, spec).is_contrarian for a, b in zip(own, reference, strict=True)]
    return float(np.mean(flags))


def test_independent_pairs_are_rarely_called_contrarian() -> None:
    rng = np.random.default_rng(1)
    own, reference = (smoothed(rng.normal(size=(PAIRS, 200))) for _ in range(2))
    assert flagged(own, reference) <= 0.015


def test_correlating_levels_over_twenty_points_calls_a_third_of_independent_pairs_contrarian() -> None:
    rng = np.random.default_rng(2)
    own, reference = (smoothed(rng.normal(size=(PAIRS, 200)))[:, -20:] for _ in range(2))
    levels = [np.corrcoef(a, b)[0, 1] <= -0.25 for a, b in zip(own, reference, strict=True)]
    assert 0.25 <= np.mean(levels) <= 0.42


def test_opposed_pairs_are_found() -> None:
    rng = np.random.default_rng(3)
    own = rng.normal(size=(400, 200))
    reference = -0.6 * own + 0.8 * rng.normal(size=(400, 200))
    assert flagged(smoothed(own), smoothed(reference)) >= 0.95


def test_pairs_that_move_on_the_same_few_days_are_not_called_contrarian_by_chance() -> None:
    """Plain Fisher bounds count the quiet days as evidence; the effective number of changes does not."""
    rng = np.random.default_rng(4)
    busy = np.zeros((PAIRS, 150))
    for row in busy:
        row[rng.choice(np.arange(31, 150), 20, replace=False)] = 1.0
    own, reference = (np.cumsum(rng.normal(size=busy.shape) * busy, axis=1) for _ in range(2))
    documents = np.cumsum(busy, axis=1)
    tests = [contrarian(*series) for series in zip(own, reference, documents, strict=True)]
    naive = np.mean([test.correlation <= -0.25 for test in tests])
    assert naive >= 0.10
    assert np.mean([test.is_contrarian for test in tests]) <= 0.05


def test_the_numbers_are_those_of_numpy_and_fisher() -> None:
    rng = np.random.default_rng(5)
    own, reference = rng.normal(size=(2, 160)).cumsum(axis=1)
    got = contrarian(own, reference - own, np.arange(160.0))
    x, y = np.diff(own)[-120:], np.diff(reference - own)[-120:]
    assert got.correlation == pytest.approx(scipy.stats.pearsonr(x, y).statistic)
    assert (got.changes, got.new) == (120, 120)
    x, y = x - x.mean(), y - y.mean()
    effective = min(120.0, (x**2).sum() * (y**2).sum() / (x**2 * y**2).sum())
    expected = np.tanh(np.arctanh(got.correlation) + scipy.stats.norm.ppf(0.95) / np.sqrt(effective - 3))
    assert got.upper_bound == pytest.approx(expected)
    assert got.is_contrarian == float(got.correlation <= -0.25 and expected < 0)


def test_sixty_changes_and_twenty_new_documents_are_needed() -> None:
    rng = np.random.default_rng(6)
    own = rng.normal(size=61).cumsum()
    assert contrarian(own, -own, np.arange(61.0)).is_contrarian == 1.0
    assert isnan(contrarian(own[1:], -own[1:], np.arange(60.0)).is_contrarian)
    few = np.minimum(np.arange(61.0), 19.0)
    assert isnan(contrarian(own, -own, few).is_contrarian)
    assert contrarian(own, -own, np.minimum(np.arange(61.0), 20.0)).is_contrarian == 1.0


def test_unknown_now_means_unknown_and_gaps_before_are_left_out() -> None:
    rng = np.random.default_rng(7)
    own = rng.normal(size=150).cumsum()
    documents = np.arange(150.0)
    gaps = own.copy()
    gaps[[50, 51, 90]] = np.nan
    got = contrarian(gaps, -own, documents)
    assert (got.is_contrarian, got.changes) == (1.0, 120 - 5)
    gaps[-1] = np.nan
    assert isnan(contrarian(gaps, -own, documents).is_contrarian)
    assert isnan(contrarian(own, -gaps, documents).correlation)


def test_a_series_that_does_not_move_has_no_correlation() -> None:
    own = np.random.default_rng(8).normal(size=150).cumsum()
    assert isnan(contrarian(own, np.full(150, 0.3), np.arange(150.0)).is_contrarian)


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10_000), scale=st.floats(0.01, 100), shift=st.floats(-10, 10))
def test_scale_and_shift_change_nothing_and_older_samples_neither(seed: int, scale: float, shift: float) -> None:
    own, reference = np.random.default_rng(seed).normal(size=(2, 130)).cumsum(axis=1)
    documents = np.arange(130.0)
    first = contrarian(own, reference, documents)
    second = contrarian(own * scale + shift, reference, documents)
    assert second.correlation == pytest.approx(first.correlation, abs=1e-9)
    old = own.copy()
    old[:9] = 99.0
    assert contrarian(old, reference, documents) == first


def test_the_thresholds_are_the_stated_ones() -> None:
    spec = ContrarianSpec()
    assert (spec.changes, spec.least_changes, spec.least_new, spec.correlation) == (120, 60, 20, -0.25)
    assert spec.z_bound == pytest.approx(scipy.stats.norm.ppf(0.95))
    assert (spec.strong_momentum, spec.strong_sharpe_like, spec.strong_surprise) == (0.02, 0.5, 1.0)
    assert spec.sector_others == 3


def test_unequal_lengths_are_refused() -> None:
    with pytest.raises(InvalidInput, match="one length"):
        contrarian(np.zeros(5), np.zeros(4), np.zeros(5))


def test_minima_that_the_window_cannot_meet_are_refused() -> None:
    with pytest.raises(InvalidInput, match="raise changes"):
        ContrarianSpec(changes=50)
