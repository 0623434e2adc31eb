"""Bars of a panel without the steps of splits, block after block: what weight functions look at."""

from __future__ import annotations

import numpy as np

from augury.arrays import FloatMatrix
from augury.backtest.portfolio.panel import Panel, PanelBlock
from augury.backtest.portfolio.portfolio_layout import ACTION_BAR, ACTION_RATIO, ACTION_SYMBOL

__all__ = ["SplitSteps"]


class SplitSteps:
    """Takes the steps of splits out of blocks that come in order of time.

    Prices are multiplied with the ratios of the splits so far, volumes divided by them: units of the first day, which
    no later split changes.
    """

    def __init__(self, panel: Panel) -> None:
        self._rows = panel.actions[panel.actions[:, ACTION_RATIO] != 1.0]
        self._so_far = np.ones(len(panel.symbols))

    def removed(self, block: PanelBlock) -> FloatMatrix:
        """The block's values float64[5, m, k] without the steps; the very same array where there are none."""
        bars = self._rows[:, ACTION_BAR].astype(np.int64) - block.start
        here = (bars >= 0) & (bars < len(block))
        if not here.any() and bool((self._so_far == 1.0).all()):
            return block.values
        ratios = np.ones((len(block), self._so_far.size))
        places = self._rows[here, ACTION_SYMBOL].astype(np.int64)
        np.multiply.at(ratios, (bars[here], places), self._rows[here, ACTION_RATIO])
        ratios[0] *= self._so_far
        factors = np.cumprod(ratios, axis=0)
        self._so_far = factors[-1].copy()
        values = block.values.copy()
        values[:4] *= factors
        values[4] /= factors
        return values
