"""A 128-bit running fingerprint of rows of numbers: equal histories, equal fingerprints, in batch and bar by bar.

Two independent chains of a bijective 64-bit mixer (the finaliser of SplitMix64: Steele, Lea and Flood 2014) absorb
every word in order. It tells histories apart; it is no defence against somebody who wants two to collide.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import uint64

from augury.numerics.compile import inlined, kernel

__all__ = ["absorb", "absorb_path", "empty_fingerprint", "hexadecimal"]

_SEED = (0x243F6A8885A308D3, 0x13198A2E03707344)  # first fraction digits of pi, in hexadecimal


@inlined
def _mix(word: Any) -> Any:
    word = (word ^ (word >> uint64(30))) * uint64(0xBF58476D1CE4E5B9)
    word = (word ^ (word >> uint64(27))) * uint64(0x94D049BB133111EB)
    return word ^ (word >> uint64(31))


@kernel("void(uint64[::1], uint64[:, ::1])")
def absorb(state: Any, rows: Any) -> None:
    """Absorb rows uint64[n, k], first row first, into `state` uint64[2]."""
    a, b = state[0], state[1]
    for i in range(rows.shape[0]):
        for j in range(rows.shape[1]):
            a = _mix((a ^ rows[i, j]) + uint64(0x9E3779B97F4A7C15))
            b = _mix((b ^ rows[i, j]) + uint64(0xD1B54A32D192ED03))
    state[0], state[1] = a, b


@kernel("void(uint64[::1], uint64[:, ::1], uint64[:, ::1])")
def absorb_path(state: Any, rows: Any, path: Any) -> None:
    """As `absorb`, and write the state after each row into `path` uint64[n, 2]."""
    for i in range(rows.shape[0]):
        absorb(state, rows[i : i + 1])
        path[i, 0], path[i, 1] = state[0], state[1]


def empty_fingerprint() -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    """The fingerprint of no rows at all: the state to start from, uint64[2]."""
    return np.array(_SEED, dtype=np.uint64)


def hexadecimal(state: np.ndarray[tuple[int], np.dtype[np.uint64]]) -> str:
    """32 hex digits of a state."""
    return f"{int(state[0]):016x}{int(state[1]):016x}"
