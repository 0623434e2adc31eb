"""The rules of the Feature contract about time, form, scale, and short or awkward bars."""

from __future__ import annotations

import numpy as np

from augury.arrays import FloatMatrix, FloatVector
from augury.features.feature import Output, Scale
from augury.market.bars import BAR_COLUMNS, BarArrays, bar_arrays
from augury.testing.comparison import same_values
from augury.testing.feature_trial import FeatureTrial, awkward_bars
from augury.testing.generators.garch_bars import garch_bars
from augury.testing.stream_trial import StreamTrial

__all__ = [
    "batch_is_pure",
    "inputs_are_declared",
    "look_back_is_enough",
    "prices_scale_as_declared",
    "short_input_is_unknown",
    "survives_awkward_bars",
    "volumes_scale_as_declared",
    "warm_up_is_honoured",
]

_POWER_OF_TWO = 4.0  # scales floats without rounding: flags may not move at all
_PLAIN_FACTOR = 3.7  # rounds every product: a threshold may be crossed by the last bit, rarely
_RARE = 0.01
_PAST_TOLERANCE = 1e-7  # running sums may remember old bars in their last digits


def warm_up_is_honoured(trial: FeatureTrial) -> None:
    """All NaN before the warm-up, some output known soon after it, every output known somewhere."""
    warm_up, known = trial.feature.warm_up, ~np.isnan(trial.values)
    early = np.argwhere(known[:, :warm_up])
    if early.size:
        output, bar = early[0].tolist()
        trial.broken(f"column {trial.feature.columns[output]!r} is known at bar {bar}, before the warm-up of {warm_up}")
    soon = warm_up + trial.spec.valid_within_bars
    if not known[:, warm_up:soon].any():
        first = int(known.any(axis=0).argmax()) if known.any() else None
        trial.broken(f"nothing is known in bars {warm_up}..{soon - 1} after the warm-up; first known bar: {first}")
    for _, column, row in trial.columns(trial.values):
        if np.isnan(row).all():
            trial.broken(f"column {column!r} is never known on {row.size} regular bars")


def short_input_is_unknown(trial: FeatureTrial) -> None:
    """No bars, one bar, and anything up to the warm-up give NaN of the right shape, not an error or a number."""
    arrays, warm_up = bar_arrays(trial.bars), trial.feature.warm_up
    for count in sorted({0, 1, 2, 3, warm_up // 2, max(warm_up - 1, 0), warm_up, warm_up + 1}):
        short = BarArrays(arrays.opened_at[:count], np.ascontiguousarray(arrays.matrix[:, :count]))
        values = trial.run(short)
        if not np.isnan(values[:, :warm_up]).all():
            trial.broken(f"a value is known on {count} bars within the warm-up of {warm_up}")


def batch_is_pure(trial: FeatureTrial) -> None:
    """The batch leaves its inputs alone and gives the same bits again."""
    arrays = bar_arrays(trial.bars)
    opened_at, matrix = arrays.opened_at.copy(), arrays.matrix.copy()
    first = np.array(trial.feature.batch(opened_at, matrix))
    if not np.array_equal(opened_at, arrays.opened_at) or not np.array_equal(matrix, arrays.matrix):
        trial.broken("batch changed the bars it was given")
    second = trial.feature.batch(opened_at, matrix)
    if not same_values(first, np.ascontiguousarray(second)).all():
        trial.broken("batch gave other values the second time")
    if np.shares_memory(second, matrix):
        trial.broken("batch returned memory of its input")


def inputs_are_declared(trial: FeatureTrial) -> None:
    """Columns that are not declared change nothing; the declared ones together change something."""
    unknown = set(trial.feature.inputs) - set(BAR_COLUMNS)
    if unknown or not trial.feature.inputs:
        trial.broken(f"inputs {trial.feature.inputs} should be some of {BAR_COLUMNS}")
    for name in BAR_COLUMNS:
        if name not in trial.feature.inputs and not _same_with_other(trial, (name,)):
            trial.broken(f"{name!r} changes the values and is not declared in inputs {trial.feature.inputs}")
    if _same_with_other(trial, trial.feature.inputs):
        trial.broken(f"other {', '.join(trial.feature.inputs)} change nothing: the values do not depend on the inputs")


def _same_with_other(trial: FeatureTrial, names: tuple[str, ...]) -> bool:
    """Whether the values stay the same bits when these columns become something else."""
    arrays = bar_arrays(trial.bars)
    rng = np.random.default_rng(trial.spec.seed)
    matrix = arrays.matrix.copy()
    for name in names:
        matrix[BAR_COLUMNS.index(name)] *= np.exp(0.5 * rng.standard_normal(matrix.shape[1]))
    values = trial.feature.batch(arrays.opened_at.copy(), matrix)
    return bool(same_values(trial.values, np.ascontiguousarray(values)).all())


def look_back_is_enough(trial: FeatureTrial) -> None:
    """Bars older than the declared look-back may be anything."""
    look_back, total = trial.feature.look_back, len(trial.bars)
    if look_back is None:
        return
    if look_back <= trial.feature.warm_up:
        trial.broken(f"look_back {look_back} must exceed the warm-up {trial.feature.warm_up}: a first value needs more")
    if look_back + 2 > total:
        trial.broken(f"look_back {look_back} does not fit {total} bars; run the suite with more bars")
    other = bar_arrays(garch_bars(total, seed=trial.spec.seed + 1)).matrix * 1.5
    arrays = bar_arrays(trial.bars)
    rng = np.random.default_rng(trial.spec.seed)
    for bar in sorted({look_back + 1, *rng.integers(look_back, total, 3).tolist(), total - 1}):
        matrix = arrays.matrix.copy()
        old = bar - look_back + 1
        matrix[:, :old] = other[:, :old]
        values = trial.feature.batch(arrays.opened_at.copy(), matrix)
        for _, column, before, after in zip(
            trial.feature.outputs, trial.feature.columns, trial.values[:, bar], values[:, bar], strict=True
        ):
            if not np.isclose(before, after, rtol=_PAST_TOLERANCE, atol=1e-9, equal_nan=True):
                trial.broken(
                    f"column {column!r} at bar {bar} went from {before!r} to {after!r} when only bars before {old} "
                    f"changed; look_back is declared as {look_back}"
                )


def survives_awkward_bars(trial: FeatureTrial) -> None:
    """Gaps, zero volume, flat bars and level jumps keep form, bounds and warm-up, and the stream repeats them."""
    count = trial.feature.warm_up + 250
    for situation, bars in awkward_bars(count, seed=trial.spec.seed).items():
        values = trial.run(bar_arrays(bars))
        trial.require_ranges(values)
        if not np.isnan(values[:, : trial.feature.warm_up]).all():
            trial.broken(f"a value is known before the warm-up on bars with {situation}")
        stream = StreamTrial.on(trial.feature, bars, seed=trial.spec.seed)
        stream.require(stream.feed(trial.feature.open_stream(), 0, len(bars)), 0, f"on bars with {situation}")


def prices_scale_as_declared(trial: FeatureTrial) -> None:
    """All prices times a constant: each column stays or scales as its output declares."""
    for factor in (_POWER_OF_TWO, _PLAIN_FACTOR):
        scaled = _scaled(trial, slice(0, 4), factor)
        for position, output in enumerate(trial.feature.outputs):
            _require_scale(trial, position, output.price_scale, factor, scaled[position], "price")


def volumes_scale_as_declared(trial: FeatureTrial) -> None:
    """All volumes times a constant: each column stays or scales as its output declares."""
    for factor in (_POWER_OF_TWO, _PLAIN_FACTOR):
        scaled = _scaled(trial, slice(4, 5), factor)
        for position, output in enumerate(trial.feature.outputs):
            _require_scale(trial, position, output.volume_scale, factor, scaled[position], "volume")


def _scaled(trial: FeatureTrial, rows: slice, factor: float) -> FloatMatrix:
    arrays = bar_arrays(trial.bars)
    matrix = arrays.matrix.copy()
    matrix[rows] *= factor
    return trial.run(BarArrays(arrays.opened_at, matrix))


def _require_scale(
    trial: FeatureTrial, position: int, declared: Scale, factor: float, found: FloatVector, what: str
) -> None:
    if declared == "other":
        return
    output: Output = trial.feature.outputs[position]
    wanted = trial.values[position] * (factor if declared == "proportional" else 1.0)
    exact = factor == _POWER_OF_TWO
    size = np.nanmedian(np.abs(wanted)) if np.isfinite(wanted).any() else 0.0
    close = np.isclose(
        found, wanted, rtol=1e-9 if exact else 1e-6, atol=(1e-9 if exact else 1e-6) * size, equal_nan=True
    )
    allowed = 0.0 if exact or not output.flag else _RARE
    share = 1.0 - close.mean()
    if share > allowed:
        bar = int((~close).argmax())
        trial.broken(
            f"column {trial.feature.columns[position]!r} is declared {declared} in {what}; with every {what} times "
            f"{factor} it is {found[bar]!r} at bar {bar}, expected {wanted[bar]!r} ({share:.1%} of bars differ)"
        )
