"""Fractional Gaussian noise with an exact covariance: the known truth for Hurst estimators."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from augury.arrays import FloatVector
from augury.errors import InvalidInput
from augury.testing.generators.seed import Seed

__all__ = ["fractional_gaussian_noise", "noise_autocovariance"]


def noise_autocovariance(hurst: float, lags: int) -> FloatVector:
    """Autocovariance float64[lags] of unit-variance fractional Gaussian noise at lags 0, 1, ...

    `0.5 (|k+1|^2H - 2|k|^2H + |k-1|^2H)` (Mandelbrot & Van Ness 1968).

    >>> noise_autocovariance(0.5, 3).tolist()
    [1.0, 0.0, 0.0]
    """
    lag = np.arange(lags, dtype=np.float64)
    power = 2.0 * hurst
    return 0.5 * ((lag + 1.0) ** power - 2.0 * lag**power + np.abs(lag - 1.0) ** power)


@lru_cache(maxsize=16)
def _eigenvalues(count: int, hurst: float) -> FloatVector:
    """Eigenvalues float64[count + 1] of the circulant matrix of size 2 count that holds the covariance."""
    covariance = noise_autocovariance(hurst, count + 1)
    circle = np.concatenate([covariance, covariance[-2:0:-1]])
    return np.maximum(np.fft.rfft(circle).real, 0.0)


def _path(eigenvalues: FloatVector, normals: FloatVector) -> FloatVector:
    """The linear map from 2 count independent normals to `count` values with the exact covariance."""
    count = eigenvalues.shape[0] - 1
    spectrum = np.empty(count + 1, dtype=np.complex128)
    spectrum[0] = normals[0]
    spectrum[count] = normals[count]
    spectrum[1:count] = (normals[1:count] + 1j * normals[count + 1 :]) / np.sqrt(2.0)
    spectrum *= np.sqrt(eigenvalues)
    path: FloatVector = np.fft.irfft(spectrum, 2 * count)[:count] * np.sqrt(2.0 * count)
    return path


def fractional_gaussian_noise(count: int, hurst: float, *, std: float = 1.0, seed: Seed = None) -> FloatVector:
    """A path float64[count] of stationary Gaussian increments with the given Hurst exponent and standard deviation.

    Circulant embedding (Davies & Harte 1987): exact in distribution, O(n log n). `hurst` 0.5 is white noise.
    Raises InvalidInput unless `count >= 1` and `0 < hurst < 1`.

    >>> fractional_gaussian_noise(4, 0.7, seed=1).shape
    (4,)
    """
    if count < 1 or not 0.0 < hurst < 1.0:
        raise InvalidInput(f"need count >= 1 and 0 < hurst < 1; got count={count}, hurst={hurst}")
    rng = np.random.default_rng(seed)
    if count == 1:
        return std * rng.standard_normal(1)
    return std * _path(_eigenvalues(count, hurst), rng.standard_normal(2 * count))
