"""Filters and smoothers that run over the series in both directions."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import signal

from augury.arrays import FloatMatrix, FloatVector
from augury.testing.planted.twins import Twins

__all__ = ["TWINS"]

_B, _A = signal.butter(2, 0.1)
_SAVGOL_NOW = signal.savgol_coeffs(15, 2, pos=14)
_MOVES = np.array([[0.97, 0.03], [0.05, 0.95]])
_STDS = np.array([0.006, 0.018])


def _log_close(bars: pd.DataFrame) -> FloatVector:
    logs: FloatVector = np.log(bars["close"].to_numpy(dtype=np.float64))
    return logs


def _forward_filter(bars: pd.DataFrame) -> FloatVector:
    x = _log_close(bars)
    start = signal.lfilter_zi(_B, _A) * x[0]
    out: FloatVector = signal.lfilter(_B, _A, x, zi=start)[0]
    return out


def _fft_low_pass(x: FloatVector) -> FloatVector:
    spectrum = np.fft.rfft(x)
    spectrum[len(spectrum) // 8 :] = 0.0
    out: FloatVector = np.fft.irfft(spectrum, x.shape[0])
    return out


def _trailing_fft(bars: pd.DataFrame, window: int = 32) -> FloatVector:
    x, out = _log_close(bars), np.full(len(bars), np.nan)
    for t in range(window - 1, x.shape[0]):
        out[t] = _fft_low_pass(x[t - window + 1 : t + 1])[-1]
    return out


def _haar(x: FloatVector, threshold: float) -> FloatVector:
    """Orthogonal Haar transform, three levels, small details removed, transformed back."""
    if x.shape[0] < 2 or threshold <= 0.0:
        return x
    even = x[: x.shape[0] // 2 * 2]
    mean = (even[0::2] + even[1::2]) / 2.0
    detail = (even[0::2] - even[1::2]) / 2.0
    mean = _haar(mean, threshold - 1.0)
    detail = np.where(np.abs(detail) > np.median(np.abs(detail)), detail, 0.0)
    out = x.copy()
    out[: even.shape[0]] = np.column_stack([mean + detail, mean - detail]).ravel()
    return out


def _trailing_haar(bars: pd.DataFrame) -> FloatVector:
    x = pd.Series(_log_close(bars))
    for step in (1, 2, 4):
        x = (x + x.shift(step)) / 2.0
    return np.asarray(x, dtype=np.float64)


def _likelihoods(bars: pd.DataFrame) -> FloatMatrix:
    returns = np.diff(_log_close(bars), prepend=np.nan)
    scaled = np.nan_to_num(returns)[:, None] / _STDS
    likelihoods: FloatMatrix = np.exp(-0.5 * np.minimum(scaled**2, 600.0)) / _STDS
    return likelihoods


def _filtered(bars: pd.DataFrame) -> FloatMatrix:
    """Forward probabilities float64[n, 2] of a two-state chain with known parameters."""
    likelihoods = _likelihoods(bars)
    out, belief = np.empty_like(likelihoods), np.array([0.5, 0.5])
    for t, likelihood in enumerate(likelihoods):
        belief = likelihood * (belief @ _MOVES)
        belief /= belief.sum()
        out[t] = belief
    return out


def _smoothed(bars: pd.DataFrame) -> FloatVector:
    """The second pass, backwards, of the same chain."""
    likelihoods, forward = _likelihoods(bars), _filtered(bars)
    out, backward = np.empty(len(bars)), np.ones(2)
    for t in range(len(bars) - 1, -1, -1):
        joint = forward[t] * backward
        out[t] = joint[1] / joint.sum()
        backward = _MOVES @ (likelihoods[t] * backward)
        backward /= backward.sum()
    return out


def _best_path(bars: pd.DataFrame) -> FloatVector:
    """The single most likely path of the same chain (Viterbi)."""
    scores, back = np.log([0.5, 0.5]), []
    for likelihood in _likelihoods(bars):
        options = scores[:, None] + np.log(_MOVES)
        back.append(options.argmax(axis=0))
        scores = options.max(axis=0) + np.log(likelihood)
    state, path = int(scores.argmax()), []
    for pointers in reversed(back):
        path.append(state)
        state = int(pointers[state])
    return np.array(path[::-1], dtype=np.float64)


def _local_level(bars: pd.DataFrame, smooth: bool) -> FloatVector:
    """A level with noise around it: the Kalman filter with steady gain, and its backward pass."""
    x, gain = _log_close(bars), 0.2
    level = np.empty_like(x)
    level[0] = x[0]
    for t in range(1, x.shape[0]):
        level[t] = level[t - 1] + gain * (x[t] - level[t - 1])
    if smooth:
        for t in range(x.shape[0] - 2, -1, -1):
            level[t] += (1.0 - gain) * (level[t + 1] - level[t])
    return level


def _envelope(bars: pd.DataFrame) -> FloatVector:
    envelope: FloatVector = np.abs(signal.hilbert(np.diff(_log_close(bars), prepend=_log_close(bars)[0])))
    return envelope


TWINS = (
    Twins(
        name="filter_forwards_and_backwards",
        mistake="filtfilt removes the delay by running backwards too",
        leaky=lambda bars: signal.filtfilt(_B, _A, _log_close(bars)),
        clean=_forward_filter,
    ),
    Twins(
        name="fourier_denoise",
        mistake="high frequencies removed from the whole series",
        leaky=lambda bars: _fft_low_pass(_log_close(bars)),
        clean=_trailing_fft,
    ),
    Twins(
        name="wavelet_denoise",
        mistake="small wavelet details of the whole series removed",
        leaky=lambda bars: _haar(_log_close(bars), 3.0),
        clean=_trailing_haar,
    ),
    Twins(
        name="savitzky_golay",
        mistake="a Savitzky-Golay filter centred on its bar",
        leaky=lambda bars: signal.savgol_filter(_log_close(bars), 15, 2),
        clean=lambda bars: signal.lfilter(_SAVGOL_NOW, [1.0], _log_close(bars)),
    ),
    Twins(
        name="two_pass_regime",
        mistake="regime probabilities smoothed by a backward pass",
        leaky=_smoothed,
        clean=lambda bars: _filtered(bars)[:, 1],
    ),
    Twins(
        name="best_path_regime",
        mistake="regimes from the most likely path through the whole series",
        leaky=_best_path,
        clean=lambda bars: _filtered(bars).argmax(axis=1).astype(np.float64),
    ),
    Twins(
        name="kalman_smoother",
        mistake="a Kalman filter followed by its backward pass",
        leaky=lambda bars: _local_level(bars, smooth=True),
        clean=lambda bars: _local_level(bars, smooth=False),
    ),
    Twins(
        name="analytic_envelope",
        mistake="the Hilbert transform needs the whole series",
        leaky=_envelope,
        clean=lambda bars: bars["close"].pct_change().abs().rolling(20).max(),
    ),
)
