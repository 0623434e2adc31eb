"""The story of a result: what reports show is what was computed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from augury.backtest import BacktestSpec, CostSpec, ExitSpec, ProofSpec, Tried, prove, run_backtest, story_of, sweep

QUICK = ProofSpec(permutations=19, replications=199)
GRID = {"fast": [2, 3, 5, 7], "slow": [8, 12, 20], "short": [0, 1]}


@pytest.fixture(scope="module")
def searched(make_random_bars: Any) -> Any:
    found = sweep("sma_crossover", {"ABC": make_random_bars(1, 250)}, GRID)
    tried = Tried(configurations=99, effective=12.0, sharpes=found.measured("sharpe") / 16.0, source="ledger x.sqlite")
    return prove(found.result(found.best()), QUICK, sweep=found, tried=tried)


def test_without_a_proof_the_story_is_about_what_was_run(make_random_bars: Any) -> None:
    bars = make_random_bars(1, 120)
    spec = BacktestSpec(costs=CostSpec(commission_rate=0.002), exits=ExitSpec(stop_loss=0.05), leverage=2.0)
    result = run_backtest("sma_crossover", bars, {"fast": 3, "slow": 9}, spec, symbol="ABC")
    story = story_of(result)
    assert story.title == "sma_crossover on ABC"
    assert story_of(result, "Mine").title == "Mine"
    assert story.parameters == {"fast": 3.0, "slow": 9.0, "short": 0.0}
    assert story.settings["stop_loss"] == 0.05
    assert story.settings["commission_rate"] == 0.002
    assert story.settings["leverage"] == 2.0
    assert "take_profit" not in story.settings
    assert story.data.symbols == ("ABC",)
    assert story.data.bars == len(story.times) == 120
    assert story.data.fingerprint == result.fingerprint
    np.testing.assert_array_equal(story.equity, result.run.equity)
    assert story.cost_totals == result.costs
    assert {measure.name: measure.value for measure in story.measures}["trades"] == result.metrics["trades"].value
    nothing = (
        story.verdict,
        story.tries,
        story.benchmark,
        story.sensitivity,
        story.tests,
        story.intervals,
        story.checks,
    )
    assert not any(nothing)
    assert story.notes == result.notes
    assert story.provenance["strategy code"] == result.strategy_id


def test_exposure_is_the_value_held_in_parts_of_equity(make_bars: Any) -> None:
    bars = make_bars(np.linspace(10.0, 20.0, 40))
    free = BacktestSpec(costs=CostSpec(commission_rate=0.0, slippage_rate=0.0))
    story = story_of(run_backtest(np.full(40, -0.5), bars, spec=free))
    assert story.exposure[0] == 0.0
    assert story.exposure[1] == pytest.approx(0.5, rel=0.05)
    assert (np.diff(story.exposure[1:]) > 0.0).all()


def test_with_a_proof_every_section_is_filled_from_it(searched: Any) -> None:
    story, proof = story_of(searched), searched.proof
    assert [test.name for test in story.tests] == [
        "Permutation test, in sample",
        "Permutation test, walk-forward",
    ]
    for told, test in zip(story.tests, (proof.tests.permutation, proof.tests.walk_forward_permutation), strict=True):
        np.testing.assert_array_equal(told.null, test.null)
        assert (told.observed, told.p_value) == (test.observed, test.p_value)
    assert {interval.name: (interval.low, interval.high) for interval in story.intervals} == {
        interval.statistic: (interval.lower, interval.upper) for interval in proof.intervals
    }
    assert [table.title for table in story.checks] == ["Later fills", "Dearer trading", "By calendar year"]
    assert [row[0] for row in story.checks[0].rows] == [f"{bars} bars later" for bars in (0, 1, 2, 5)]
    assert story.checks[0].rows[1][1] == proof.tests.delay.at(1.0)
    assert (story.tries.number, story.tries.source) == (99, "ledger x.sqlite")
    assert story.tries.effective == proof.tests.effective.effective
    np.testing.assert_array_equal(story.benchmark.equity, proof.benchmark)
    assert story.verdict is proof.verdict
    if proof.verdict is not proof.out_of_sample:
        assert any(note.startswith("Walk-forward, on bars that no choice had seen") for note in story.notes)


def test_the_heat_map_shows_the_search_with_the_rest_as_in_the_result(searched: Any) -> None:
    grid, found = story_of(searched).sensitivity, searched.proof.sweep
    assert (grid.x_name, grid.y_name) == ("fast", "slow")
    assert (grid.x_values, grid.y_values) == ((2.0, 3.0, 5.0, 7.0), (8.0, 12.0, 20.0))
    for row, slow in enumerate(grid.y_values):
        for column, fast in enumerate(grid.x_values):
            wanted = (found.params == [fast, slow, searched.parameters["short"]]).all(axis=1)
            np.testing.assert_equal(grid.values[row, column], found.measured("sharpe")[wanted][0])
    column, row = grid.chosen
    assert grid.x_values[column] == searched.parameters["fast"]
    assert grid.y_values[row] == searched.parameters["slow"]
    assert grid.values[row, column] == searched.metrics["sharpe"].value


def test_a_search_over_one_parameter_or_none_is_told_too(make_random_bars: Any) -> None:
    bars = make_random_bars(1, 150)
    for grid, shape in (({"fast": [2, 3, 5]}, (1, 3)), ({"fast": [3]}, None)):
        found = sweep("sma_crossover", bars, grid)
        story = prove(found.result(0), QUICK, sweep=found).story()
        assert (None if story.sensitivity is None else story.sensitivity.values.shape) == shape


def test_the_sweep_of_a_universe_draws_the_symbol_of_the_result(make_random_bars: Any) -> None:
    found = sweep("sma_crossover", {"AA": make_random_bars(1, 150), "BB": make_random_bars(2, 150)}, GRID)
    result = prove(found.result(found.best(symbol="BB"), "BB"), QUICK, sweep=found)
    values = result.story().sensitivity.values
    assert np.nanmax(values) == np.nanmax(found.measured("sharpe", "BB"))
    assert "BB" in str(result)
