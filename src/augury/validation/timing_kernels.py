"""Randomised positions, compiled: shifted in time, entered at random, or with random signs."""

from __future__ import annotations

from typing import Any

import numpy as np

from augury.numerics.compile import kernel
from augury.validation.random_streams import draw_bits, shuffle, stream_base

__all__ = ["all_sign_sums", "holding_runs", "random_entry_profits", "random_sign_sums", "shifted_profits"]


@kernel("void(float64[::1], float64[::1], int64[::1], float64[::1])")
def shifted_profits(positions: Any, returns: Any, shifts: Any, out: Any) -> None:
    """Sum of positions moved `shifts[i]` bars later (around the end) times returns, into out[i]."""
    bars = positions.shape[0]
    for i in range(shifts.shape[0]):
        shift = shifts[i]
        total = 0.0
        for t in range(bars - shift):
            total += positions[t] * returns[t + shift]
        for t in range(bars - shift, bars):
            total += positions[t] * returns[t + shift - bars]
        out[i] = total


@kernel("int64(float64[::1], int64[:, ::1])")
def holding_runs(positions: Any, runs: Any) -> Any:
    """First and one-past-last bar of each run of one sign into runs[2, n]; how many there are. Flat bars are none."""
    count = 0
    held = 0.0
    for t in range(positions.shape[0]):
        sign = np.sign(positions[t])
        if sign != held:
            if held != 0.0:
                runs[1, count] = t
                count += 1
            if sign != 0.0:
                runs[0, count] = t
            held = sign
    if held != 0.0:
        runs[1, count] = positions.shape[0]
        count += 1
    return count


@kernel("void(float64[::1], float64[::1], int64[:, ::1], int64, int64[::1], float64[::1])")
def random_entry_profits(positions: Any, returns: Any, runs: Any, seed: Any, span: Any, out: Any) -> None:
    """Profits of the same runs in random order at random places without overlap, repetitions span[0]..span[1].

    Every order of the runs and of the flat bars between them is equally likely.
    """
    flat = positions.shape[0]
    for run in range(runs.shape[1]):
        flat -= runs[1, run] - runs[0, run]
    tokens = np.empty(flat + runs.shape[1], dtype=np.int64)
    for repetition in range(span[0], span[1]):
        for i in range(tokens.shape[0]):
            tokens[i] = i - flat  # negative: a flat bar
        shuffle(tokens, 0, tokens.shape[0], stream_base(seed, repetition), 0)
        total = 0.0
        t = 0
        for token in tokens:
            if token < 0:
                t += 1
                continue
            for source in range(runs[0, token], runs[1, token]):
                total += positions[source] * returns[t]
                t += 1
        out[repetition] = total


@kernel("void(float64[::1], float64[::1])")
def all_sign_sums(values: Any, out: Any) -> None:
    """Sums of the values under each of the 2^n assignments of signs, into out[2^n]."""
    out[0] = 0.0
    filled = 1
    for value in values:
        for i in range(filled):
            out[filled + i] = out[i] + value
            out[i] -= value
        filled *= 2


@kernel("void(float64[::1], int64, float64[::1])")
def random_sign_sums(values: Any, seed: Any, out: Any) -> None:
    """Sums of the values under random signs, one a repetition."""
    for repetition in range(out.shape[0]):
        base = stream_base(seed, repetition)
        total = 0.0
        for i in range(values.shape[0]):
            negative = draw_bits(base, i) >> np.uint64(63)
            total += -values[i] if negative else values[i]
        out[repetition] = total
