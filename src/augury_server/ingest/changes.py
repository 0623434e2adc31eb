"""What arrived beside what is stored: new, late, restated, equal; and where a version belongs in a bar's history."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from augury.arrays import BoolVector
from augury_server.ingest.bar_rows import KnownBars

__all__ = ["Changes", "Version", "classify", "with_version"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """One flag a row of what arrived, bool[n] each; every row has exactly one of the first five.

    `new`: not stored yet. `equal`: stored with these values, known no later. `restated`: other values than stored,
    known later. `backdated`: known before the stored values are, so that it belongs into the history. `contradicting`:
    other values than stored, known at the same moment. `late` rows are new ones that open before the last stored bar.
    """

    new: BoolVector
    equal: BoolVector
    restated: BoolVector
    backdated: BoolVector
    contradicting: BoolVector
    late: BoolVector


def classify(came: KnownBars, stored: KnownBars, last_opened_at: int | None) -> Changes:
    """Compare bars with stored ones of at least their range, both in order of time."""
    size = len(came)
    at = np.searchsorted(stored.bars.opened_at, came.bars.opened_at)
    present = np.zeros(size, dtype=np.bool_)
    inside = at < len(stored)
    present[inside] = stored.bars.opened_at[at[inside]] == came.bars.opened_at[inside]
    where = np.flatnonzero(present)
    same = np.zeros(size, dtype=np.bool_)
    same[where] = (stored.bars.matrix[:, at[where]] == came.bars.matrix[:, where]).all(axis=0)
    known_before = came.known_at.copy()
    known_before[where] = stored.known_at[at[where]]
    older = np.zeros(size, dtype=np.bool_) if last_opened_at is None else came.bars.opened_at < last_opened_at
    return Changes(
        new=~present,
        equal=present & same & (came.known_at >= known_before),
        restated=present & ~same & (came.known_at > known_before),
        backdated=present & (came.known_at < known_before),
        contradicting=present & ~same & (came.known_at == known_before),
        late=~present & older,
    )


@dataclass(frozen=True, slots=True)
class Version:
    """Values of one bar, known from `known_at_ns` on until `replaced_at_ns`; None: they are the current ones."""

    known_at_ns: int
    replaced_at_ns: int | None
    values: tuple[float, ...]


def with_version(history: list[Version], known_at_ns: int, values: tuple[float, ...]) -> list[Version] | None:
    """The history of one bar, in order of `known_at_ns`, with one more observation in its place.

    Nothing that was known before `known_at_ns`, or from the next version on, changes. An observation that says what
    was known already changes nothing; one that says earlier what became known later moves that version's beginning.
    None when other values are known from the very same moment: one of the two must be wrong.
    """
    place = sum(version.known_at_ns <= known_at_ns for version in history)
    before = history[place - 1] if place else None
    after = history[place] if place < len(history) else None
    holds = before is not None and (before.replaced_at_ns is None or known_at_ns < before.replaced_at_ns)
    if before is not None and holds:
        if before.values == values:
            return history
        if before.known_at_ns == known_at_ns:
            return None
    until = before.replaced_at_ns if before is not None and holds else (after.known_at_ns if after else None)
    head = history[:place]
    if before is not None and holds:
        head = [*head[:-1], Version(before.known_at_ns, known_at_ns, before.values)]
    if after is not None and after.values == values and until == after.known_at_ns:
        return [*head, Version(known_at_ns, after.replaced_at_ns, values), *history[place + 1 :]]
    return [*head, Version(known_at_ns, until, values), *history[place:]]
