"""The positions that predictions imply, bar by bar."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from msgspec import Meta

from augury.arrays import FloatVector
from augury.errors import InvalidInput
from augury.learning.evaluation.predictions import Predictions
from augury.spec import Spec

__all__ = ["PositionSpec", "implied_positions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionSpec(Spec):
    """From a prediction's edge, P(last class) - P(first class) or the predicted value, to a position.

    Long above `threshold`, short below minus it (unless `long_only`), flat between. `sizing` "full" holds
    `largest_position`; "edge" holds it times the edge over `full_edge`, at most all of it. The position
    is the mean of the decisions of the last `hold_bars` bars, flat without any, which trades less (Jegadeesh and Titman
    1993); None: as many bars as lie between the rows of the data set.
    """

    threshold: Annotated[float, Meta(ge=0.0)] = 0.0
    sizing: Literal["full", "edge"] = "full"
    full_edge: Annotated[float, Meta(gt=0.0)] = 0.2
    largest_position: Annotated[float, Meta(gt=0.0, le=10.0)] = 1.0
    long_only: bool = False
    hold_bars: Annotated[int, Meta(ge=1, le=1000)] | None = None


def implied_positions(said: Predictions, symbol: int, bars: int, spec: PositionSpec | None = None) -> FloatVector:
    """Target positions float64[bars] of one symbol, decided at the close of each row's bar.

    Bars without an out-of-fold row add no decision: once the holding time of the last ones is over they are flat (0).
    Raises InvalidInput when rows lie beyond the bars.
    """
    spec = spec or PositionSpec()
    mine = said.symbol == symbol
    rows, edge = said.bar[mine], said.edge[mine]
    if rows.size and int(rows.max()) >= bars:
        raise InvalidInput(f"expected rows within {bars} bars, got one at bar {int(rows.max())}")
    share = np.sign(edge) if spec.sizing == "full" else np.clip(edge / spec.full_edge, -1.0, 1.0)
    share = np.where(np.abs(edge) > spec.threshold, share, 0.0) * spec.largest_position
    decided, counted, hold = np.zeros(bars), np.zeros(bars), spec.hold_bars or 1
    decided[rows], counted[rows] = (np.maximum(share, 0.0) if spec.long_only else share), 1.0
    if hold == 1:
        return decided
    total, number = _rolling_sum(decided, hold), _rolling_sum(counted, hold)
    held: FloatVector = np.where(number > 0.5, total / np.maximum(number, 1.0), 0.0)
    return np.where(np.abs(held) < 1e-12, 0.0, held)


def _rolling_sum(values: FloatVector, width: int) -> FloatVector:
    total = np.cumsum(np.concatenate([np.zeros(width), values]))
    return np.asarray(total[width:] - total[:-width])
