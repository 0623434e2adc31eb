"""The streaming suite: bar by bar a feature gives the bits of its batch, also across snapshots and mishaps."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import fields

import numpy as np
import pandas as pd

from augury.arrays import FloatVector
from augury.errors import AuguryError, InvalidInput
from augury.features.feature import Feature, FeatureStream
from augury.features.registry import definitions
from augury.testing.comparison import same_values
from augury.testing.contract import Check, ContractBroken
from augury.testing.stream_trial import StreamTrial

__all__ = ["assert_streams", "foreign_snapshots", "stream_checks", "streaming_suite"]


def _other_options(feature: Feature) -> Iterable[Feature]:
    """The same feature with one whole-number option moved a little, where that builds."""
    entry = definitions().get(feature.name)
    if entry is None or not isinstance(feature.spec, entry.spec_type):
        return
    for field in fields(feature.spec):
        value = getattr(feature.spec, field.name)
        if isinstance(value, int) and not isinstance(value, bool):
            try:
                yield entry.build(feature.spec.replace(**{field.name: value + 1}))
            except AuguryError:
                continue


def foreign_snapshots(feature: Feature) -> tuple[tuple[str, bytes], ...]:
    """Snapshots that a stream of the feature must refuse: of other options, and of one other registered feature."""
    found = [(other.id, other.open_stream().snapshot()) for other in _other_options(feature)][:2]
    for name, entry in definitions().items():
        if name != feature.name:
            other = entry.build(entry.spec_type())
            found.append((other.id, other.open_stream().snapshot()))
            break
    return tuple(found)


def _same_as_batch(trial: StreamTrial) -> None:
    trial.require(trial.feed(trial.feature.open_stream(), 0, len(trial.arrays)), 0, "bar by bar")


def _snapshot_continues(trial: StreamTrial) -> None:
    """A copy restored at a random bar and the original continue alike; the copy is restored over another state."""
    count = len(trial.arrays)
    rng = np.random.default_rng(trial.seed)
    cuts = sorted({0, int(rng.integers(1, count)), int(rng.integers(count // 2, count))})
    original = trial.feature.open_stream()
    position = 0
    for cut in cuts:
        trial.require(trial.feed(original, position, cut), position, "between snapshots")
        position = cut
        saved = original.snapshot()
        if not isinstance(saved, bytes) or original.snapshot() != saved:
            raise ContractBroken(f"{trial.feature.id}: two snapshots at bar {cut} differ, or are not bytes")
        copy = trial.feature.open_stream()
        trial.feed(copy, 0, min(7, count))
        copy.restore(saved)
        if copy.snapshot() != saved:
            raise ContractBroken(f"{trial.feature.id}: a stream restored at bar {cut} gives another snapshot")
        stop = min(cut + 120, count)
        trial.require(trial.feed(copy, cut, stop), cut, f"restored at bar {cut}")
    trial.require(trial.feed(original, position, count), position, "continued after its last snapshot")


def _refuses(trial: StreamTrial, stream: FeatureStream, snapshot: bytes, what: str) -> None:
    try:
        stream.restore(snapshot)
    except InvalidInput:
        return
    except Exception as error:
        message = f"{trial.feature.id}: restoring {what} raised {type(error).__name__} ({error}); expected InvalidInput"
        raise ContractBroken(message) from error
    raise ContractBroken(f"{trial.feature.id}: restoring {what} was accepted; expected InvalidInput")


def _half_way(trial: StreamTrial) -> tuple[FeatureStream, int]:
    stream, middle = trial.feature.open_stream(), len(trial.arrays) // 2
    trial.feed(stream, 0, middle)
    return stream, middle


def _foreign_refused(trial: StreamTrial) -> None:
    stream, middle = _half_way(trial)
    for identity, snapshot in foreign_snapshots(trial.feature):
        _refuses(trial, stream, snapshot, f"a snapshot of {identity}")
    stop = min(middle + 30, len(trial.arrays))
    trial.require(trial.feed(stream, middle, stop), middle, "after refusing a foreign snapshot")


def _damaged(snapshot: bytes, rng: np.random.Generator) -> Iterable[tuple[str, bytes]]:
    size = len(snapshot)
    yield "an empty snapshot", b""
    yield "half a snapshot", snapshot[: size // 2]
    yield "a snapshot without its last byte", snapshot[:-1]
    yield "a snapshot with a byte more", snapshot + b"\0"
    places = {0, size // 2, size - 1, *rng.integers(0, size, 5).tolist()}
    for place in sorted(places):
        broken = bytearray(snapshot)
        broken[place] ^= 1 << int(rng.integers(8))
        yield f"a snapshot damaged at byte {place} of {size}", bytes(broken)


def _damaged_refused(trial: StreamTrial) -> None:
    stream, middle = _half_way(trial)
    for what, snapshot in _damaged(stream.snapshot(), np.random.default_rng(trial.seed)):
        _refuses(trial, stream, snapshot, what)
    stop = min(middle + 30, len(trial.arrays))
    trial.require(trial.feed(stream, middle, stop), middle, "after refusing a damaged snapshot")


def _bar_untouched(trial: StreamTrial) -> None:
    """The passed bar keeps its values, and a returned row is neither kept nor shared."""
    stream = trial.feature.open_stream()
    count = min(len(trial.arrays), trial.feature.warm_up + 40)
    rows: list[FloatVector] = []
    for t in range(count):
        bar = trial.arrays.matrix[:, t].copy()
        row = stream.update(int(trial.arrays.opened_at[t]), bar)
        if not np.array_equal(bar, trial.arrays.matrix[:, t]):
            raise ContractBroken(f"{trial.feature.id}: update changed the bar it was given (bar {t})")
        if not isinstance(row, np.ndarray) or row.dtype != np.float64 or row.shape != (trial.expected.shape[0],):
            raise ContractBroken(
                f"{trial.feature.id}: update returned {type(row).__name__} at bar {t}; "
                f"expected float64[{trial.expected.shape[0]}]"
            )
        rows.append(row.copy())
        row[:] = -12345.0
    trial.require(np.array(rows).T.reshape(trial.expected.shape[0], count), 0, "with returned rows overwritten")


def _streams_apart(trial: StreamTrial) -> None:
    """Two streams of one feature share nothing."""
    first, second = trial.feature.open_stream(), trial.feature.open_stream()
    count, late = min(len(trial.arrays), trial.feature.warm_up + 60), 11
    trial.feed(first, 0, late)
    for t in range(late, count):
        trial.require(trial.feed(first, t, t + 1), t, "beside a second stream")
        trial.require(trial.feed(second, t - late, t - late + 1), t - late, "as a second stream")


def _tail_is_end(trial: StreamTrial) -> None:
    tail = trial.feature.tail
    if tail is None:
        return
    total = len(trial.arrays)
    for length in (total, total // 2, max(trial.feature.warm_up - 1, 1)):
        opened_at = trial.arrays.opened_at[:length].copy()
        matrix = np.ascontiguousarray(trial.arrays.matrix[:, :length])
        whole = trial.feature.batch(opened_at, matrix)
        for count in sorted({1, 2, 5, min(60, length), length}):
            if count > length:
                continue
            ends = tail(opened_at, matrix, count)
            wanted = np.ascontiguousarray(whole[:, length - count :])
            if ends.shape != wanted.shape or not same_values(wanted, np.ascontiguousarray(ends)).all():
                raise ContractBroken(
                    f"{trial.feature.id}: tail of {count} on {length} bars is not the end of the batch "
                    f"(shape {ends.shape}, expected {wanted.shape})"
                )


_CHECKS: dict[str, Callable[[StreamTrial], None]] = {
    "stream_equals_batch": _same_as_batch,
    "snapshot_continues": _snapshot_continues,
    "foreign_snapshot_refused": _foreign_refused,
    "damaged_snapshot_refused": _damaged_refused,
    "bar_and_row_not_shared": _bar_untouched,
    "streams_share_nothing": _streams_apart,
    "tail_equals_end_of_batch": _tail_is_end,
}


def stream_checks(feature: Feature, trial: Callable[[], StreamTrial]) -> list[Check]:
    """The streaming checks on a trial that is made when the first of them runs."""

    def bound(check: Callable[[StreamTrial], None]) -> Callable[[], None]:
        return lambda: check(trial())

    return [Check(subject=feature.label, name=name, run=bound(check)) for name, check in _CHECKS.items()]


def streaming_suite(feature: Feature, bars: pd.DataFrame, *, seed: int = 0) -> list[Check]:
    """The named checks that the streaming twin of a feature repeats its batch bit for bit on these bars.

    Also: snapshots restore exactly at random bars, foreign and damaged ones are refused with InvalidInput and leave the
    state alone, `tail` is the end of the batch, bars and rows passed in and out are not shared.
    """
    made: list[StreamTrial] = []

    def trial() -> StreamTrial:
        if not made:
            made.append(StreamTrial.on(feature, bars, seed=seed))
        return made[0]

    return stream_checks(feature, trial)


def assert_streams(feature: Feature, bars: pd.DataFrame, *, seed: int = 0) -> None:
    """Run the streaming suite; ContractBroken names the first rule broken, the column and the bar."""
    for check in streaming_suite(feature, bars, seed=seed):
        check()
