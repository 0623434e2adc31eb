"""Knowledge of who will be in the universe, and of what the others will do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from augury.testing.planted.twins import Twins

__all__ = ["TWINS"]


def _panel(universe: Mapping[str, pd.DataFrame], column: str = "close") -> pd.DataFrame:
    return pd.DataFrame({ticker: bars[column] for ticker, bars in universe.items()})


def _changes(universe: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    return _panel(universe).pct_change(fill_method=None)


def _standardised(panel: pd.DataFrame, centre: Any, spread: Any) -> pd.DataFrame:
    return panel.sub(centre, axis="index").div(spread, axis="index")


def _normalised(universe: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    changes = _changes(universe)
    return (changes - float(np.nanmean(changes.to_numpy()))) / float(np.nanstd(changes.to_numpy()))


def _busiest(universe: Mapping[str, pd.DataFrame], volume: pd.DataFrame) -> pd.DataFrame:
    """Returns of the ticker in each row that has the larger volume so far than half of the others."""
    return _changes(universe).where(volume.ge(volume.median(axis=1), axis="index"))


def _final_volume(universe: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    volume = _panel(universe, "volume")
    return volume * 0.0 + volume.sum()


def _survivors(universe: Mapping[str, pd.DataFrame]) -> pd.Series[Any]:
    panel = _panel(universe)
    return _changes(universe).loc[:, panel.iloc[-1].notna()].mean(axis=1)


def _correlations(universe: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    changes = _changes(universe)
    return changes.mul(changes.corrwith(changes.mean(axis=1)))


def _rolling_correlations(universe: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    changes = _changes(universe)
    market = changes.mean(axis=1)
    fitted = {ticker: changes[ticker].rolling(30).corr(market).shift(1) for ticker in changes}
    return changes.mul(pd.DataFrame(fitted)).replace([np.inf, -np.inf], np.nan)


TWINS = (
    Twins(
        name="normalised_over_the_panel",
        mistake="a cross-sectional score normalised with the mean and deviation of all tickers at all times",
        takes="universe",
        leaky=lambda universe: (
            (_changes(universe) - _changes(universe).stack().mean()) / _changes(universe).stack().std()
        ),
        clean=lambda universe: _standardised(
            _changes(universe), _changes(universe).mean(axis=1), _changes(universe).std(axis=1)
        ),
    ),
    Twins(
        name="busiest_in_the_end",
        mistake="a universe chosen by the volume of the whole sample",
        takes="universe",
        leaky=lambda universe: _busiest(universe, _final_volume(universe)),
        clean=lambda universe: _busiest(universe, _panel(universe, "volume").rolling(20).mean().shift(1)),
    ),
    Twins(
        name="survivors_only",
        mistake="only tickers that still trade at the end",
        takes="universe",
        leaky=_survivors,
        clean=lambda universe: _changes(universe).mean(axis=1),
    ),
    Twins(
        name="peers_of_the_next_bar",
        mistake="the mean of the others, one bar early",
        takes="universe",
        leaky=lambda universe: _changes(universe).mean(axis=1).shift(-1),
        clean=lambda universe: _changes(universe).mean(axis=1).shift(1),
        lag_bars=1,
    ),
    Twins(
        name="weights_from_whole_correlations",
        mistake="weights from correlations over the whole sample",
        takes="universe",
        leaky=_correlations,
        clean=_rolling_correlations,
    ),
    Twins(
        name="rows_where_everybody_trades",
        mistake="rows dropped because a ticker listed later has no value in them",
        takes="universe",
        leaky=lambda universe: _panel(universe).dropna().mean(axis=1),
        clean=lambda universe: _panel(universe).mean(axis=1),
    ),
)
