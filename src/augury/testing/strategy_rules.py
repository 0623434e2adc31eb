"""The rules of the Strategy contract: form, warm-up, purity, scale, bounds of parameters, short and awkward bars."""

from __future__ import annotations

from itertools import product

import numpy as np

from augury.arrays import FloatVector
from augury.errors import LookAheadError
from augury.market.bars import BarArrays, bar_arrays
from augury.strategies.strategy import CompiledForm
from augury.testing.causality import check_causality
from augury.testing.feature_trial import awkward_bars
from augury.testing.strategy_trial import StrategyTrial

__all__ = [
    "answers_are_repeated",
    "bars_are_left_alone",
    "every_target_is_written",
    "parameters_are_described",
    "parameters_work_at_their_bounds",
    "positions_are_causal",
    "positions_ignore_the_scale_of_prices",
    "positions_keep_their_form",
    "short_series_are_handled",
    "survives_awkward_bars",
    "warm_up_is_flat",
]

_POWER_OF_TWO = 4.0  # scales without rounding: no position may move
_PLAIN_FACTOR = 3.7  # rounds every product: a threshold may be crossed by the last bit, rarely
_RARE = 0.01
_CORNERS = 6  # up to so many parameters all combinations of bounds are tried


def parameters_are_described(trial: StrategyTrial) -> None:
    """A name and a summary, distinct parameter names, defaults within their bounds that keep the rule."""
    strategy = trial.strategy
    if not strategy.name or not strategy.summary:
        trial.broken("a strategy has a name and a summary")
    if len(set(strategy.names)) != len(strategy.names):
        trial.broken(f"parameter names must be distinct; got {strategy.names}")
    for parameter in strategy.parameters:
        if not parameter.low <= parameter.default <= parameter.high:
            trial.broken(f"default {parameter.default:g} of {parameter.name!r} lies outside its bounds")
    strategy.values()
    if trial.warm_up < 0:
        trial.broken(f"the warm-up is {trial.warm_up}; expected 0 or more bars")


def positions_keep_their_form(trial: StrategyTrial) -> None:
    """float64, one a bar, finite, within the leverage."""
    assert trial.positions.shape == (len(trial.bars),)


def warm_up_is_flat(trial: StrategyTrial) -> None:
    """No position before the declared warm-up, and some position after it on a long series."""
    early = np.flatnonzero(trial.positions[: trial.warm_up])
    if early.size:
        trial.broken(
            f"holds {trial.positions[early[0]]:g} at bar {int(early[0])}, within its warm-up of {trial.warm_up} bars"
        )
    if len(trial.bars) >= trial.warm_up + 200 and not trial.positions.any():
        trial.broken(
            f"holds nothing in {len(trial.bars)} bars; pass bars or parameters with which it decides something"
        )


def positions_are_causal(trial: StrategyTrial) -> None:
    """No position moves when only later bars change."""
    strategy, values = trial.strategy, trial.values
    report = check_causality(
        lambda bars: strategy.evaluate(bar_arrays(bars), values), trial.bars, plan=trial.spec.causality
    )
    if report.leaks:
        raise LookAheadError(f"{strategy.name}: {report}")


def answers_are_repeated(trial: StrategyTrial) -> None:
    """The same positions the second time, also after other bars and other parameters."""
    arrays = bar_arrays(trial.bars)
    first = trial.positions
    half = len(arrays) // 2
    trial.run(BarArrays(arrays.opened_at[:half], np.ascontiguousarray(arrays.matrix[:, :half])))
    for values in _corners(trial)[:1]:
        trial.run(arrays, values)
    _require_same(trial, first, trial.run(arrays), "on a second call")


def bars_are_left_alone(trial: StrategyTrial) -> None:
    """Neither bars nor parameters are changed, and the answer is no view of them."""
    arrays, values = bar_arrays(trial.bars), trial.values
    opened_at, matrix, given = arrays.opened_at.copy(), arrays.matrix.copy(), values.copy()
    found = trial.strategy.evaluate(BarArrays(opened_at, matrix), given)
    if not np.array_equal(opened_at, arrays.opened_at) or not np.array_equal(matrix, arrays.matrix):
        trial.broken("changed the bars it was given")
    if not np.array_equal(given, values):
        trial.broken("changed the parameters it was given")
    if np.shares_memory(found, matrix):
        trial.broken("returned memory of its input")


def every_target_is_written(trial: StrategyTrial) -> None:
    """Compiled positions write every cell, those of the warm-up and of series shorter than it included."""
    form = trial.strategy.form
    if not isinstance(form, CompiledForm):
        return
    matrix = bar_arrays(trial.bars).matrix
    for count in _lengths(trial):
        inputs = form.inputs(np.ascontiguousarray(matrix[:, :count]))
        out = np.full(count, np.nan)
        form.positions(inputs, trial.values, out)
        if np.isnan(out).any():
            trial.broken(f"leaves the target of bar {int(np.isnan(out).argmax())} of {count} unwritten")


def positions_ignore_the_scale_of_prices(trial: StrategyTrial) -> None:
    """Where declared: every price times a constant gives the same positions."""
    if not trial.strategy.scale_free:
        return
    arrays = bar_arrays(trial.bars)
    for factor in (_POWER_OF_TWO, _PLAIN_FACTOR):
        matrix = arrays.matrix.copy()
        matrix[:4] *= factor
        found = trial.run(BarArrays(arrays.opened_at, matrix))
        moved = found != trial.positions
        if moved.mean() > (0.0 if factor == _POWER_OF_TWO else _RARE):
            bar = int(moved.argmax())
            trial.broken(
                f"is declared scale free; with every price times {factor:g} it holds {found[bar]:g} at bar {bar} "
                f"instead of {trial.positions[bar]:g} ({moved.mean():.1%} of bars differ)"
            )


def short_series_are_handled(trial: StrategyTrial) -> None:
    """One bar, two, and anything around the warm-up give as many positions, those of the longer series."""
    arrays = bar_arrays(trial.bars)
    for count in _lengths(trial):
        short = BarArrays(arrays.opened_at[:count], np.ascontiguousarray(arrays.matrix[:, :count]))
        _require_same(trial, trial.positions[:count], trial.run(short), f"on the first {count} bars alone")


def parameters_work_at_their_bounds(trial: StrategyTrial) -> None:
    """Finite, bounded positions and an empty warm-up at every combination of bounds that the rule allows."""
    arrays = bar_arrays(trial.bars)
    for values in _corners(trial):
        found = trial.run(arrays, values)
        warm_up = trial.warm_up_with(values)
        if found[:warm_up].any():
            trial.broken(f"holds a position within its warm-up of {warm_up} bars with {trial.shown(values)}")


def survives_awkward_bars(trial: StrategyTrial) -> None:
    """Gaps, zero volume, flat bars and level jumps give finite, bounded positions."""
    for bars in awkward_bars(trial.warm_up + 250, seed=trial.spec.seed).values():
        trial.run(bar_arrays(bars))


def _lengths(trial: StrategyTrial) -> list[int]:
    warm_up, most = trial.warm_up, len(trial.bars)
    wanted = {1, 2, 3, warm_up // 2, warm_up - 1, warm_up, warm_up + 1, warm_up + 2}
    return sorted(count for count in wanted if 0 < count <= most)


def _corners(trial: StrategyTrial) -> list[FloatVector]:
    """Parameters at their bounds: all combinations where they are few, else one at a time; those the rule allows."""
    parameters, base = trial.strategy.parameters, trial.values
    if len(parameters) <= _CORNERS:
        bounds = [(item.low, value, item.high) for item, value in zip(parameters, base.tolist(), strict=True)]
        corners = [np.array(corner, dtype=np.float64) for corner in product(*bounds)] if bounds else []
    else:
        corners = []
        for place, item in enumerate(parameters):
            for bound in (item.low, item.high):
                corner = base.copy()
                corner[place] = bound
                corners.append(corner)
    return [corner for corner in corners if trial.strategy.broken_rule(corner) is None]


def _require_same(trial: StrategyTrial, wanted: FloatVector, found: FloatVector, when: str) -> None:
    if not np.array_equal(wanted, found):
        bar = int((wanted != found).argmax())
        trial.broken(f"holds {found[bar]:g} at bar {bar} {when}, and {wanted[bar]:g} before")
