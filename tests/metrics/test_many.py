"""Many curves at once have the numbers of one, to the last bit."""

from __future__ import annotations

import numpy as np
import pytest

from augury.errors import InvalidInput
from augury.metrics import HEADLINE, Curve, measure, measure_many


def paths(curves: int, bars: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return 1000.0 * np.exp(np.cumsum(rng.normal(0.0004, 0.012, (curves, bars)), axis=1))


@pytest.mark.parametrize("bars", [1, 2, 19, 20, 100, 1001])
def test_every_number_is_that_of_measure_to_the_last_bit(bars: int) -> None:
    equity = np.vstack([paths(20, bars), np.full((1, bars), 1000.0), np.linspace(1001.0, 2000.0, bars)[None, :]])
    equity = np.vstack([equity, np.linspace(900.0, -5.0, bars)[None, :]])
    many = measure_many(equity, 1000.0, 252.0)
    assert tuple(many) == HEADLINE
    for row, curve in enumerate(equity):
        single = measure(Curve(equity=curve, initial_cash=1000.0, periods_per_year=252.0))
        for name in HEADLINE:
            assert np.array_equal(many[name][row], single[name].value, equal_nan=True), (name, row)


def test_the_numbers_do_not_depend_on_the_number_of_threads() -> None:
    equity = paths(1000, 60)
    one, four = measure_many(equity, 1000.0, 365.0, workers=1), measure_many(equity, 1000.0, 365.0, workers=4)
    for name in HEADLINE:
        assert np.array_equal(one[name], four[name], equal_nan=True)


def test_each_curve_may_start_from_its_own_cash_and_any_layout_is_read() -> None:
    equity = paths(6, 50)
    start = np.linspace(900.0, 1100.0, 6)
    expected = measure_many(equity, start, 252.0)
    frozen = np.asfortranarray(equity)
    frozen.setflags(write=False)
    for name, found in measure_many(frozen, start, 252.0).items():
        assert np.array_equal(found, expected[name])
    assert np.allclose(expected["total_return"], equity[:, -1] / start - 1.0, rtol=1e-15)


def test_no_curves_give_empty_answers() -> None:
    assert all(values.size == 0 for values in measure_many(np.empty((0, 10)), 100.0, 252.0).values())


def test_bad_input_is_refused_with_the_number_of_the_curve() -> None:
    equity = paths(700, 30)
    equity[600, 7] = np.nan
    with pytest.raises(InvalidInput, match="curve 600"):
        measure_many(equity, 1000.0, 252.0)
    with pytest.raises(InvalidInput, match="initial_cash"):
        measure_many(equity[:2], 0.0, 252.0)
    with pytest.raises(InvalidInput, match="periods_per_year"):
        measure_many(equity[:2], 1.0, float("nan"))
    with pytest.raises(InvalidInput, match="curves, bars"):
        measure_many(equity[0], 1.0, 252.0)
