"""The one meaning of `seed`: an integer repeats, a generator continues, None is fresh entropy."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

__all__ = ["Seed"]

Seed: TypeAlias = int | np.random.Generator | None  # what `numpy.random.default_rng` accepts, with its meaning
