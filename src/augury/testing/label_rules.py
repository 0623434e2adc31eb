"""The rules of the Label contract: form, stated ends that hold and are tight, scale, short and awkward series."""

from __future__ import annotations

import numpy as np
import pandas as pd

from augury.arrays import FloatMatrix
from augury.errors import LookAheadError
from augury.learning.labels.label import Labels
from augury.market.bars import BarArrays, bar_arrays, time_index
from augury.testing.bar_interventions import wild_bars
from augury.testing.experiment import CausalityPlan
from augury.testing.feature_trial import awkward_bars
from augury.testing.label_trial import LabelTrial
from augury.testing.labels import assert_label

__all__ = [
    "answers_are_repeated",
    "depends_on_its_future",
    "ends_are_tight",
    "ends_hold",
    "scale_of_prices_is_ignored",
    "short_series_are_unknown",
    "survives_awkward_bars",
    "values_keep_their_form",
]

_FACTORS = (1e-3, 0.8, 0.95, 0.99, 1.01, 1.05, 1.2, 1e3)
_POWER_OF_TWO = 4.0  # scales floats without rounding
_NO_TIME = np.iinfo(np.int64).min


def values_keep_their_form(trial: LabelTrial) -> None:
    """Shapes and types, classes within their number, ends within the horizon, a meaning for every label; some known."""
    if trial.label.horizon < 1:
        trial.broken(f"horizon = {trial.label.horizon}; a label looks at least one bar ahead")
    if len(set(trial.label.classes)) != len(trial.label.classes):
        trial.broken(f"classes must be distinct; got {trial.label.classes}")
    values = trial.labels.values
    if np.isnan(values).all():
        trial.broken(f"no label is known on {values.size} regular bars")
    seen = np.unique(values[~np.isnan(values)])
    if trial.label.classes and seen.size < 2:
        trial.broken(f"only the class {trial.label.classes[int(seen[0])]!r} occurs on {values.size} regular bars")


def answers_are_repeated(trial: LabelTrial) -> None:
    """The same bits again, and the bars left alone."""
    bars = trial.bars
    before = bars.matrix.copy()
    given = BarArrays(bars.opened_at.copy(), before.copy())
    first = trial.label.make(given)
    if not np.array_equal(given.matrix, before) or not np.array_equal(given.opened_at, bars.opened_at):
        trial.broken("writes into the bars it was given")
    if not _same(first, trial.run(bars)).all():
        trial.broken("gives other labels when asked again")


def ends_hold(trial: LabelTrial) -> None:
    """A label does not move when only bars after its end change."""
    rng = np.random.default_rng(trial.spec.seed)
    for bar in _cuts(trial, rng):
        for changed in (_wild_after(trial.bars, bar, rng), _scaled_at(trial.bars, slice(bar + 1, None), 1e3)):
            moved = trial.settled_by(bar) & ~_same(trial.labels, trial.run(changed))
            if moved.any():
                row = int(moved.argmax())
                raise LookAheadError(
                    f"{trial.label.name} ({trial.label.id}): the label of bar {row}, which should be settled at bar "
                    f"{trial.labels.end[row]}, moved when only bars after {bar} changed"
                )


def ends_are_tight(trial: LabelTrial) -> None:
    """Some label moves when the bar at its end alone changes: ends are not later than what is looked at."""
    rng = np.random.default_rng(trial.spec.seed)
    ends = np.unique(trial.labels.end[trial.labels.end >= 0])
    for bar in rng.permutation(ends).tolist():  # all of them: few bars decide which window of many wins
        ending = trial.labels.end == bar
        for factor in _FACTORS:
            changed = trial.run(_scaled_at(trial.bars, slice(bar, bar + 1), factor))
            if (ending & ~_same(trial.labels, changed)).any():
                return
    trial.broken(f"no label moved when the bar at its end changed, at {ends.size} bars; the stated ends are too late")


def depends_on_its_future(trial: LabelTrial) -> None:
    """The label test for frames: `label_end` is carried, moves nothing when the rest changes, and labels respond."""

    def framed(bars: pd.DataFrame) -> pd.DataFrame:
        arrays = bar_arrays(bars)
        found = trial.run(arrays)
        closes = np.where(found.end >= 0, arrays.opened_at[found.end] + spacing, _NO_TIME)
        return pd.DataFrame({"label": found.values, "label_end": time_index(closes)}, index=bars.index)

    spacing = int(np.diff(trial.bars.opened_at).min())
    plan = CausalityPlan(random_cuts=3, early_cuts=1, event_cuts=1, seed=trial.spec.seed)
    assert_label(framed, trial.frame, trial.label.horizon, plan=plan)


def scale_of_prices_is_ignored(trial: LabelTrial) -> None:
    """Prices in another unit (four times as high) give the same labels: a price level is no target."""
    scaled = trial.bars.matrix.copy()
    scaled[:4] *= _POWER_OF_TWO
    moved = ~_same(trial.labels, trial.run(BarArrays(trial.bars.opened_at, scaled)))
    if moved.any():
        trial.broken(f"{int(moved.sum())} labels moved when every price was multiplied by {_POWER_OF_TWO}")


def short_series_are_unknown(trial: LabelTrial) -> None:
    """Series too short for any label give unknown ones of the right shape, not an error or a number."""
    for count in (0, 1):
        values = trial.run(_first(trial.bars, count)).values
        if not np.isnan(values).all():
            trial.broken(f"a label is known on {count} bars")
    trial.run(_first(trial.bars, trial.label.horizon))


def survives_awkward_bars(trial: LabelTrial) -> None:
    """Holes, flat runs, no volume and jumps of the price level: the form is kept."""
    for frame in awkward_bars(len(trial.frame), seed=trial.spec.seed).values():
        trial.run(bar_arrays(frame))


def _cuts(trial: LabelTrial, rng: np.random.Generator) -> list[int]:
    """Bars somewhere in the series, all where there are fewer than asked for."""
    last = len(trial.bars) - 1
    chosen = rng.choice(np.arange(1, last), size=min(trial.spec.cuts, last - 1), replace=False)
    return [int(bar) for bar in np.sort(chosen)]


def _same(one: Labels, other: Labels) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    values = (one.values == other.values) | (np.isnan(one.values) & np.isnan(other.values))
    same: np.ndarray[tuple[int], np.dtype[np.bool_]] = values & (one.end == other.end)
    return same


def _first(bars: BarArrays, count: int) -> BarArrays:
    return BarArrays(bars.opened_at[:count], np.ascontiguousarray(bars.matrix[:, :count]))


def _wild_after(bars: BarArrays, bar: int, rng: np.random.Generator) -> BarArrays:
    """Every bar after `bar` unlike any market."""
    matrix: FloatMatrix = bars.matrix.copy()
    price, volume = float(matrix[3, bar]), float(matrix[4, bar])
    matrix[:, bar + 1 :] = wild_bars(len(bars) - bar - 1, price, volume, rng).T
    return BarArrays(bars.opened_at, matrix)


def _scaled_at(bars: BarArrays, where: slice, factor: float) -> BarArrays:
    """The prices of some bars multiplied."""
    matrix: FloatMatrix = bars.matrix.copy()
    matrix[:4, where] *= factor
    return BarArrays(bars.opened_at, matrix)
