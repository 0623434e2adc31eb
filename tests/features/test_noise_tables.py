"""The shipped Monte-Carlo tables against a small simulation anew, and the rule between and outside their rows."""

from __future__ import annotations

import math
import runpy
from pathlib import Path

import numpy as np
import pytest

from augury.errors import InvalidInput
from augury.features.noise_tables import hurst_noise, permutation_noise

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "make_null_tables.py"


@pytest.fixture(scope="module")
def script():
    return runpy.run_path(str(SCRIPT))


@pytest.mark.parametrize("method", ["ghe", "dfa", "rs"])
@pytest.mark.parametrize("window", [100, 250])
def test_hurst_rows_are_what_the_kernels_give_on_noise(script, method, window):
    machine, spacing = script["hurst_machine"](method, window)
    count = 1500
    values = script["noise_values"](machine, spacing, count, np.random.default_rng(1))
    mean, sd = hurst_noise(method, window)
    assert values.mean() == pytest.approx(mean, abs=4 * sd / math.sqrt(count))
    assert values.std() == pytest.approx(sd, rel=4 / math.sqrt(2 * count))


@pytest.mark.parametrize("series", ["returns", "log_price"])
@pytest.mark.parametrize(("order", "window"), [(3, 100), (4, 250), (5, 500)])
def test_entropy_rows_are_what_the_kernels_give_on_noise(script, series, order, window):
    machine, spacing = script["permutation_null_machine"](series, order, window)
    count = 3000
    values = script["noise_values"](machine, spacing, count, np.random.default_rng(2))
    mean, sd, low, mild = permutation_noise(series, order, window)
    assert values.mean() == pytest.approx(mean, abs=4 * sd / math.sqrt(count))
    assert values.std() == pytest.approx(sd, rel=0.1)
    for point, share in ((low, 0.01), (mild, 0.05)):
        assert np.mean(values < point) == pytest.approx(share, abs=4 * math.sqrt(share * (1 - share) / count))


def test_known_values_of_the_entropy_of_noise():
    mean, _, low, _ = permutation_noise("returns", 3, 50)
    assert mean == pytest.approx(0.980, abs=1e-3)
    assert low == pytest.approx(0.924, abs=4e-3)
    mean, _, _, mild = permutation_noise("returns", 4, 200)
    assert mean == pytest.approx(0.984, abs=1e-3)
    assert mild == pytest.approx(0.9715, abs=1.5e-3)
    assert permutation_noise("returns", 5, 500)[0] == pytest.approx(0.974, abs=1e-3)


@pytest.mark.parametrize("method", ["ghe", "dfa", "rs"])
def test_a_window_between_rows_is_near_its_own_simulation(script, method):
    window, count = 220, 1500
    machine, spacing = script["hurst_machine"](method, window)
    values = script["noise_values"](machine, spacing, count, np.random.default_rng(3))
    mean, sd = hurst_noise(method, window)
    assert values.mean() == pytest.approx(mean, abs=5 * sd / math.sqrt(count))
    assert values.std() == pytest.approx(sd, rel=0.1)


def test_between_rows_values_are_linear_in_one_over_window():
    low, high = hurst_noise("ghe", 200), hurst_noise("ghe", 250)
    share = (1 / 220 - 1 / 250) / (1 / 200 - 1 / 250)
    expected = share * low[1] + (1 - share) * high[1]
    assert hurst_noise("ghe", 220)[1] == pytest.approx(expected, rel=1e-12)


def test_outside_the_rows_there_is_no_answer():
    with pytest.raises(InvalidInput, match="between 50 and 1000"):
        hurst_noise("ghe", 49)
    with pytest.raises(InvalidInput, match="between 50 and 1000"):
        permutation_noise("returns", 3, 1001)
    with pytest.raises(InvalidInput, match="no entry"):
        hurst_noise("other", 100)
