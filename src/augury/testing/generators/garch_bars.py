"""Bars with volatility clustering: the everyday test series."""

from __future__ import annotations

import numpy as np
import pandas as pd

from augury.testing.generators.bars_from_returns import BarStyle, bars_from_returns
from augury.testing.generators.garch_returns import GarchTruth, garch_returns
from augury.testing.generators.seed import Seed

__all__ = ["garch_bars"]


def garch_bars(
    count: int, truth: GarchTruth | None = None, style: BarStyle | None = None, *, seed: Seed = None
) -> pd.DataFrame:
    """GARCH(1,1) returns as bars that keep the Bars contract, ranges and volume following the true volatility.

    >>> list(garch_bars(5, seed=1).columns)
    ['open', 'high', 'low', 'close', 'volume']
    """
    rng = np.random.default_rng(seed)
    path = garch_returns(count, truth, seed=rng)
    return bars_from_returns(path.returns, style, volatility=np.sqrt(path.variance), seed=rng)
