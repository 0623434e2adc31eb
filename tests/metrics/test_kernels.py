"""The compiled sums and drawdowns against plain loops, to the last bit, at every length around the block sizes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from augury.metrics import curve_kernels as kernels
from augury.metrics.side_kernels import captured_growth, longest_run_without, sided_sums

LENGTHS = [*range(70), 1000]
values = hnp.arrays(np.float64, st.integers(0, 90), elements=st.floats(-1e6, 1e6, width=64))
curves = hnp.arrays(np.float64, st.integers(0, 120), elements=st.sampled_from([80.0, 90.0, 99.0, 100.0, 101.0, 120.0]))


def canonical_sum(items: list[float]) -> float:
    """Value i to lane i mod 8, then the fixed tree."""
    lanes = [0.0] * 8
    for i, value in enumerate(items):
        lanes[i % 8] += value
    a, b, c, d, e, f, g, h = lanes
    return ((a + e) + (c + g)) + ((b + f) + (d + h))


def slow_drawdown(initial: float, equity: list[float]) -> tuple[float, int, int]:
    peak, peak_at, lowest, found = initial, -1, 1.0, (-1, -1)
    for t, value in enumerate(equity):
        if value >= peak:
            peak, peak_at = value, t
        if value / peak < lowest:
            lowest, found = value / peak, (peak_at, t)
    return lowest - 1.0, *found


def slow_longest(initial: float, equity: list[float]) -> int:
    longest, peak, since = 0, initial, -1
    for t, value in enumerate(equity):
        if value >= peak:
            longest = max(longest, t - since if t - since > 1 else 0)
            peak, since = value, t
        else:
            longest = max(longest, t - since)
    return longest


@given(values, st.floats(-10, 10))
def test_every_sum_is_taken_in_the_canonical_order(x: np.ndarray, level: float) -> None:
    items = x.tolist()
    assert kernels.lane_sum(x) == canonical_sum(items)
    centred = canonical_sum([(value - level) * (value - level) for value in items])
    assert kernels.lane_sum_centred_squares(x, level) == centred
    assert kernels.lane_sum_products(x, x[::-1].copy()) == canonical_sum(
        [u * v for u, v in zip(items, items[::-1], strict=True)]
    )
    assert kernels.lane_sum_squares(x) == canonical_sum([value * value for value in items])
    below = [(value - level) ** 2 if value < level else 0.0 for value in items]
    assert kernels.lane_sum_squares_below(x, level) == pytest.approx(canonical_sum(below), rel=1e-15)
    gained, lost, above, under = sided_sums(x)
    assert gained == canonical_sum([max(value, 0.0) for value in items])
    assert lost == canonical_sum([max(-value, 0.0) for value in items])
    assert (above, under) == (np.sum(x > 0), np.sum(x < 0))


@pytest.mark.parametrize("n", LENGTHS)
def test_returns_and_drawdowns_have_the_bits_of_the_plain_loop_at_every_length(n: int) -> None:
    rng = np.random.default_rng(n)
    for scale in (0.02, 0.2):
        equity = 100.0 * np.exp(np.cumsum(rng.normal(0.0, scale, n)))
        out = np.empty(n)
        kernels.returns_of(100.0, equity, out)
        before = np.r_[100.0, equity]
        assert np.array_equal(out, before[1:] / before[:-1] - 1.0)
        assert kernels.max_drawdown(100.0, equity) == slow_drawdown(100.0, equity.tolist())
        assert kernels.longest_drawdown(100.0, equity)[0] == slow_longest(100.0, equity.tolist())
        kernels.drawdown_series(100.0, equity, out)
        assert np.array_equal(out, equity / np.maximum.accumulate(before)[1:] - 1.0)


@given(curves)
def test_drawdowns_with_many_ties_have_the_bits_of_the_plain_loop(equity: np.ndarray) -> None:
    assert kernels.max_drawdown(100.0, equity) == slow_drawdown(100.0, equity.tolist())
    bars, first, last = kernels.longest_drawdown(100.0, equity)
    assert bars == slow_longest(100.0, equity.tolist())
    assert last - first == bars


@given(values)
def test_mean_and_deviation_are_those_of_numpy(x: np.ndarray) -> None:
    mean, deviation = kernels.mean_and_std(x)
    if x.size == 0:
        assert np.isnan(mean)
        return
    assert mean == pytest.approx(x.mean(), rel=1e-12, abs=1e-9)
    if x.size > 1:
        assert deviation == pytest.approx(np.std(x, ddof=1), rel=1e-9, abs=1e-6)


@pytest.mark.parametrize("n", [2, 7, 8, 9, 1000, 100_000])
@pytest.mark.parametrize("value", [0.0, 0.01, -0.1, 1e-5, 1 / 3, 7e4])
def test_equal_values_have_no_deviation_at_all(n: int, value: float) -> None:
    assert kernels.mean_and_std(np.full(n, value))[1] == 0.0


def test_a_curve_that_grows_by_the_same_share_has_no_deviation_beyond_rounding() -> None:
    returns = np.empty(5000)
    kernels.returns_of(100.0, 100.0 * 1.0003 ** np.arange(1, 5001), returns)
    assert np.unique(returns).size > 1
    assert kernels.mean_and_std(returns)[1] == 0.0


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("n", [1, 3, 4, 5, 17])
def test_one_value_that_is_not_finite_is_noticed_wherever_it_stands(bad: float, n: int) -> None:
    for at in range(n):
        x = np.full(n, 1e300)
        assert kernels.all_finite(x)
        x[at] = bad
        assert not kernels.all_finite(x)


def test_growth_of_chosen_bars_is_the_sum_of_logarithms_even_beyond_float64() -> None:
    rng = np.random.default_rng(3)
    x, b = rng.normal(0.0, 0.02, 4003), rng.normal(0.0, 0.02, 4003)
    for sign, chosen in ((1.0, b > 0), (-1.0, b < 0), (0.0, b < np.inf)):
        own, other, count = captured_growth(x, b, sign)
        assert own == pytest.approx(np.log1p(x[chosen]).sum(), rel=1e-10, abs=1e-11)
        assert other == pytest.approx(np.log1p(b[chosen]).sum(), rel=1e-10, abs=1e-11)
        assert count == chosen.sum()
    huge = np.full(100_000, 0.5)
    assert captured_growth(huge, huge, 1.0)[0] == pytest.approx(100_000 * np.log(1.5), rel=1e-12)


def test_the_longest_run_without_a_gain_includes_even_ones() -> None:
    assert longest_run_without(np.array([1.0, -1.0, 0.0, -2.0, 3.0, -1.0])) == 3
    assert longest_run_without(np.array([-1.0, -1.0])) == 2
    assert longest_run_without(np.empty(0)) == 0
