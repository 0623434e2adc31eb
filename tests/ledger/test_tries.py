"""What counts as a try on the same data, what as the same trial, and how many tries are independent."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta

from augury.errors import InvalidInput
from augury.ledger import BLOCKS, DataKey, Entry, Ledger, SeriesKey, block_sums, effective_trials
from augury.ledger.independence import _independent

Make = Callable[..., Entry]
MakeData = Callable[..., DataKey]


def test_nothing_tried_is_no_tries_and_makes_no_file(ledger: Ledger, make_data: MakeData) -> None:
    tries = ledger.tries(make_data())
    assert (tries.entries, tries.trials, tries.distinct, tries.effective) == (0, 0, 0, 0.0)
    assert math.isnan(tries.sharpe_variance)
    assert tries.to_dict()["sharpe_variance"] is None
    assert not ledger.path.exists()


def test_the_identical_run_is_recorded_again_and_counted_once(ledger: Ledger, make_entry: Make) -> None:
    receipts = [ledger.append(make_entry(10)) for _ in range(3)]
    receipts.append(ledger.append(make_entry(10, kind="validate", note="again", seed=9)))
    receipts.append(ledger.append(make_entry(11)))
    assert [receipt.repeats for receipt in receipts] == [None, 1, 1, 1, None]
    tries = ledger.tries(make_entry().data)
    assert (tries.entries, tries.trials, tries.distinct, tries.configurations) == (5, 5, 2, 2)
    assert sorted(tries.sharpes) == [0.1, 0.11]
    assert tries.sharpe_variance == pytest.approx(np.var([0.1, 0.11], ddof=1))


@pytest.mark.parametrize(
    ("changes", "distinct"),
    [
        ({"strategy_id": "beef"}, 2),
        ({"parameters": {"fast": 10, "slow": 51}}, 2),
        ({"parameters": {"slow": 50.0, "fast": np.int64(10)}}, 1),
        ({"spec": {"commission_rate": 0.002}}, 2),
        ({"headline": {}, "versions": {}, "capsule": {"a": 1}, "kind": "compare"}, 1),
    ],
)
def test_code_parameters_and_options_make_a_trial_and_nothing_else_does(
    ledger: Ledger, make_entry: Make, changes: dict[str, object], distinct: int
) -> None:
    ledger.append_many([make_entry(10), make_entry(10, **changes)])
    assert ledger.tries(make_entry().data).distinct == distinct


OVERLAPS = {
    "same": ({}, True),
    "later, sharing a bar": ({"first": 99, "fingerprint": "b"}, True),
    "later, sharing nothing": ({"first": 100, "fingerprint": "b"}, False),
    "earlier, sharing a bar": ({"first": -99, "fingerprint": "b"}, True),
    "earlier, sharing nothing": ({"first": -100, "fingerprint": "b"}, False),
    "inside": ({"first": 40, "bars": 5, "fingerprint": "b"}, True),
    "around": ({"first": -40, "bars": 500, "fingerprint": "b"}, True),
    "another timeframe": ({"timeframe": "1h", "fingerprint": "b"}, True),
    "other letters": ({"symbol": " spx ", "fingerprint": "b"}, True),
    "another symbol": ({"symbol": "AAPL", "fingerprint": "b"}, False),
    "the same bars under another name": ({"symbol": "my_copy"}, True),
    "the same bars under another name and time": ({"symbol": "my_copy", "first": 5_000}, True),
}


@pytest.mark.parametrize("name", OVERLAPS)
def test_the_overlap_rule(
    ledger: Ledger, make_entry: Make, make_series: Callable[..., SeriesKey], make_data: MakeData, name: str
) -> None:
    changes, overlaps = OVERLAPS[name]
    asked = DataKey(series=(make_series(**changes),))
    assert make_data().overlaps(asked) is asked.overlaps(make_data()) is overlaps
    ledger.append(make_entry(data=make_data()))
    assert ledger.tries(asked).trials == int(overlaps)
    basket = DataKey(series=(make_series("OTHER", "zz"), make_series(**changes)))
    assert ledger.tries(basket).trials == int(overlaps)
    assert ledger.tries(DataKey(series=())).trials == 0


@given(
    periods=st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 9), st.integers(0, 9)), min_size=2, max_size=2),
)
def test_overlap_is_what_counting_common_days_says(periods: list[tuple[str, int, int]]) -> None:
    keys = [
        SeriesKey(symbol=name, fingerprint=f"{name}{a}{b}", timeframe="1D", bars=9, first=min(a, b), last=max(a, b))
        for name, a, b in periods
    ]
    days = [{(name, day) for day in range(min(a, b), max(a, b) + 1)} for name, a, b in periods]
    assert keys[0].overlaps(keys[1]) == bool(days[0] & days[1])


def test_tries_are_counted_by_family_kind_and_up_to_an_entry(ledger: Ledger, make_entry: Make) -> None:
    ledger.append_many([make_entry(1), make_entry(2, subject="momentum"), make_entry(3, kind="audit"), make_entry(4)])
    data = make_entry().data
    assert ledger.tries(data).sequences == (1, 2, 3, 4)
    assert ledger.tries(data, family="momentum").sequences == (2,)
    assert ledger.tries(data, until=2).sequences == (1, 2)
    assert ledger.tries(data, excluding=["audit"]).sequences == (1, 2, 4)
    ledger.append(make_entry(kind="report", trials=0, sharpes=None, returns=None))
    assert ledger.tries(data).entries == 4, "an entry that tries nothing is no try"


def sweep(make_entry: Make, blocks: np.ndarray, **changes: object) -> Entry:
    values = {
        "kind": "sweep",
        "trials": len(blocks),
        "parameters": {"fast": [1, len(blocks)]},
        "returns": None,
        "sharpes": np.linspace(-0.1, 0.1, len(blocks)),
        "block_returns": blocks,
        "trial_parameters": {"slow": np.full(len(blocks), 50.0), "fast": np.arange(1, len(blocks) + 1)},
    }
    return make_entry(**(values | changes))


def test_the_winner_of_a_sweep_run_again_is_not_a_new_trial(ledger: Ledger, make_entry: Make) -> None:
    returns = np.random.default_rng(1).normal(size=(8, 100))
    ledger.append(sweep(make_entry, block_sums(returns)))
    ledger.append(make_entry(3, returns=returns[2], sharpes=np.array([0.3])))
    tries = ledger.tries(make_entry().data)
    assert (tries.trials, tries.distinct, tries.configurations) == (9, 8, 8)
    assert len(tries.groups) == 1
    assert tries.groups[0].block_returns.shape == (8, BLOCKS)
    assert 0.3 in tries.sharpes, "the newest record of a trial counts"
    ledger.append(make_entry(3, subject="renamed", returns=None, sharpes=None))
    assert ledger.tries(make_entry().data).groups[0].known.all(), "what is known of a trial is not forgotten"


def test_the_same_trial_inside_one_sweep_counts_once(ledger: Ledger, make_entry: Make) -> None:
    blocks = np.random.default_rng(1).normal(size=(4, 16))
    ledger.append(sweep(make_entry, blocks, trial_parameters={"fast": [1, 2, 2, 1]}))
    tries = ledger.tries(make_entry().data)
    assert (tries.trials, tries.distinct) == (4, 2)


def test_a_run_repeated_as_its_data_grow_is_one_configuration_of_several_trials(
    ledger: Ledger, make_entry: Make, make_data: MakeData
) -> None:
    rng = np.random.default_rng(2)
    for days in (100, 101, 102):
        data = make_data("SPX", f"print{days}", bars=days)
        ledger.append_many([make_entry(fast, data=data, returns=rng.normal(size=days)) for fast in (5, 6, 7)])
    tries = ledger.tries(make_data("SPX", "asked", bars=102))
    assert (tries.trials, tries.distinct, tries.configurations, tries.effective) == (9, 9, 3, 3.0)
    assert [group.data.series[0].bars for group in tries.groups] == [102]


def test_trials_that_nothing_is_known_of_count_as_independent(ledger: Ledger, make_entry: Make) -> None:
    audit = make_entry(kind="audit", trials=50, sharpes=None, note="50 tries were declared")
    ledger.append(audit)
    tries = ledger.tries(audit.data)
    assert (tries.trials, tries.distinct, tries.effective) == (50, 50, 50.0)
    assert tries.sharpes.size == 50
    ledger.append(audit)
    assert ledger.tries(audit.data).distinct == 50, "declared again, not tried again"


def test_sharpes_of_another_timeframe_are_told_per_bar_of_the_data_asked_about(
    ledger: Ledger, make_entry: Make, make_data: MakeData
) -> None:
    day = 86_400 * 10**9
    hourly = make_data("SPX", "hours", timeframe="1h", first=0, bars=801, last=100 * day)
    daily = make_data("SPX", "days", first=0, bars=101)
    ledger.append(make_entry(data=hourly, sharpes=np.array([0.02])))
    assert ledger.tries(daily).sharpes.tolist() == pytest.approx([0.02 * math.sqrt(8)])
    assert ledger.tries(hourly).sharpes.tolist() == [0.02]


def test_block_sums_are_sums_over_the_bars_of_each_block() -> None:
    returns = np.random.default_rng(4).normal(size=(3, 77))
    found = block_sums(returns, 10)
    for b in range(10):
        assert np.allclose(found[:, b], returns[:, b * 77 // 10 : (b + 1) * 77 // 10].sum(axis=1))
    assert np.array_equal(block_sums(returns, 500), returns)
    with pytest.raises(InvalidInput, match="at least one return"):
        block_sums(np.empty(0))


# -- the effective number ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("blocks", [32, 64, 250])
@pytest.mark.parametrize("trials", [2, 10, 190, 2_000])
def test_independent_trials_count_in_full(trials: int, blocks: int) -> None:
    found = [effective_trials(np.random.default_rng(seed).normal(size=(trials, blocks))) for seed in range(5)]
    assert trials * 0.75 < np.mean(found) <= trials


@pytest.mark.parametrize("groups", [1, 2, 5, 40])
def test_copies_of_a_trial_count_once(groups: int) -> None:
    rows = np.random.default_rng(groups).normal(size=(groups, 64))
    found = effective_trials(np.repeat(rows, 25, axis=0) * np.tile([1.0, 3.0, 0.01, 7.0, 2.0], 5 * groups)[:, None])
    assert found == pytest.approx(groups, rel=0.3)


@pytest.mark.parametrize(("blocks", "count"), [(8, 5), (64, 190), (64, 10_000), (500, 2_000)])
def test_the_law_of_the_best_of_independent_directions_is_the_beta_law(blocks: int, count: int) -> None:
    """Inverting the expected maximum gives back the count; that expectation here from scipy's beta distribution."""
    at = np.linspace(-1, 1, 200_001)
    below = (1 + np.sign(at) * beta.cdf(at * at, 0.5, (blocks - 2) / 2)) / 2
    highest = 1 - np.trapezoid(below**count, at)
    assert _independent(highest, blocks - 1, 10**6) == pytest.approx(count, rel=1e-3)


@pytest.mark.parametrize("correlation", [0.3, 0.6, 0.9])
def test_equally_correlated_trials_have_the_expected_maximum_of_so_many_independent_ones(correlation: float) -> None:
    """The oracle is a plain simulation: the mean best of 100 correlated normals, and of N independent ones."""
    rng = np.random.default_rng(7)
    common, own = rng.normal(size=(4_000, 1)), rng.normal(size=(4_000, 100))
    best = (math.sqrt(correlation) * common + math.sqrt(1 - correlation) * own).max(axis=1).mean()
    independent = rng.normal(size=(20_000, 100))
    means = [independent[:, :count].max(axis=1).mean() for count in range(1, 101)]
    expected = int(np.argmin(np.abs(np.array(means) - best))) + 1
    found = []
    for _ in range(20):
        common, own = rng.normal(size=(1, 100)), rng.normal(size=(100, 100))
        found.append(effective_trials(math.sqrt(correlation) * common + math.sqrt(1 - correlation) * own))
    assert np.mean(found) == pytest.approx(expected, rel=0.2)


@given(
    shift=st.floats(-1, 1),
    scale=st.floats(0.001, 1_000),
    seed=st.integers(0, 50),
)
def test_scale_level_and_order_of_trials_leave_the_number_as_it_is(shift: float, scale: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(6, 16)) + rng.normal(size=(1, 16))
    assert effective_trials((rows + shift)[::-1] * scale) == pytest.approx(effective_trials(rows), rel=2e-3)


def test_trials_that_never_moved_or_are_undefined_cannot_have_been_the_best() -> None:
    rows = np.random.default_rng(1).normal(size=(4, 32))
    rows[1] = 0.0
    rows[2, 5] = np.nan
    assert 1.4 < effective_trials(rows) <= 2.0
    assert effective_trials(rows[3:]) == 1.0
    assert math.isnan(effective_trials(rows[1:3]))
    assert math.isnan(effective_trials(np.empty((0, 32))))
    assert math.isnan(effective_trials(np.full((3, 32), 0.001)))


def test_with_too_few_blocks_every_trial_counts() -> None:
    assert effective_trials(np.repeat(np.random.default_rng(1).normal(size=(1, 7)), 9, axis=0)) == 9.0
    with pytest.raises(InvalidInput, match="2 dimensions"):
        effective_trials(np.ones(4))


def test_the_number_is_the_same_every_time_and_for_every_way_to_cut_the_rows(tmp_path: Path) -> None:
    rows = np.random.default_rng(1).normal(size=(9_000, 16)) + np.random.default_rng(2).normal(size=(1, 16))
    assert effective_trials(rows) == effective_trials(rows) == effective_trials(rows.astype(np.float32))


def test_neighbouring_moving_averages_count_for_much_fewer() -> None:
    rng = np.random.default_rng(3)
    returns = rng.normal(0, 0.01, 2_000)
    price = np.cumsum(returns)
    curves = []
    for fast in range(5, 25):
        for slow in range(30, 60):
            kernel = [np.convolve(price, np.ones(n) / n)[: len(price)] for n in (fast, slow)]
            curves.append(np.where(kernel[0] > kernel[1], 1.0, 0.0)[:-1] * returns[1:])
    found = effective_trials(block_sums(np.array(curves)))
    assert 2 < found < 60
