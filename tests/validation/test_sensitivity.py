"""Costs and delays that use an edge up."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq

from augury.errors import InvalidInput
from augury.validation import break_even_cost, cost_sensitivity, delay_sensitivity


def total(values):
    return float(values.sum())


@given(seed=st.integers(0, 5000))
def test_at_the_break_even_cost_nothing_is_left(seed):
    rng = np.random.default_rng(seed)
    gross, traded = rng.normal(0.003, 0.01, 200), rng.uniform(0.0, 2.0, 200) * (rng.random(200) < 0.3)
    found = break_even_cost(gross, traded, assumed=0.001)
    if found.computed:
        assert np.log1p(gross - found.cost_rate * traded).sum() == pytest.approx(0.0, abs=1e-9)
        assert found.margin == found.cost_rate / 0.001
        oracle = brentq(lambda rate: np.log1p(gross - rate * traded).sum(), 0.0, 0.4 / traded.max())
        assert found.cost_rate == pytest.approx(oracle, rel=1e-8)
    mean = break_even_cost(gross, traded, measure="mean")
    assert (gross - mean.cost_rate * traded).mean() == pytest.approx(0.0, abs=1e-12)


def test_there_is_no_break_even_without_a_gain_or_without_trading():
    assert "no gain" in break_even_cost(np.full(5, -0.01), np.ones(5)).reason
    assert "nothing is traded" in break_even_cost(np.full(5, 0.01), np.zeros(5)).reason
    assert "everything" in break_even_cost(np.array([-1.0, 5.0]), np.ones(2)).reason
    assert math.isnan(break_even_cost(np.full(5, 0.01), np.zeros(5)).cost_rate)
    with pytest.raises(InvalidInput, match="at least 0"):
        break_even_cost(np.ones(3), -np.ones(3))
    with pytest.raises(InvalidInput, match="as many"):
        break_even_cost(np.ones(3), np.ones(4))


def test_costs_are_taken_off_so_many_times():
    gross, costs = np.full(10, 0.003), np.full(10, 0.001)
    found = cost_sensitivity(gross, costs, total)
    np.testing.assert_allclose(found.values, [0.03, 0.025, 0.02, 0.015, 0.01, 0.0], atol=1e-15)
    assert found.at(2.0) == pytest.approx(0.01)
    assert found.retained[4] == pytest.approx(0.5)
    assert math.isnan(found.at(7.0))


def test_delays_are_run_and_compared_with_none():
    signal = np.random.default_rng(0).normal(size=500)
    returns = np.concatenate([[0.0], signal[:-1]])

    def run(delay):
        return float(np.roll(signal, 1 + delay)[10:] @ returns[10:]) / 490

    found = delay_sensitivity(run)
    assert found.settings == (0.0, 1.0, 2.0, 5.0)
    assert found.retained[0] == 1.0
    assert max(abs(share) for share in found.retained[1:]) < 0.2
    assert delay_sensitivity(run, (1,)).retained[0] == found.retained[1]
    with pytest.raises(InvalidInput, match="look-ahead"):
        delay_sensitivity(run, (-1, 0))


def test_a_share_of_a_loss_is_not_given():
    found = cost_sensitivity(np.full(5, -0.1), np.zeros(5), total)
    assert all(math.isnan(share) for share in found.retained)
    undefined = delay_sensitivity(lambda _: math.nan)
    assert "undefined" in undefined.reason
    assert undefined.to_dict()["values"] == [None] * 4
