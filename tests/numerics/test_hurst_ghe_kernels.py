"""The vectorisable logarithm and the exact rolling sums behind the generalised Hurst exponent."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from augury.features.stepping import StepMachine
from augury.numerics.hurst_ghe_kernels import ghe_initial_state, ghe_params, ghe_step, natural_log


@given(st.floats(min_value=1e-300, max_value=1e300))
@settings(max_examples=300)
def test_the_logarithm_agrees_with_the_mathematics_library(x):
    assert abs(natural_log(x) - math.log(x)) <= 3e-16 * max(1.0, abs(math.log(x)))


def test_the_logarithm_is_exact_at_one_and_finite_at_zero():
    assert natural_log(1.0) == 0.0
    assert natural_log(0.0) == -1023 * math.log(2.0)


def test_rolling_sums_do_not_drift_over_a_hundred_thousand_bars():
    window, n = 50, 100_000
    returns = np.random.default_rng(3).standard_t(3, n) * 0.01
    close = 100.0 * np.exp(np.cumsum(returns - returns.mean()))
    machine = StepMachine(
        identity="test",
        step=ghe_step,
        params=ghe_params(window, 0.5, 0.1),
        initial_state=ghe_initial_state(window),
        outputs=6,
    )
    bars = np.ascontiguousarray(np.broadcast_to(close, (5, n)))
    whole = machine.batch(np.arange(n), bars)
    for start in (1, 4_097, n - window - 10):
        part = machine.batch(np.arange(n - start), np.ascontiguousarray(bars[:, start:]))
        np.testing.assert_array_equal(part[:, window - 1 :], whole[:, start + window - 1 :])
