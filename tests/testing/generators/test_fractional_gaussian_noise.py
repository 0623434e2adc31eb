import numpy as np
import pytest
from scipy import linalg

from augury.errors import InvalidInput
from augury.testing import fractional_gaussian_noise, noise_autocovariance
from augury.testing.generators.fractional_gaussian_noise import _eigenvalues, _path


@pytest.mark.parametrize("hurst", [0.1, 0.3, 0.5, 0.7, 0.95])
def test_the_map_from_normals_has_exactly_the_wanted_covariance(hurst):
    count = 24
    columns = np.array([_path(_eigenvalues(count, hurst), unit) for unit in np.eye(2 * count)])
    wanted = linalg.toeplitz(noise_autocovariance(hurst, count))
    assert np.abs(columns.T @ columns - wanted).max() < 1e-13


def test_the_autocovariance_is_that_of_the_increments_of_fractional_brownian_motion():
    hurst, steps = 0.7, np.arange(41.0)
    s, t = np.meshgrid(steps, steps)
    motion = 0.5 * (s ** (2 * hurst) + t ** (2 * hurst) - np.abs(s - t) ** (2 * hurst))
    increments = np.diff(np.diff(motion, axis=0), axis=1)
    assert np.allclose(increments, linalg.toeplitz(noise_autocovariance(hurst, 40)), atol=1e-12)


def test_sample_autocovariances_of_many_paths_agree_within_their_error():
    paths = np.array([fractional_gaussian_noise(64, 0.75, std=2.0, seed=seed) for seed in range(2000)])
    for lag, wanted in enumerate(4.0 * noise_autocovariance(0.75, 6)):
        products = (paths[:, : 64 - lag] * paths[:, lag:]).mean(axis=1)
        assert abs(products.mean() - wanted) < 4.0 * products.std() / np.sqrt(len(paths))


def test_an_integer_seed_repeats_and_a_generator_continues():
    rng = np.random.default_rng(5)
    first, second = (fractional_gaussian_noise(8, 0.6, seed=rng) for _ in range(2))
    assert np.array_equal(first, fractional_gaussian_noise(8, 0.6, seed=5))
    assert not np.array_equal(first, second)


@pytest.mark.parametrize(("count", "hurst"), [(0, 0.5), (5, 0.0), (5, 1.0), (5, float("nan"))])
def test_impossible_arguments_are_refused(count, hurst):
    with pytest.raises(InvalidInput, match="hurst"):
        fractional_gaussian_noise(count, hurst)
