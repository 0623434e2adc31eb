"""Fingerprints of the data behind a signal: the bars up to it and the news known by then, in batch and one by one.

They hold what was given, so that they are the same on every machine. Scores of news are not in them: a processor's own
way of adding up changes their last bits, and text and model, which a signal names too, determine the rest.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from augury.arrays import FloatVector, IntVector
from augury.market.bars import BarArrays
from augury.numerics.fingerprint import absorb, absorb_path, empty_fingerprint, hexadecimal

__all__ = ["Fingerprint", "bars_fingerprint", "bars_fingerprints", "news_fingerprints"]


class Fingerprint:
    """A running fingerprint fed one bar or one document at a time."""

    __slots__ = ("_state",)

    def __init__(self) -> None:
        self._state = empty_fingerprint()

    def add_bar(self, opened_at: int, bar: FloatVector) -> None:
        """Absorb one bar: open time in ns and float64[5]."""
        row = np.empty((1, 6), dtype=np.uint64)
        row[0, 0] = np.uint64(opened_at & 0xFFFFFFFFFFFFFFFF)
        row[0, 1:] = bar.view(np.uint64)
        absorb(self._state, row)

    def add_document(self, identity: str, known_at_ns: int) -> None:
        """Absorb one news item by its id, which stands for its text, and its known-at time."""
        absorb(self._state, _document_rows([identity], np.array([known_at_ns])))

    @property
    def hex(self) -> str:
        """32 hex digits."""
        return hexadecimal(self._state)

    def snapshot(self) -> bytes:
        """The state, 16 bytes."""
        return self._state.astype("<u8").tobytes()

    def restore(self, snapshot: bytes) -> None:
        """Replace the state by a snapshot."""
        self._state = np.frombuffer(snapshot, dtype="<u8").astype(np.uint64)


def bars_fingerprint(bars: BarArrays) -> str:
    """32 hex digits for a whole history of bars."""
    state = empty_fingerprint()
    absorb(state, _bar_rows(bars))
    return hexadecimal(state)


def bars_fingerprints(bars: BarArrays) -> NDArray[np.uint64]:
    """The fingerprint after each bar, uint64[n, 2]."""
    path = np.empty((len(bars), 2), dtype=np.uint64)
    absorb_path(empty_fingerprint(), _bar_rows(bars), path)
    return path


def news_fingerprints(identities: Sequence[str], known_at_ns: IntVector) -> NDArray[np.uint64]:
    """The fingerprint after each of n documents in canonical order, uint64[n + 1, 2]; row 0 is that of none."""
    path = np.empty((len(identities) + 1, 2), dtype=np.uint64)
    path[0] = empty_fingerprint()
    absorb_path(empty_fingerprint(), _document_rows(identities, known_at_ns), path[1:])
    return path


def _bar_rows(bars: BarArrays) -> NDArray[np.uint64]:
    rows = np.empty((len(bars), 6), dtype=np.uint64)
    rows[:, 0] = bars.opened_at.view(np.uint64)
    rows[:, 1:] = bars.matrix.view(np.uint64).T
    return rows


def _document_rows(identities: Sequence[str], known_at_ns: IntVector) -> NDArray[np.uint64]:
    rows = np.empty((len(identities), 2), dtype=np.uint64)
    rows[:, 0] = [int(identity, 16) for identity in identities]
    rows[:, 1] = known_at_ns.view(np.uint64)
    return rows
