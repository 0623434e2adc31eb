"""The chart suite: every rule of the contract of chart images as a named check."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from augury.errors import InvalidInput, LookAheadError
from augury.features.chart_contract import ChartRenderer, ImageStream
from augury.features.chart_stream import ChartStream
from augury.market.bars import BarArrays, bar_arrays
from augury.testing.causality import check_causality
from augury.testing.chart_trial import ChartTrial
from augury.testing.contract import Check, CheckOutcome, run_checks
from augury.testing.experiment import CausalityPlan
from augury.testing.feature_trial import awkward_bars
from augury.testing.generators.garch_bars import garch_bars

__all__ = ["chart_suite", "run_chart_suite"]

_POWER_OF_TWO = 4.0  # scales floats without rounding
_PLAIN_FACTOR = 3.7  # rounds every product, which may move a pixel of a rare image
_RARE = 0.01
_FUTURES = CausalityPlan(random_cuts=4, early_cuts=2, event_cuts=4)


def _images_keep_their_form(trial: ChartTrial) -> None:
    """Type, shape and values; something is lit and something is dark in every image; they are not all the same."""
    if not trial.rows.size:
        trial.broken(f"no row of {len(trial.bars)} regular bars is drawable")
    lit = (trial.images > 0).mean(axis=(1, 2))
    if lit.min() == 0.0 or lit.max() == 1.0:
        trial.broken("an image is empty, or lit all over")
    if (trial.images == trial.images[0]).all():
        trial.broken("all images are the same")


def _warm_up_is_honoured(trial: ChartTrial) -> None:
    """Nothing is drawable before the warm-up, everything from there on (of regular bars); short series draw nothing."""
    warm_up, mask = trial.renderer.spec.warm_up, trial.mask(trial.arrays)
    if mask[:warm_up].any() or not mask[warm_up:].all():
        trial.broken(f"drawable should begin at row {warm_up} and stay; it begins at row {int(mask.argmax())}")
    arrays = trial.arrays
    for count in sorted({0, 1, 2, warm_up // 2, warm_up}):
        short = BarArrays(arrays.opened_at[:count], np.ascontiguousarray(arrays.matrix[:, :count]))
        if trial.mask(short).any() or len(trial.draw(short, np.empty(0, dtype=np.int64))):
            trial.broken(f"an image is drawable on {count} bars within the warm-up of {warm_up}")
    trial.refuses(arrays, warm_up - 1, "within the warm-up")


def _drawing_is_pure(trial: ChartTrial) -> None:
    """Bars are left alone, rows drawn alone or in another order give the same images, and no memory is shared."""
    arrays = trial.arrays
    order = np.random.default_rng(trial.seed).permutation(trial.some())
    mixed = trial.draw(arrays, trial.rows[order])
    trial.require(trial.images[order], mixed, trial.rows[order], "drawn in another order")
    if not np.array_equal(arrays.matrix, bar_arrays(trial.bars).matrix):
        trial.broken("draw changed the bars it was given")
    mixed[:] = 255
    for place in order[:5]:
        row = trial.rows[place : place + 1]
        trial.require(trial.images[place][None], trial.draw(arrays, row), row, "drawn alone")


def _look_back_is_enough(trial: ChartTrial) -> None:
    """The bars that the spec names give the same image by themselves."""
    arrays, look_back = trial.arrays, trial.renderer.spec.look_back
    for place in trial.some():
        row = int(trial.rows[place])
        part = slice(row + 1 - look_back, row + 1)
        alone = BarArrays(arrays.opened_at[part].copy(), np.ascontiguousarray(arrays.matrix[:, part]))
        found = trial.draw(alone, np.array([look_back - 1]))
        trial.require(trial.images[place][None], found, np.array([row]), f"drawn from its last {look_back} bars")


def _scale_changes_nothing(trial: ChartTrial) -> None:
    """All prices, or all volumes, times a constant: the same images (but for a rare pixel where products round)."""
    for name, part in (("prices", slice(0, 4)), ("volumes", slice(4, 5))):
        for factor, allowed in ((_POWER_OF_TWO, 0.0), (_PLAIN_FACTOR, _RARE)):
            arrays = trial.arrays
            arrays.matrix[part] *= factor
            found = trial.draw(arrays, trial.rows)
            if (found != trial.images).any(axis=(1, 2)).mean() > allowed:
                trial.require(trial.images, found, trial.rows, f"with all {name} times {factor}")


def _no_movement_is_refused(trial: ChartTrial) -> None:
    """Bars that never move have no scale: no image, rather than one of a division by zero."""
    still = trial.arrays
    still.matrix[:4] = 100.1
    if trial.mask(still).any():
        trial.broken("a series without any movement is drawable")
    trial.refuses(still, len(still) - 1, "after bars that never moved")


def _survives_awkward_bars(trial: ChartTrial) -> None:
    """Gaps, zero volume, flat bars, level jumps and missing values keep the form, and the stream repeats them."""
    situations = awkward_bars(trial.renderer.spec.look_back + 120, seed=trial.seed)
    missing = garch_bars(trial.renderer.spec.look_back + 120, seed=trial.seed)
    rng = np.random.default_rng(trial.seed)
    situations["missing_values"] = missing.mask(rng.random(missing.shape) < 0.02)
    for situation, bars in situations.items():
        other = ChartTrial(renderer=trial.renderer, bars=bars, seed=trial.seed)
        other.feed(trial.renderer.open_stream(), 0, len(bars), f"on bars with {situation}")


def _is_causal(trial: ChartTrial) -> None:
    """Whatever happens to later bars, neither images nor which rows have one may change; equal checksums are asked."""

    def checksums(bars: pd.DataFrame) -> pd.DataFrame:
        arrays = bar_arrays(bars)
        mask = trial.mask(arrays)
        rows = np.flatnonzero(mask)
        frame = pd.DataFrame({"drawable": mask.astype(np.float64), "image": np.nan, "lit": np.nan}, index=bars.index)
        images = trial.draw(arrays, rows)
        frame.loc[mask, "image"] = [float(zlib.crc32(image.tobytes())) for image in images]
        frame.loc[mask, "lit"] = (images > 0).mean(axis=(1, 2))
        return frame

    report = check_causality(checksums, trial.bars, plan=_FUTURES)
    if report.leaks:
        raise LookAheadError(f"{trial.renderer.id}: {report}")


def _stream_equals_batch(trial: ChartTrial) -> None:
    trial.feed(trial.renderer.open_stream(), 0, len(trial.bars), "bar by bar")


def _snapshot_continues(trial: ChartTrial) -> None:
    """A copy restored over another state and the original both continue as the batch."""
    original, position = trial.renderer.open_stream(), 0
    count = len(trial.bars)
    for cut in (0, 3, trial.renderer.spec.warm_up, count // 2):
        trial.feed(original, position, cut, "between snapshots")
        position, saved = cut, original.snapshot()
        copy = trial.renderer.open_stream()
        trial.feed(copy, 0, 7, "before its restoration")
        copy.restore(saved)
        if copy.snapshot() != saved:
            trial.broken(f"a stream restored at bar {cut} gives another snapshot")
        trial.feed(copy, cut, min(cut + 40, count), f"restored at bar {cut}")
    trial.feed(original, position, count, "continued after its last snapshot")


def _bad_snapshot_refused(trial: ChartTrial) -> None:
    """Snapshots of other options or damaged ones raise InvalidInput and leave the stream as it was."""
    stream, middle = trial.renderer.open_stream(), len(trial.bars) // 2
    trial.feed(stream, 0, middle, "before bad snapshots")
    saved, spec = stream.snapshot(), trial.renderer.spec
    flipped = bytearray(saved)
    flipped[-9] ^= 4
    bad = {
        "of other options": ChartStream(spec.replace(volume=not spec.volume)).snapshot(),
        "cut in half": saved[: len(saved) // 2],
        "without its last byte": saved[:-1],
        "with a byte more": saved + b"\0",
        "with a bit flipped": bytes(flipped),
        "that is empty": b"",
    }
    for what, snapshot in bad.items():
        _refuses(trial, stream, snapshot, what)
    trial.feed(stream, middle, middle + 20, "after refusing bad snapshots")


def _refuses(trial: ChartTrial, stream: ImageStream, snapshot: bytes, what: str) -> None:
    try:
        stream.restore(snapshot)
    except InvalidInput:
        return
    trial.broken(f"restoring a snapshot {what} was accepted; expected InvalidInput")


_RULES: tuple[Callable[[ChartTrial], None], ...] = (
    _images_keep_their_form,
    _warm_up_is_honoured,
    _drawing_is_pure,
    _look_back_is_enough,
    _scale_changes_nothing,
    _no_movement_is_refused,
    _survives_awkward_bars,
    _is_causal,
    _stream_equals_batch,
    _snapshot_continues,
    _bad_snapshot_refused,
)


def chart_suite(renderer: ChartRenderer, *, seed: int = 0) -> list[Check]:
    """Every rule of the contract of chart images about one renderer: form, time, scale, streaming, causality.

    >>> from augury.features.chart_contract import chart_renderer
    >>> [check.name for check in chart_suite(chart_renderer())][:2]
    ['images_keep_their_form', 'warm_up_is_honoured']
    """
    trials: list[ChartTrial] = []

    def bound(rule: Callable[[ChartTrial], None]) -> Callable[[], None]:
        def run() -> None:
            if not trials:
                trials.append(ChartTrial(renderer=renderer, seed=seed))
            rule(trials[0])

        return run

    def named(rule: Any) -> str:
        return str(rule.__name__).removeprefix("_")

    return [Check(subject=renderer.id, name=named(rule), run=bound(rule)) for rule in _RULES]


def run_chart_suite(renderer: ChartRenderer, *, seed: int = 0) -> tuple[CheckOutcome, ...]:
    """Run the whole suite on one renderer and return every outcome; broken rules carry their message."""
    return run_checks(chart_suite(renderer, seed=seed))
