"""The Pareto set and its hypervolume against brute force and Optuna's own."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augury.learning.search.pareto import hypervolume, pareto_rows

pairs = st.lists(st.tuples(st.integers(-4, 4), st.integers(1, 9)), min_size=1, max_size=12)


@given(pairs)
def test_the_pareto_set_is_what_nothing_beats(points: list[tuple[int, int]]) -> None:
    scores, latencies = (np.array(axis, dtype=float) for axis in zip(*points, strict=True))
    expected = {
        at
        for at, (score, latency) in enumerate(points)
        if not any(
            other_score >= score and other_latency <= latency and (other_score, other_latency) != (score, latency)
            for other_score, other_latency in points
        )
    }
    found = pareto_rows(scores, latencies)
    assert set(found.tolist()) == expected
    assert (np.diff(scores[found]) <= 0.0).all()


@given(pairs)
def test_the_hypervolume_counts_unit_squares(points: list[tuple[int, int]]) -> None:
    scores, latencies = (np.array(axis, dtype=float) for axis in zip(*points, strict=True))
    covered = sum(
        any(score >= x + 1 and latency <= y for score, latency in points) for x in range(-3, 5) for y in range(1, 8)
    )
    assert hypervolume(scores, latencies, (-3.0, 8.0)) == pytest.approx(covered)


def test_the_hypervolume_equals_optunas() -> None:
    from optuna._hypervolume import compute_hypervolume

    rng = np.random.default_rng(0)
    scores, latencies = rng.normal(size=60), rng.lognormal(size=60)
    inside = (scores > -1.0) & (latencies < 4.0)
    expected = compute_hypervolume(np.column_stack([-scores, latencies])[inside], np.array([1.0, 4.0]))
    assert hypervolume(scores, latencies, (-1.0, 4.0)) == pytest.approx(expected, rel=1e-12)
    assert hypervolume(scores, latencies, (99.0, 4.0)) == 0.0
