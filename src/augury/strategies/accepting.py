"""One door for whatever says what to hold."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from augury.errors import InvalidInput
from augury.strategies.files import load_strategy
from augury.strategies.functions import StrategyLike, strategy_from_array, strategy_from_function
from augury.strategies.strategy import Strategy

__all__ = ["as_strategy"]


def as_strategy(subject: StrategyLike) -> Strategy:
    """The strategy that is meant by a Strategy, a registered name, a `.py` file, a function or an array of positions.

    A function is `positions(bars, fast=10)` (see `strategy_from_function`); an array or series holds one target
    position a bar. Raises NotFound for an unknown name or file and InvalidInput for anything else.

    >>> as_strategy("sma_crossover").names
    ('fast', 'slow', 'short')
    >>> as_strategy(lambda bars: (bars["close"] > bars["open"]).astype(float)).parameters
    ()
    """
    if isinstance(subject, Strategy):
        return subject
    if isinstance(subject, str | Path):
        return load_strategy(subject)
    if isinstance(subject, np.ndarray | pd.Series | pd.DataFrame | list | tuple):
        return strategy_from_array(subject)
    if isinstance(subject, type):
        raise InvalidInput(f"expected a strategy, not the class {subject.__name__}; pass a function positions(bars)")
    if callable(subject):
        return strategy_from_function(subject)
    raise InvalidInput(
        "expected a strategy: a registered name, a .py file, a function positions(bars), an array of target positions "
        f"or a Strategy; got {type(subject).__name__}"
    )
