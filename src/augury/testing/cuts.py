"""Where to cut: moments at which looking ahead would show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from augury.arrays import IntVector
from augury.testing.comparison import known_times
from augury.testing.experiment import CausalityPlan

__all__ = ["Cuts", "choose_cuts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cuts:
    """Clock positions, ascending: `all` of them, and those `deep` enough for interventions that shorten the series."""

    all: tuple[int, ...]
    deep: tuple[int, ...]


def _rare_rows(column: pd.Series[Any]) -> IntVector:
    """Rows whose value is unusual: the rarest of few values, or among the largest steps."""
    codes, values = pd.factorize(column)
    counts = np.bincount(codes[codes >= 0], minlength=1)
    if 2 <= len(values) <= 8:
        rare: IntVector = np.flatnonzero(codes == int(np.argmin(counts)))
        return rare
    if not pd.api.types.is_float_dtype(column.dtype) or len(column) < 3:
        return np.empty(0, dtype=np.int64)
    step = np.abs(np.diff(column.to_numpy(dtype=np.float64), prepend=np.nan))
    known = np.flatnonzero(np.isfinite(step))
    return known[np.argsort(step[known])[-20:]]


def _event_positions(base: pd.DataFrame, rows: IntVector, wanted: int, rng: np.random.Generator) -> list[int]:
    """Up to `wanted` positions of unusual values, the columns taking turns."""
    queues = []
    for name in base.columns:
        candidates = _rare_rows(base[name])
        queues.append(rng.permutation(rows[candidates]).tolist())
    positions: list[int] = []
    while len(positions) < wanted and any(queues):
        for queue in queues:
            if queue and len(positions) < wanted:
                positions.append(int(queue.pop()))
    return positions


def choose_cuts(base: pd.DataFrame, clock: IntVector, plan: CausalityPlan, rng: np.random.Generator) -> Cuts:
    """Positions on the clock: early where values begin, random and stratified over the rest, and at unusual values."""
    last = len(clock) - 2
    rows = np.minimum(np.searchsorted(clock, known_times(base), side="left"), last)
    known = base.notna().to_numpy()
    begins = rows[known.argmax(axis=0)[known.any(axis=0)]] if len(base) else np.empty(0, dtype=np.int64)
    first = int(begins.min()) if begins.size else 0
    start = min(int(begins.max()) if begins.size else 0, int(0.8 * last))
    early = [min(first + 2**step - 1, last) for step in range(plan.early_cuts)]
    edges = np.linspace(start, last + 1, plan.random_cuts + 1)
    spread = [int(edges[i] + rng.random() * (edges[i + 1] - edges[i])) for i in range(plan.random_cuts)]
    events = _event_positions(base, rows, plan.event_cuts, rng)
    chosen = sorted({min(place, last) for place in (*early, *spread, *events)})
    enough = min(plan.shortest_prefix_bars, len(clock) // 2)
    return Cuts(all=tuple(chosen), deep=tuple(place for place in chosen if place + 1 >= max(enough, first + 1)))
