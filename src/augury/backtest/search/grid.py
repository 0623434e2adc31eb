"""Grids of parameters: from lists of values to the combinations that a strategy allows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from augury.arrays import FloatMatrix
from augury.errors import InvalidInput, nearest
from augury.strategies.ordering import Below
from augury.strategies.strategy import Strategy

__all__ = ["combinations_of"]

_MOST = 20_000_000


def combinations_of(strategy: Strategy, grid: Mapping[str, Iterable[Any]]) -> FloatMatrix:
    """Every combination of the grid that keeps the strategy's rule, float64[m, p], the last parameter fastest.

    `grid` maps parameter names to values; parameters left out keep their default. Values are sorted and counted once.
    Those out of bounds and unknown names raise InvalidInput, as does a grid without a combination that the rule allows.
    """
    if not isinstance(grid, Mapping):
        raise InvalidInput(
            f'a grid should map parameters to values, such as {{"fast": [5, 10]}}; got {type(grid).__name__}'
        )
    for name in grid:
        if name not in strategy.names:
            known = nearest(name, strategy.names) if strategy.names else "it has no parameters"
            raise InvalidInput(f"strategy {strategy.name!r} has no parameter {name!r}; {known}")
    axes = []
    for parameter in strategy.parameters:
        values = grid.get(parameter.name, (parameter.default,))
        if isinstance(values, str) or not isinstance(values, Iterable):
            raise InvalidInput(f"grid[{parameter.name!r}] should be a list of values, got {values!r}")
        axis = sorted({parameter.checked(value) for value in values})
        if not axis:
            raise InvalidInput(f"grid[{parameter.name!r}] should hold at least one value, got none")
        axes.append(axis)
    size = int(np.prod([len(axis) for axis in axes], dtype=np.float64))
    if size > _MOST:
        raise InvalidInput(f"a grid should have at most {_MOST:,} combinations, got {size:,}; take coarser steps")
    mesh = np.meshgrid(*axes, indexing="ij") if axes else []
    rows = np.stack([each.ravel() for each in mesh], axis=1) if mesh else np.empty((1, 0))
    if strategy.rule is None:
        return rows
    if isinstance(strategy.rule, Below):
        allowed = strategy.rule.allowed(dict(zip(strategy.names, rows.T, strict=True)))
    else:
        allowed = np.array([strategy.broken_rule(row) is None for row in rows], dtype=np.bool_)
    if not allowed.any():
        raise InvalidInput(f"none of {size} combinations is allowed: {strategy.broken_rule(rows[0])}")
    return np.ascontiguousarray(rows[allowed])
