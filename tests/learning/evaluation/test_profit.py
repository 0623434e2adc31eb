"""Implied positions and what they earn."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from augury.backtest.run import run_backtest
from augury.backtest.spec import BacktestSpec, CostSpec
from augury.errors import InvalidInput
from augury.learning.evaluation.cross_validation import CvSpec, cross_validate
from augury.learning.evaluation.positions import PositionSpec, implied_positions
from augury.learning.evaluation.profit import profit_of
from augury.market.bars import BarArrays
from augury.metrics import periods_per_year

FREE = CostSpec(commission_rate=0.0, slippage_rate=0.0, borrow_rate=0.0)


def test_positions_follow_thresholds_sizes_and_holding_times(make_predictions):
    up = np.array([0.9, 0.56, 0.5, 0.44, 0.1])
    said = make_predictions(np.column_stack([1 - up, up]), np.zeros(5))
    assert implied_positions(said, 0, 7).tolist() == [1, 1, 0, -1, -1, 0, 0]
    assert implied_positions(said, 0, 5, PositionSpec(threshold=0.2)).tolist() == [1, 0, 0, 0, -1]
    assert implied_positions(said, 0, 5, PositionSpec(long_only=True)).tolist() == [1, 1, 0, 0, 0]
    sized = implied_positions(said, 0, 5, PositionSpec(sizing="edge", full_edge=0.4, largest_position=0.5))
    assert sized == pytest.approx([0.5, 0.15, 0.0, -0.15, -0.5])
    assert implied_positions(said, 0, 7, PositionSpec(hold_bars=2)).tolist() == [1, 1, 0.5, -0.5, -1, -1, 0]
    with pytest.raises(InvalidInput, match="within 3 bars"):
        implied_positions(said, 0, 3)


def test_three_classes_and_values_have_an_edge_too(make_predictions):
    raw = np.array([[0.2, 0.3, 0.5], [0.3, 0.6, 0.1]])
    assert implied_positions(make_predictions(raw, np.zeros(2)), 0, 2).tolist() == [1, -1]
    assert implied_positions(make_predictions(np.array([0.01, -0.02]), np.zeros(2)), 0, 2).tolist() == [1, -1]


def test_the_account_is_that_of_the_backtester_and_symbols_have_equal_weights(make_dataset):
    data = make_dataset(300, symbols=2, edge=0.5)
    cv = cross_validate(data, "xgboost(rounds=10, max_depth=2, patience=None)", CvSpec(folds=3))
    spec = BacktestSpec(costs=CostSpec(commission_rate=0.0003))
    found = profit_of(cv, data, backtest=spec)
    returns = []
    for at, bars in enumerate(data.inputs.bars):
        target = implied_positions(cv.predictions, at, len(bars))
        rows = data.inputs.bar[data.inputs.symbol == at]
        part = slice(rows[0], rows[-1] + 2)
        cut = BarArrays(bars.opened_at[part].copy(), np.ascontiguousarray(bars.matrix[:, part]))
        result = run_backtest(target[part], cut, spec=spec)
        returns.append(result.returns)
        assert found.symbols[at].total_return == pytest.approx(result.run.equity[-1] / 10_000.0 - 1.0)
        assert found.symbols[at].trades == len(result.trade_list)
        assert found.symbols[at].costs == pytest.approx(
            (result.costs["commission"] + result.costs["slippage"] + result.costs["borrowing"]) / 10_000.0
        )
    assert np.allclose(found.returns, np.mean(returns, axis=0))
    mean, spread = found.returns.mean(), found.returns.std(ddof=1)
    assert found.sharpe.estimate == pytest.approx(mean / spread * np.sqrt(periods_per_year(found.opened_at)))
    assert any("out-of-fold" in note for note in found.notes)


def test_rows_some_bars_apart_are_held_until_the_next(make_dataset):
    data = make_dataset(300, edge=0.5)
    sparse = replace(data.rows(slice(None, None, 5)), spec=data.spec.replace(every_bars=5))
    cv = cross_validate(sparse, "linear", CvSpec(folds=3))
    assert profit_of(cv, sparse).positions.hold_bars == 5
    assert profit_of(cv, sparse).symbols[0].exposed > 0.95
    assert profit_of(cv, sparse, PositionSpec(hold_bars=1)).symbols[0].exposed < 0.25


def test_a_planted_edge_earns_and_noise_only_pays_costs(make_dataset):
    model = "xgboost(rounds=40, max_depth=3, learning_rate=0.2, patience=None)"
    free = BacktestSpec(costs=FREE)
    good = make_dataset(1000, edge=0.6)
    rich = profit_of(cross_validate(good, model), good, backtest=free)
    assert rich.sharpe.lower > 0.0
    assert rich.sharpe_gain.lower > 0.0
    bad = make_dataset(1000, seed=9)
    cv = cross_validate(bad, model)
    poor, taxed = profit_of(cv, bad, backtest=free), profit_of(cv, bad)
    assert poor.sharpe.lower < 0.0
    assert taxed.sharpe.estimate < poor.sharpe.estimate
    assert taxed.symbols[0].costs > 0.1


def test_each_combinatorial_path_has_its_own_figure(make_dataset):
    data = make_dataset(400, edge=0.5)
    cv = cross_validate(data, "linear", CvSpec(folds=4, test_groups=2))
    found = profit_of(cv, data)
    assert len(found.path_sharpes) == 3
    assert found.path_sharpes[0] == pytest.approx(found.sharpe.estimate)
    assert found.path_sharpes[1] == pytest.approx(profit_of(cv.paths[1], data).sharpe.estimate)
