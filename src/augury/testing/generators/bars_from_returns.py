"""OHLCV bars around any path of returns, keeping the Bars contract."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import msgspec
import numpy as np
import pandas as pd

from augury.arrays import FloatMatrix, FloatVector
from augury.errors import InvalidInput
from augury.market.bars import bars_frame
from augury.spec import Spec
from augury.testing.generators.seed import Seed

__all__ = ["BarStyle", "bars_from_returns"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BarStyle(Spec):
    """How returns become bars.

    `frequency` is a pandas offset (`"1h"`, `"1D"`, `"B"`, `"5min"`), `start` the first open time (UTC).
    `steps_per_bar` points of a Brownian bridge lie inside every bar; `gap_share` is the standard deviation of the jump
    from one close to the next open as a share of the bar's volatility. Volume is log-normal around `mean_volume`:
    `volume_elasticity` is how it grows with the bar's relative range, `volume_noise` the rest of its log deviation.
    """

    frequency: str = "1h"
    start: str = "2020-01-06"
    first_price: Annotated[float, msgspec.Meta(gt=0)] = 100.0
    steps_per_bar: Annotated[int, msgspec.Meta(ge=2)] = 12
    gap_share: Annotated[float, msgspec.Meta(ge=0)] = 0.1
    mean_volume: Annotated[float, msgspec.Meta(gt=0)] = 100_000.0
    volume_elasticity: float = 0.8
    volume_noise: Annotated[float, msgspec.Meta(ge=0)] = 0.3


def _log_paths(returns: FloatVector, volatility: FloatVector, style: BarStyle, rng: np.random.Generator) -> FloatMatrix:
    """Log prices float64[n, steps + 1] of every bar, open to close; the closes add up the returns exactly."""
    count, steps = returns.shape[0], style.steps_per_bar
    closes = np.log(style.first_price) + np.cumsum(returns)
    before = np.concatenate([[np.log(style.first_price)], closes[:-1]])
    opens = before + style.gap_share * volatility * rng.standard_normal(count)
    walk = np.cumsum(rng.standard_normal((count, steps)), axis=1) / np.sqrt(steps) * volatility[:, None]
    share = np.arange(1, steps + 1) / steps
    bridge = walk - share * walk[:, -1:] + opens[:, None] + share * (closes - opens)[:, None]
    bridge[:, -1] = closes
    return np.column_stack([opens, bridge])


def _volumes(ranges: FloatVector, style: BarStyle, rng: np.random.Generator) -> FloatVector:
    """Volume float64[n]: log-linear in the range relative to its median, with independent noise."""
    relative = np.log(np.maximum(ranges, 1e-12) / max(float(np.median(ranges)), 1e-12))
    noise = rng.standard_normal(ranges.shape[0])
    return style.mean_volume * np.exp(style.volume_elasticity * relative + style.volume_noise * noise)


def bars_from_returns(
    returns: FloatVector,
    style: BarStyle | None = None,
    *,
    volatility: FloatVector | None = None,
    seed: Seed = None,
) -> pd.DataFrame:
    """Bars whose close-to-close log returns are `returns`, with opens, highs, lows and volumes around them.

    `volatility` float64[n] is the standard deviation inside each bar, by default that of all returns. The index holds
    open times (UTC, ns, named `timestamp`), the columns are float64 open, high, low, close, volume.
    Raises InvalidInput when returns are empty or not finite, or volatility has another length or a negative value.

    >>> bars = bars_from_returns(np.array([0.01, -0.02]), seed=1)
    >>> bool((bars["high"] >= bars[["open", "close"]].max(axis=1)).all())
    True
    """
    style = style or BarStyle()
    returns = np.asarray(returns, dtype=np.float64)
    if returns.ndim != 1 or returns.shape[0] == 0 or not np.isfinite(returns).all():
        raise InvalidInput(f"need a non-empty vector of finite returns; got shape {returns.shape}")
    inside = np.full(returns.shape, float(np.std(returns))) if volatility is None else np.asarray(volatility)
    if inside.shape != returns.shape or not (inside >= 0.0).all():
        raise InvalidInput(f"need one volatility >= 0 for each of {returns.shape[0]} returns; got shape {inside.shape}")
    rng = np.random.default_rng(seed)
    paths = np.exp(_log_paths(returns, inside, style, rng))
    high, low = paths.max(axis=1), paths.min(axis=1)
    volume = _volumes(np.log(high / low), style, rng)
    index = pd.date_range(style.start, periods=returns.shape[0], freq=style.frequency, tz="UTC", unit="ns")
    return bars_frame(index.asi8, np.stack([paths[:, 0], high, low, paths[:, -1], volume]))
