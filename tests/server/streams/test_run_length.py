"""The run lengths that thresholds are solved for: published, simulated, and consistent with themselves."""

from __future__ import annotations

import numpy as np
import pytest

from augury.errors import InvalidInput
from augury_server.streams.run_length import average_run_length, threshold_for


@pytest.mark.parametrize(
    ("threshold", "shift", "published"),
    [(4, 0.0, 168), (4, 0.5, 26.6), (4, 1.0, 8.38), (4, 2.0, 3.34), (5, 0.0, 465), (5, 0.5, 38.0), (5, 1.0, 10.4)],
)
def test_run_lengths_are_those_of_the_published_table(threshold, shift, published):
    """Lucas and Crosier (1982); Montgomery, Introduction to Statistical Quality Control, table 9.3: k = 1/2."""
    assert average_run_length(threshold, 0.5, shift=shift) == pytest.approx(published, rel=0.005)


@pytest.mark.parametrize("arl0", [100.0, 1000.0, 1e7])
@pytest.mark.parametrize("reference_value", [0.1, 0.5, 2.0])
def test_a_threshold_has_the_run_length_that_it_was_solved_for(arl0, reference_value):
    threshold = threshold_for(arl0, reference_value)
    assert average_run_length(threshold, reference_value) == pytest.approx(arl0, rel=1e-3)


def test_a_simulation_agrees():
    """Ten thousand charts side by side, the plain recursion written out; a standard error of one per cent."""
    rng = np.random.default_rng(5)
    threshold, count = threshold_for(200.0, 0.5), 10_000
    up, down, lengths = np.zeros(count), np.zeros(count), np.zeros(count)
    running = np.ones(count, dtype=bool)
    for step in range(1, 5000):
        z = rng.normal(size=count)
        up, down = np.maximum(0, up + z - 0.5), np.maximum(0, down - z - 0.5)
        ended = running & ((up > threshold) | (down > threshold))
        lengths[ended] = step
        running &= ~ended
        if not running.any():
            break
    assert lengths.mean() == pytest.approx(200.0, rel=0.04)


def test_a_run_length_that_no_threshold_has_is_refused():
    with pytest.raises(InvalidInput, match="arl0 should be above"):
        threshold_for(1.0, 0.1)
