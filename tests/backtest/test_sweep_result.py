"""What a sweep found: rows, the best, the way to a full result, and what it refuses."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from augury.backtest import BacktestSpec, run_backtest, sweep
from augury.backtest.search.sweep_kernel import MEASURES
from augury.errors import InvalidInput, NotFound

GRID = {"fast": [2, 3, 5], "slow": [8, 13]}


@pytest.fixture
def one(make_random_bars: Any) -> Any:
    return sweep("sma_crossover", make_random_bars(1, 150), GRID)


@pytest.fixture
def two(make_random_bars: Any) -> Any:
    universe = {"AA": make_random_bars(1, 150), "BB": make_random_bars(2, 170)}
    return sweep("sma_crossover", universe, GRID)


def test_a_row_a_combination_in_the_order_of_the_parameters(one: Any, two: Any) -> None:
    frame = one.to_frame()
    assert list(frame.columns) == ["fast", "slow", "short", *MEASURES]
    np.testing.assert_array_equal(frame[["fast", "slow", "short"]], one.params)
    np.testing.assert_array_equal(frame[list(MEASURES)], one.part().measures)
    both = two.to_frame()
    assert both["symbol"].tolist() == ["AA"] * 6 + ["BB"] * 6
    np.testing.assert_array_equal(two.to_frame("BB")[list(MEASURES)], two.part("BB").measures)


def test_the_best_is_the_first_of_the_highest(one: Any) -> None:
    for measure in ("sharpe", "total_return", "max_drawdown"):
        values = one.measured(measure)
        assert one.best(measure) == int(np.flatnonzero(values == np.nanmax(values))[0])
    assert one.parameters(0) == {"fast": 2.0, "slow": 8.0, "short": 0.0}


def test_a_combination_expands_to_the_result_of_a_run(one: Any, make_random_bars: Any) -> None:
    result = one.result(3)
    alone = run_backtest("sma_crossover", make_random_bars(1, 150), one.parameters(3))
    assert result.digests == alone.digests
    assert result.parameters == one.parameters(3)
    assert result.strategy == one.strategy == "sma_crossover"


def test_values_are_strict_json_with_none_for_what_is_undefined(two: Any) -> None:
    told = json.loads(json.dumps(two.to_dict(), allow_nan=False))
    assert told["combinations"] == 6
    assert told["symbols"] == ["AA", "BB"]
    assert len(told["rows"]) == 12
    assert told["rows"][0]["sharpe"] == two.measured("sharpe", "AA")[0]
    quiet = sweep("sma_crossover", two.parts[0].subject.bars, {"fast": [160], "slow": [170]})
    row = json.loads(json.dumps(quiet.to_dict(), allow_nan=False))["rows"][0]
    assert (row["sharpe"], row["win_rate"], row["trades"]) == (None, None, 0.0)


def test_one_symbol_can_be_taken_out_of_many(one: Any, two: Any) -> None:
    alone = two.only("BB")
    assert alone.symbols == ("BB",)
    np.testing.assert_array_equal(alone.measured("sharpe"), two.measured("sharpe", "BB"))
    assert alone.result(0).symbol == "BB"
    assert one.only("whatever its one symbol is called") is one


def test_what_was_not_swept_is_refused_with_the_nearest_name(one: Any, two: Any) -> None:
    with pytest.raises(NotFound, match="no measure 'sharp'; did you mean 'sharpe'"):
        one.measured("sharp")
    with pytest.raises(NotFound, match="'AB' was not swept"):
        two.part("AB")
    with pytest.raises(NotFound, match="'CC' was not swept"):
        two.only("CC")
    with pytest.raises(InvalidInput, match="say which of 2 symbols: AA, BB"):
        two.best()


def test_a_sweep_without_any_trade_has_no_best(make_random_bars: Any) -> None:
    quiet = sweep("sma_crossover", make_random_bars(1, 50), {"fast": [60], "slow": [70]}, BacktestSpec())
    with pytest.raises(InvalidInput, match="sharpe is undefined for every combination"):
        quiet.best()
    with pytest.raises(InvalidInput, match="win_rate is undefined"):
        quiet.best("win_rate")


def test_what_is_printed_of_a_search_says_how_many_were_tried_and_that_this_proves_nothing(one: Any, two: Any) -> None:
    for found in (one, two):
        assert f"{len(found):,} combinations tried" in repr(found)
        assert "proves nothing by itself" in repr(found)
        assert len(repr(found)) < 300
