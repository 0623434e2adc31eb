"""Kernels: the n-grams of a line of tokens as 32-bit keys, and the places of keys in a sorted vocabulary."""

from __future__ import annotations

from typing import Any

import numpy as np

from augury.numerics.compile import kernel

__all__ = ["character_keys", "places", "token_keys"]

SPACE = np.uint8(32)
PRIME = np.uint64(1099511628211)  # FNV-1a: Fowler, Noll and Vo
BASIS = np.uint64(14695981039346656037)
EDGE = np.uint64(0x5EED)  # stands for the begin and the end of the line
GAP = np.uint64(0x6A9)  # stands for the word that a skip-gram leaves out
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_S27, _S30, _S31, _S32 = np.uint64(27), np.uint64(30), np.uint64(31), np.uint64(32)


@kernel("uint64(uint64)")
def mixed(value: Any) -> Any:
    """The finaliser of SplitMix64 (Steele, Lea and Flood, 2014): each bit of the result depends on all of `value`."""
    value = (value ^ (value >> _S30)) * _FIRST
    value = (value ^ (value >> _S27)) * _SECOND
    return value ^ (value >> _S31)


@kernel("int64(uint8[::1], uint64, uint64[::1])")
def _token_hashes(line: Any, seed: Any, out: Any) -> Any:
    """One hash for each space-separated token of the line, an edge before and behind; returns how many."""
    out[0] = mixed(EDGE + seed)
    count = 1
    running = BASIS
    inside = False
    for byte in line:
        if byte == SPACE:
            if inside:
                out[count] = mixed(running + seed)
                count += 1
            running = BASIS
            inside = False
        else:
            running = (running ^ np.uint64(byte)) * PRIME
            inside = True
    if inside:
        out[count] = mixed(running + seed)
        count += 1
    out[count] = mixed(EDGE + seed)
    return count + 1


@kernel("int64(uint8[::1], int64, int64, int64, uint32[::1])")
def token_keys(line: Any, longest: Any, skips: Any, seed: Any, out: Any) -> Any:
    """Keys of the runs of 1 to `longest` tokens (runs of two and more see the line's edges), and, when `skips` is 1, of

    pairs with one token left out between them. `line` is UTF-8 bytes, `out` needs (longest + 1) * (len(line) + 3)
    places; returns how many were written. `seed` keeps families of n-grams apart.
    """
    hashes = np.empty(line.size + 3, dtype=np.uint64)
    tokens = _token_hashes(line, np.uint64(seed), hashes)
    count = 0
    for start in range(tokens):
        running = hashes[start]
        if 0 < start < tokens - 1:
            out[count] = np.uint32(running >> _S32)
            count += 1
        for behind in range(1, min(longest, tokens - start)):
            running = mixed(running * PRIME + hashes[start + behind])
            out[count] = np.uint32(running >> _S32)
            count += 1
        if skips == 1 and start + 2 < tokens:
            out[count] = np.uint32(mixed((hashes[start] * PRIME + GAP) * PRIME + hashes[start + 2]) >> _S32)
            count += 1
    return count


@kernel("int64(uint8[::1], int64, int64, int64, uint32[::1])")
def character_keys(line: Any, shortest: Any, longest: Any, seed: Any, out: Any) -> Any:
    """Keys of the runs of `shortest` to `longest` bytes inside each token, a space before and behind it counted in.

    `line` is UTF-8 bytes with a space first and last; `out` needs longest * len(line) places; returns how many were
    written.
    """
    count = 0
    for start in range(line.size - 1):
        running = BASIS + np.uint64(seed)
        for length in range(1, min(longest, line.size - start) + 1):
            byte = line[start + length - 1]
            running = (running ^ np.uint64(byte)) * PRIME
            if length >= shortest:
                out[count] = np.uint32(mixed(running + np.uint64(length)) >> _S32)
                count += 1
            if byte == SPACE and length > 1:
                break
    return count


@kernel("int64(uint32[::1], uint32[::1], int32[::1])")
def places(keys: Any, vocabulary: Any, out: Any) -> Any:
    """Where the keys stand in the ascending `vocabulary`, each place once and ascending; absent keys are left out.

    `out` needs len(keys) places; returns how many were written.
    """
    found = 0
    for key in keys:
        low, high = 0, vocabulary.size
        while low < high:
            middle = (low + high) // 2
            if vocabulary[middle] < key:
                low = middle + 1
            else:
                high = middle
        if low < vocabulary.size and vocabulary[low] == key:
            out[found] = low
            found += 1
    out[:found].sort()
    unique = min(found, 1)
    for index in range(1, found):
        if out[index] != out[unique - 1]:
            out[unique] = out[index]
            unique += 1
    return unique
