"""The statistics of a session's windows against NumPy, pandas and SciPy over every window."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import linregress

from augury_server.streams.spec import StreamSpec
from augury_server.streams.windows import Windows

SPEC = StreamSpec(window=50, trend_window=20, simple_averages=(5, 100), exponential_averages=(10, 1))


def told(values, spec=SPEC):
    windows = Windows(spec)
    return [windows.update(float(value)) for value in values]


def agree(found, wanted, tolerance=1e-9):
    found = np.array([np.nan if value is None else value for value in found], dtype=float)
    np.testing.assert_allclose(found, np.asarray(wanted, dtype=float), rtol=tolerance, atol=0.0)


def over(values, length, function, least=1):
    parts = (values[max(0, end - length) : end] for end in range(1, len(values) + 1))
    return [function(part) if len(part) >= least else np.nan for part in parts]


SERIES = {
    "wandering": lambda rng, n: 100.0 + np.cumsum(rng.normal(size=n)),
    "far from zero": lambda rng, n: 1e8 + rng.normal(0.0, 1e-3, n),
    "huge values among small ones": lambda rng, n: np.where(rng.random(n) < 0.01, 1e15, 1.0) * rng.normal(size=n),
    "two values": lambda rng, n: rng.integers(0, 2, n) * 2.0 - 1.0,
}


@pytest.mark.parametrize("kind", SERIES)
def test_every_statistic_is_that_of_its_window(kind):
    values = SERIES[kind](np.random.default_rng(4), 1500)
    answers = told(values)
    window = [answer[0] for answer in answers]
    exact = [
        float(sum(map(Fraction, part)) / len(part)) for part in (values[max(0, e - 50) : e] for e in range(1, 1501))
    ]
    agree([facts.mean for facts in window], exact)
    agree([facts.std for facts in window], over(values, 50, exact_std, 2))
    agree([facts.min for facts in window], over(values, 50, np.min), 0.0)
    agree([facts.max for facts in window], over(values, 50, np.max), 0.0)
    assert [facts.count for facts in window[:51]] == [*range(1, 51), 50]
    for length in (5, 100):
        wanted = over(values, length, lambda part: float(sum(map(Fraction, part)) / len(part)), length)
        agree([answer[1][f"sma({length})"] for answer in answers], wanted)


def exact_std(part):
    parts = list(map(Fraction, part.tolist()))
    mean = sum(parts) / len(parts)
    return float(np.sqrt(float(sum((value - mean) ** 2 for value in parts) / (len(parts) - 1))))


def test_exponential_averages_are_those_of_pandas(price_path):
    values = price_path(500)
    answers = told(values)
    agree([answer[1]["ema(10)"] for answer in answers], pd.Series(values).ewm(span=10).mean())
    assert [answer[1]["ema(1)"] for answer in answers] == values


def test_the_trend_is_that_of_least_squares(price_path):
    values = np.array(price_path(400))
    answers = told(values)
    assert [answer[2] for answer in answers[:2]] == [None, None]
    for end in range(3, 401):
        part = values[max(0, end - 20) : end]
        line = linregress(np.arange(len(part)), part)
        trend = answers[end - 1][2]
        assert trend.count == len(part)
        np.testing.assert_allclose([trend.slope, trend.standard_error], [line.slope, line.stderr], rtol=1e-9)
        np.testing.assert_allclose(trend.t, line.slope / line.stderr, rtol=1e-9)


def test_a_perfect_line_has_no_error_and_equal_values_no_spread():
    line = told(range(1000))[-1]
    assert (line[2].slope, line[2].standard_error, line[2].t) == (1.0, 0.0, None)
    flat = told([0.1] * 1000)[-1]
    assert (flat[0].std, flat[0].mean, flat[2].slope, flat[2].standard_error, flat[2].t) == (0.0, 0.1, 0.0, 0.0, None)


def test_a_million_updates_leave_no_drift():
    """A file of its own pace: the kernel alone, compared at the end with the last window's exact figures."""
    from augury_server.streams.window_kernels import push
    from augury_server.streams.windows import _plan

    plan = _plan(50, 20, (5, 100), (10,))
    state, out = np.zeros(plan.cells), plan.out
    values = 1e5 + np.cumsum(np.random.default_rng(8).normal(0.0, 0.01, 1_000_000))
    for value in values.tolist():
        push(state, plan.lengths, plan.decays, value, out)
    last = values[-50:]
    np.testing.assert_allclose(out[1], float(sum(map(Fraction, last.tolist())) / 50), rtol=1e-15)
    np.testing.assert_allclose(out[2], exact_std(last), rtol=1e-12)
    line = linregress(np.arange(20), values[-20:] - values[-1])
    np.testing.assert_allclose([out[6], out[7]], [line.slope, line.stderr], rtol=1e-9)
    np.testing.assert_allclose(out[10], values[-100:].mean(), rtol=1e-14)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(-1e6, 1e6, allow_subnormal=False), min_size=1, max_size=60),
    st.integers(2, 9), st.integers(3, 9),
)  # fmt: skip
def test_short_windows_of_any_values_have_the_right_extremes_and_means(values, window, trend):
    spec = StreamSpec(window=window, trend_window=trend, simple_averages=(3,), exponential_averages=())
    answers = told(values, spec)
    for end, (facts, _, _) in enumerate(answers, start=1):
        part = values[max(0, end - window) : end]
        assert (facts.min, facts.max, facts.count) == (min(part), max(part), len(part))
        exact = sum(map(Fraction, part)) / len(part)
        assert abs(Fraction(facts.mean) - exact) <= Fraction(max(map(abs, part))) * Fraction(1, 10**14)


def test_a_session_of_the_usual_options_remembers_less_than_four_kilobytes():
    assert len(Windows(StreamSpec()).snapshot()) < 4096


def test_a_snapshot_of_other_lengths_is_refused():
    from augury.errors import InvalidInput

    with pytest.raises(InvalidInput, match="bytes"):
        Windows(StreamSpec(window=30)).restore(Windows(StreamSpec(window=31)).snapshot())
