"""The kernels that several measures share, against plain loops and sorts, to the last bit."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from augury.metrics import Curve, Metrics, drawdown_kernels, lane_kernels, measure, moment_kernels
from augury.metrics.curve_kernels import returns_of, returns_with_sum
from augury.metrics.fall_sums_kernel import drawdown_sums
from augury.metrics.lag_kernel import lagged_products
from augury.metrics.returns.quantile import quantile_of_sorted, quantile_of_tail, sorted_tails
from augury.metrics.scratch import scratch
from augury.metrics.tail_kernels import sort_values

values = hnp.arrays(np.float64, st.integers(0, 90), elements=st.floats(-1e6, 1e6, width=64))
debts = hnp.arrays(np.float64, st.integers(0, 120), elements=st.floats(-300.0, 300.0, width=64))


def canonical_sum(items: np.ndarray) -> float:
    """Value i to lane i mod 8, then the fixed tree."""
    lanes = [0.0] * 8
    for i, value in enumerate(items.tolist()):
        lanes[i % 8] += value
    a, b, c, d, e, f, g, h = lanes
    return ((a + e) + (c + g)) + ((b + f) + (d + h))


@given(values, st.floats(-10, 10), st.floats(-10, 10))
def test_sums_made_in_one_pass_have_the_bits_of_the_single_ones(x: np.ndarray, mean: float, mar: float) -> None:
    around, under = lane_kernels.squares_around_and_below(x, mean, mar)
    short = np.minimum(x - mar, 0.0)
    assert around == lane_kernels.lane_sum_centred_squares(x, mean) == canonical_sum((x - mean) * (x - mean))
    assert under == lane_kernels.lane_sum_squares_below(x, mar) == canonical_sum(short * short)
    c = x - mean
    assert moment_kernels.central_sums(x, mean) == tuple(canonical_sum(c * c * factor) for factor in (1.0, c, c * c))
    assert moment_kernels.held_sums(x) == (np.count_nonzero(x), canonical_sum(x))
    if x.size:
        assert moment_kernels.extremes(x) == (x.min(), x.max())


def test_extremes_of_nothing_are_not_numbers() -> None:
    assert np.isnan(moment_kernels.extremes(np.empty(0))).all()


@pytest.mark.parametrize("n", [0, 1, 7, 8, 9, 40, 2047, 2048, 2049, 2080, 4096, 5003])
def test_products_at_every_lag_have_the_bits_of_a_sum_for_each(n: int) -> None:
    x = np.random.default_rng(n).normal(0.001, 0.01, n)
    c = x - 0.0007
    for lags in (0, 1, 3, 4, 13, 29):
        out = np.full(lags, np.nan)
        lagged_products(x, 0.0007, out)
        assert out.tolist() == [canonical_sum(c[k:] * c[: n - k]) if k < n else 0.0 for k in range(1, lags + 1)]


@pytest.mark.parametrize("n", [*range(70), 1000])
def test_returns_and_their_sum_are_those_of_two_passes(n: int) -> None:
    equity = 100.0 * np.exp(np.cumsum(np.random.default_rng(n).normal(0.0, 0.02, n)))
    one, two = np.empty(n), np.empty(n)
    returns_of(100.0, equity, one)
    assert returns_with_sum(100.0, equity, two) == canonical_sum(one)
    assert np.array_equal(one, two)


@given(debts)
def test_a_drawdown_below_nothing_has_the_bits_of_the_plain_loop(equity: np.ndarray) -> None:
    peaks = np.maximum.accumulate(np.r_[100.0, equity])[1:]
    depth, peak_at, trough_at = drawdown_kernels.max_drawdown(100.0, equity)
    lowest = min([1.0, *(equity / peaks).tolist()])
    assert depth == lowest - 1.0
    if lowest < 1.0:
        assert trough_at == int(np.argmax(equity / peaks == lowest))
        standing = np.flatnonzero(equity[: trough_at + 1] == peaks[: trough_at + 1])
        assert peak_at == (int(standing[-1]) if standing.size else -1)


@pytest.mark.parametrize("n", [*range(70), 1000])
def test_sums_of_drawdowns_are_those_of_the_series(n: int) -> None:
    rng = np.random.default_rng(n)
    for equity in (100.0 * np.exp(np.cumsum(rng.normal(0.0, 0.02, n))), rng.choice([90.0, 100.0, 101.0], n)):
        falls = np.empty(n)
        drawdown_kernels.drawdown_series(100.0, equity, falls)
        last = falls[-1] if n else 0.0
        expected = (canonical_sum(falls), canonical_sum(falls * falls), np.count_nonzero(falls < 0.0), last)
        assert drawdown_sums(100.0, equity) == expected


@given(hnp.arrays(np.float64, st.integers(0, 60), elements=st.floats(allow_nan=False, allow_infinity=False)))
def test_values_sorted_by_their_bits_are_sorted(x: np.ndarray) -> None:
    found = x.copy()
    sort_values(found.view(np.int64))
    assert np.array_equal(found, np.sort(x))


def tails_of_every_kind(n: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(n)
    step = max(n // 4096, 1)
    return {
        "normal": rng.normal(0.0, 1.0, n),
        "mostly nothing": np.where(rng.random(n) < 0.93, 0.0, rng.normal(0.0, 1.0, n)),
        "few values": np.round(rng.normal(0.0, 1.0, n), 1),
        "sorted": np.sort(rng.normal(0.0, 1.0, n)),
        "a sample that misleads": np.where(np.arange(n) % step == 0, 5.0, -rng.random(n)),
        "one value": np.full(n, 0.25),
    }


@pytest.mark.parametrize("n", [1, 2, 20, 511, 512, 16_383, 16_384, 50_001])
@pytest.mark.parametrize("kind", list(tails_of_every_kind(1)))
def test_quantiles_and_tails_are_those_of_a_full_sort(n: int, kind: str) -> None:
    x = tails_of_every_kind(n)[kind]
    given_values, ordered = x.copy(), np.sort(x)
    low, high, before = sorted_tails(x, 0.05, 0.95)
    assert np.array_equal(x, given_values)
    at_risk = quantile_of_tail(low, 0, n, 0.05)
    assert at_risk == quantile_of_sorted(ordered, 0.05)
    assert quantile_of_tail(high, before, n, 0.95) == quantile_of_sorted(ordered, 0.95)
    assert np.array_equal(low[low <= at_risk], ordered[ordered <= at_risk])


def test_scratch_is_used_again_by_its_thread_and_by_no_other() -> None:
    mine = scratch(100)
    assert np.shares_memory(mine, scratch(60))
    with ThreadPoolExecutor(1) as pool:
        assert not np.shares_memory(mine, pool.submit(scratch, 60).result())
    assert not np.shares_memory(scratch(2**20 + 1), scratch(2**20 + 1))


def test_measures_made_at_once_or_after_each_other_are_those_made_alone() -> None:
    rng = np.random.default_rng(4)
    curves = [100.0 * np.exp(np.cumsum(rng.normal(0.0, 0.01, n))) for n in (3000, 40, 20_000, 700, 5, 9000) * 3]

    def measured(equity: np.ndarray) -> Metrics:
        return measure(Curve(equity=equity, initial_cash=100.0, periods_per_year=252.0))

    alone = [measured(equity) for equity in curves]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(measured, curves)) == alone
    assert [measured(equity) for equity in curves[::-1]] == alone[::-1]
