"""Bars of geometric Brownian motion: independent normal returns, nothing to predict."""

from __future__ import annotations

import numpy as np
import pandas as pd

from augury.errors import InvalidInput
from augury.testing.generators.bars_from_returns import BarStyle, bars_from_returns
from augury.testing.generators.seed import Seed

__all__ = ["geometric_brownian_bars"]


def geometric_brownian_bars(
    count: int, *, drift: float = 0.0, std: float = 0.01, style: BarStyle | None = None, seed: Seed = None
) -> pd.DataFrame:
    """Bars whose log returns are independent normals with mean `drift` and deviation `std` per bar: the null market.

    >>> len(geometric_brownian_bars(10, seed=1))
    10
    """
    if count < 1 or std < 0.0:
        raise InvalidInput(f"need count >= 1 and std >= 0; got count={count}, std={std}")
    rng = np.random.default_rng(seed)
    return bars_from_returns(drift + std * rng.standard_normal(count), style, volatility=np.full(count, std), seed=rng)
