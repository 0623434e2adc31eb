"""The plateau score prefers the middle of a good region to a lucky point."""

from __future__ import annotations

import math

import numpy as np
import pytest

from augury.errors import InvalidInput
from augury.validation import PlateauSpec, grid_plateau, sampled_plateau


def readable(values, steps, penalty):
    scores = np.full(values.shape, np.nan)
    for place in np.ndindex(values.shape):
        if math.isnan(values[place]):
            continue
        near = [
            values[other]
            for other in np.ndindex(values.shape)
            if all(abs(a - b) <= steps for a, b in zip(place, other, strict=True)) and not math.isnan(values[other])
        ]
        scores[place] = np.mean(near) - penalty * np.std(near)
    return scores


@pytest.mark.parametrize("shape", [(20,), (7, 9), (4, 5, 6)])
def test_scores_are_those_of_the_definition(shape):
    values = np.random.default_rng(0).normal(size=shape)
    values[np.random.default_rng(1).random(shape) < 0.2] = np.nan
    for steps, penalty in ((1, 0.5), (2, 0.0)):
        found = grid_plateau(values, PlateauSpec(steps=steps, penalty=penalty))
        np.testing.assert_allclose(found.scores, readable(values, steps, penalty), atol=1e-12)


def test_choosing_by_plateau_gives_better_true_values_than_choosing_the_maximum():
    x = np.linspace(-1, 1, 21)
    truth = 0.8 * np.exp(-3 * (x[:, None] ** 2 + x[None, :] ** 2))
    by_score, by_maximum = [], []
    for seed in range(60):
        noisy = truth + np.random.default_rng(seed).normal(0.0, 0.4, truth.shape)
        found = grid_plateau(noisy)
        by_score.append(truth[found.chosen])
        by_maximum.append(truth[found.peak])
    assert np.mean(by_score) > np.mean(by_maximum) + 0.08


def test_the_ratio_tells_a_peak_from_a_plateau():
    peak, plateau = np.full((9, 9), 0.01), np.full((9, 9), 1.0)
    peak[4, 4], plateau[4, 4] = 1.0, 1.1
    assert grid_plateau(peak).ratio < 0.1
    assert grid_plateau(plateau).ratio > 0.9
    assert grid_plateau(plateau).positive_share == 1.0
    assert math.isnan(grid_plateau(-plateau).ratio)


def test_scattered_points_find_the_same_region_whatever_the_scale_of_a_parameter():
    rng = np.random.default_rng(2)
    points = rng.uniform(-1, 1, size=(400, 2))
    values = np.exp(-3 * (points**2).sum(axis=1)) + rng.normal(0.0, 0.2, 400)
    found = sampled_plateau(points, values)
    assert np.linalg.norm(points[found.chosen[0]]) < 0.5
    stretched = sampled_plateau(np.column_stack([np.exp(5 * points[:, 0]), points[:, 1] * 1e6]), values)
    assert stretched.chosen == found.chosen
    assert stretched.neighbours == 25


def test_undefined_and_infinite_points_are_left_out_and_nothing_is_refused():
    values = np.array([1.0, -np.inf, np.nan, 1.0, 1.0])
    found = grid_plateau(values)
    assert np.isnan(found.scores[1:3]).all()
    assert found.scores[0] == 1.0
    assert "too few" in grid_plateau(np.full((3, 3), np.nan)).reason
    assert "too few" in sampled_plateau(np.ones((9, 1)), np.ones(9)).reason
    with pytest.raises(InvalidInput, match="for k values"):
        sampled_plateau(np.ones((9, 1)), np.ones(8))
