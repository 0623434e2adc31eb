"""Ways to change the future of a universe of tickers: all of them, one of them, and who belongs to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np
import pandas as pd

from augury.testing.bar_interventions import BAR_CHANGES, BarChange
from augury.testing.outputs import open_times

__all__ = ["UNIVERSE_CHANGES", "UniverseBars", "UniverseChange"]

UniverseBars: TypeAlias = Mapping[str, pd.DataFrame]
UniverseChange: TypeAlias = Callable[[UniverseBars, int, int, np.random.Generator], UniverseBars]


def _kept(bars: pd.DataFrame, cut: int, interval: int) -> int:
    """How many leading bars are closed at `cut`."""
    return int(np.searchsorted(open_times(bars) + interval, cut, side="right"))


def _changed(bars: pd.DataFrame, cut: int, interval: int, change: BarChange, rng: np.random.Generator) -> pd.DataFrame:
    first = _kept(bars, cut, interval)
    return change(bars, first, rng) if 0 < first < len(bars) else bars.copy()


def everyone(change: BarChange) -> UniverseChange:
    """The change for every ticker."""

    def apply(universe: UniverseBars, cut: int, interval: int, rng: np.random.Generator) -> UniverseBars:
        return {ticker: _changed(bars, cut, interval, change, rng) for ticker, bars in universe.items()}

    return apply


def one(change: BarChange) -> UniverseChange:
    """The change for one ticker drawn at random; the others stay."""

    def apply(universe: UniverseBars, cut: int, interval: int, rng: np.random.Generator) -> UniverseBars:
        chosen = sorted(universe)[int(rng.integers(len(universe)))]
        return {
            ticker: _changed(bars, cut, interval, change, rng) if ticker == chosen else bars.copy()
            for ticker, bars in universe.items()
        }

    return apply


def list_newcomer(universe: UniverseBars, cut: int, interval: int, rng: np.random.Generator) -> UniverseBars:
    """A ticker that did not exist starts trading after the moment."""
    template = universe[sorted(universe)[0]]
    first = _kept(template, cut, interval)
    newcomer = BAR_CHANGES["noise"](template, first, rng).iloc[first:]
    return {**{ticker: bars.copy() for ticker, bars in universe.items()}, "NEWCOMER": newcomer}


UNIVERSE_CHANGES: dict[str, UniverseChange] = {
    "truncate": everyone(BAR_CHANGES["truncate"]),
    "noise": everyone(BAR_CHANGES["noise"]),
    "drop": everyone(BAR_CHANGES["drop"]),
    "surge_of_one": one(BAR_CHANGES["surge"]),
    "crash_of_one": one(BAR_CHANGES["crash"]),
    "next_up_of_one": one(BAR_CHANGES["next_up"]),
    "delisting_of_one": one(BAR_CHANGES["truncate"]),
    "newcomer": list_newcomer,
}
