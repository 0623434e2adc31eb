"""Random numbers inside kernels: counter-based, so that repetition i is the same whichever thread computes it.

The k-th number of a stream is a bijective mix of `base + k * golden` (SplitMix64: Steele, Lea and Flood 2014); streams
of different (seed, index) start at hashed places of that sequence of length 2^64.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from augury.numerics.compile import kernel

__all__ = ["draw_below", "draw_bits", "draw_unit", "shuffle", "stream_base"]

_GOLDEN = 0x9E3779B97F4A7C15
_MIX_A = 0xBF58476D1CE4E5B9
_MIX_B = 0x94D049BB133111EB
_UNIT = 2.0**-53


@kernel("uint64(uint64, int64)")
def draw_bits(base: Any, k: Any) -> Any:
    """The 64 random bits number `k` of the stream that starts at `base`."""
    z = base + np.uint64(k) * np.uint64(_GOLDEN)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(_MIX_A)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(_MIX_B)
    return z ^ (z >> np.uint64(31))


@kernel("uint64(int64, int64)")
def stream_base(seed: Any, index: Any) -> Any:
    """Where the stream of repetition `index` under `seed` starts."""
    return draw_bits(draw_bits(np.uint64(seed), 1), index + 1)


@kernel("float64(uint64, int64)")
def draw_unit(base: Any, k: Any) -> Any:
    """Number `k` of the stream as a float64 in [0, 1), in steps of 2^-53."""
    return np.float64(draw_bits(base, k) >> np.uint64(11)) * _UNIT


@kernel("int64(uint64, int64, int64)")
def draw_below(base: Any, k: Any, bound: Any) -> Any:
    """Number `k` of the stream as an integer in [0, bound); the bias is below bound / 2^53."""
    return np.int64(draw_unit(base, k) * np.float64(bound))


@kernel("int64(int64[::1], int64, int64, uint64, int64)")
def shuffle(items: Any, first: Any, last: Any, base: Any, k: Any) -> Any:
    """Shuffle items[first:last] in place (Fisher and Yates), drawing from number `k` on; the next unused number."""
    for i in range(last - first - 1, 0, -1):
        j = draw_below(base, k, i + 1)
        k += 1
        held = items[first + i]
        items[first + i] = items[first + j]
        items[first + j] = held
    return k
