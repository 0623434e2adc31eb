"""Versions of a bar put in their place: any order of arrival gives the same history as a slow readable model."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from augury.market.bars import BarArrays
from augury_server.ingest.bar_rows import KnownBars
from augury_server.ingest.changes import Version, classify, with_version

Observation = tuple[int, float]


def as_of(history: list[Version], moment: int) -> float | None:
    """What a reader at `moment` sees, by looking at every version."""
    seen = [v for v in history if v.known_at_ns <= moment and (v.replaced_at_ns is None or moment < v.replaced_at_ns)]
    assert len(seen) <= 1, "two versions hold at once"
    return seen[0].values[0] if seen else None


def arrived(observations: list[Observation]) -> list[Version]:
    """The history after these observations, the first one being the stored bar."""
    (known, value), *others = observations
    history = [Version(known, None, (value,))]
    for known, value in others:
        after = with_version(history, known, (value,))
        assert after is not None
        history = after
    return history


@st.composite
def truths(draw: st.DrawFn) -> list[Observation]:
    """A value that is restated at some moments and observed at others, in any order: (known_at, value) pairs."""
    restated_at = sorted(draw(st.lists(st.integers(1, 60), max_size=4, unique=True)))
    seen_at = draw(st.lists(st.integers(0, 60), min_size=1, max_size=8, unique=True))
    return [(moment, float(sum(at <= moment for at in restated_at))) for moment in seen_at]


@settings(max_examples=400, deadline=None)
@given(observations=truths(), order=st.randoms(use_true_random=False))
def test_any_order_of_arrival_gives_the_history_of_the_observations_in_order(
    observations: list[Observation], order: object
) -> None:
    shuffled = list(observations)
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    history = arrived(shuffled)
    slow = sorted(observations)
    for moment in range(-1, 62):
        known = [value for at, value in slow if at <= moment]
        assert as_of(history, moment) == (known[-1] if known else None)
    assert history == arrived(slow)


@settings(max_examples=300, deadline=None)
@given(
    observations=st.lists(
        st.tuples(st.integers(0, 30), st.integers(0, 3).map(float)),
        min_size=1,
        max_size=8,
        unique_by=lambda pair: pair[0],
    ),
    late=st.tuples(st.integers(0, 30), st.integers(0, 3).map(float)),
)
def test_a_late_observation_changes_nothing_before_it_was_known_nor_after_the_next_one(
    observations: list[Observation], late: Observation
) -> None:
    history = arrived(sorted(observations))
    after = with_version(history, *(late[0], (late[1],)))
    if after is None:
        assert as_of(history, late[0]) not in (None, late[1])
        return
    following = min((v.known_at_ns for v in history if v.known_at_ns > late[0]), default=99)
    for moment in range(-1, 32):
        if late[0] <= moment < following:
            assert as_of(after, moment) == late[1]
        else:
            assert as_of(after, moment) == as_of(history, moment)


def test_a_version_goes_before_a_gap_that_a_removal_left() -> None:
    removed = [Version(10, 20, (1.0,)), Version(30, None, (2.0,))]
    assert with_version(removed, 24, (5.0,)) == [removed[0], Version(24, 30, (5.0,)), removed[1]]
    assert with_version(removed, 15, (5.0,)) == [
        Version(10, 15, (1.0,)), Version(15, 20, (5.0,)), removed[1],
    ]  # fmt: skip


def test_every_row_is_of_exactly_one_kind() -> None:
    def bars(times: list[int], value: float, known: list[int]) -> KnownBars:
        matrix = np.full((5, len(times)), value)
        return KnownBars(BarArrays(np.array(times, dtype=np.int64), matrix), np.array(known, dtype=np.int64))

    stored = bars([10, 20, 30, 40], 1.0, [15, 25, 35, 45])
    same = classify(bars([5, 10, 20, 50], 1.0, [50, 15, 20, 60]), stored, 40)
    assert [flags.tolist() for flags in (same.new, same.equal, same.backdated, same.late)] == [
        [True, False, False, True], [False, True, False, False], [False, False, True, False],
        [True, False, False, False],
    ]  # fmt: skip
    other = classify(bars([10, 20, 30], 2.0, [15, 26, 30]), stored, 40)
    assert [other.contradicting.tolist(), other.restated.tolist(), other.backdated.tolist()] == [
        [True, False, False], [False, True, False], [False, False, True],
    ]  # fmt: skip
    for found in (same, other):
        flags = np.stack([found.new, found.equal, found.restated, found.backdated, found.contradicting])
        assert (flags.sum(axis=0) == 1).all()
