"""The `validate` operation: a whole search over parameters, judged as a search."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import msgspec

from augury import backtest, strategies
from augury.errors import InvalidInput
from augury.operations.evaluation import Evaluation, evaluate_search
from augury.operations.operation import Operation, Progress, option
from augury.operations.registry import register
from augury.operations.strategy_inputs import StrategyOptions, grid_of, parameters_of
from augury.operations.strategy_names import strategy_of

__all__ = ["ValidateOptions", "default_grid"]

_VALUES = 7
_REACH = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidateOptions(StrategyOptions):
    """Options of the `validate` operation."""

    grid: Annotated[
        tuple[str, ...],
        msgspec.Meta(
            description="Values to search: fast=5:60:5 (ends counted) or slow=50,100; around the defaults "
            "when left out; repeat."
        ),
    ] = option((), short="-g")
    train_bars: Annotated[
        int | None, msgspec.Meta(description="Walk-forward: bars of a train window; a third of all when left out.")
    ] = option(None)
    test_bars: Annotated[
        int | None, msgspec.Meta(description="Walk-forward: bars of a test window; a fifteenth of all when left out.")
    ] = option(None)
    block_bars: Annotated[
        int, msgspec.Meta(ge=1, description="Permute runs of so many bars; above 1 keeps clusters of volatility.")
    ] = option(1)


def default_grid(strategy: strategies.Strategy) -> dict[str, list[float]]:
    """Seven values for each parameter from a quarter of its default to four times it, within its bounds.

    Switches and parameters with few values keep their default; InvalidInput when nothing is left to search.
    """
    import numpy as np

    found: dict[str, list[float]] = {}
    for parameter in strategy.parameters:
        if parameter.integer and parameter.high - parameter.low < _VALUES:
            continue
        low, high = max(parameter.low, parameter.default / _REACH), min(parameter.high, parameter.default * _REACH)
        if not 0.0 < low < high:
            low, high = parameter.low, parameter.high
            values = np.linspace(low, high, _VALUES)
        else:
            values = np.geomspace(low, high, _VALUES)
        found[parameter.name] = sorted({float(round(v) if parameter.integer else round(v, 6)) for v in values})
    if not found:
        raise InvalidInput(f"strategy {strategy.name!r} has no parameter to search; use backtest")
    return found


def _run(options: ValidateOptions, progress: Progress) -> Evaluation:
    grid = grid_of(options.grid)
    if not grid:
        grid = default_grid(strategy_of(options.strategy))
    for name, value in parameters_of(options.parameters).items():
        if options.grid and name in grid:
            raise InvalidInput(f"{name!r} is both searched and fixed; give it once, with -g or with -p")
        grid[name] = [value]
    plan = backtest.ProofSpec(
        permutations=options.permutations,
        seed=options.seed,
        block_bars=options.block_bars,
        train_bars=options.train_bars,
        test_bars=options.test_bars,
    )
    return evaluate_search(options, grid, plan, progress)


register(
    Operation(
        name="validate",
        summary="Search a strategy's parameters and judge the search: permutation, walk-forward, overfitting, verdict.",
        example="augury validate sma_crossover AAPL.csv -g fast=5:60:5 -g slow=40:240:20 --report out.html",
        spec_type=ValidateOptions,
        result="augury.operations.evaluation:Evaluation",
        run=_run,
        changes_state=True,
        role="operator",
        long=True,
    )
)
