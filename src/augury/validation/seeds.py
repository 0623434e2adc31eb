"""One meaning of a seed, and the number that kernels start their streams from."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

__all__ = ["Seed", "seed_number"]

Seed: TypeAlias = int | np.random.Generator | None  # what `numpy.random.default_rng` accepts


def seed_number(seed: Seed) -> int:
    """The number that results name as their seed: an int as it is, else one drawn from the generator (None: afresh).

    >>> seed_number(7)
    7
    """
    if isinstance(seed, int | np.integer):
        return int(seed) & 0x7FFFFFFFFFFFFFFF
    return int(np.random.default_rng(seed).integers(2**62))
