from __future__ import annotations

import pickle

import numpy as np
import pytest

from augury.backtest import run_backtest, sweep
from augury.errors import InvalidInput
from augury.learning.artefacts.exporting import build_artefact, extras_of
from augury.learning.artefacts.manifest import Abstention
from augury.learning.artefacts.predictor import Predictor
from augury.learning.data.building import build_dataset
from augury.learning.data.dataset import DatasetSpec
from augury.learning.estimators.families import make_model
from augury.learning.following import model_strategy
from augury.testing import garch_bars, run_strategy_suite

FEATURES = ("range_position(window_bars=20)", "rsi(timeperiod=7)")


@pytest.fixture(scope="module")
def bars():
    return garch_bars(700, seed=4)


@pytest.fixture(scope="module")
def dataset(bars):
    return build_dataset(bars.iloc[:400], DatasetSpec(features=FEATURES, label="direction(horizon_bars=3)"))


@pytest.fixture(scope="module")
def artefacts(dataset):
    """Artefacts by model text and abstention, each fitted once."""
    made = {}

    def make(text="xgboost(rounds=15, max_depth=3, patience=None)", **extras):
        key = (text, str(extras))
        if key not in made:
            model = make_model(text).fit(dataset.inputs, dataset.target)
            made[key] = build_artefact(model, extras_of(dataset, **extras))
        return made[key]

    return make


@pytest.mark.parametrize("text", ["xgboost(rounds=15, max_depth=3, patience=None)", "linear"])
def test_a_model_strategy_keeps_the_whole_contract(artefacts, text):
    strategy = model_strategy(artefacts(text), long_above=0.52, short_below=0.48, only_after_fit=False)
    outcomes = run_strategy_suite(strategy)
    assert [outcome for outcome in outcomes if outcome.failure is not None] == []


def test_positions_follow_the_calibrated_probability(artefacts, bars):
    artefact = artefacts()
    strategy = model_strategy(artefact, long_above=0.55, short_below=0.45, size=0.5, only_after_fit=False)
    p = Predictor(artefact).predict_bars(bars)["up"]
    held = strategy.positions(bars)
    assert (held[p > 0.55] == 0.5).all()
    assert (held[p < 0.45] == -0.5).all()
    assert (held[p.between(0.45, 0.55) | p.isna()] == 0.0).all()
    assert set(held) == {-0.5, 0.0, 0.5}


def test_bars_that_training_looked_at_are_not_traded(artefacts, bars, dataset):
    held = model_strategy(artefacts(), long_above=0.5, short_below=0.5).positions(bars)
    trained = held.index.asi8 <= dataset.inputs.label_end.max()
    assert trained.sum() == 400
    assert (held[trained] == 0.0).all()
    assert held[~trained].abs().sum() > 200


def test_thresholds_are_tuned_like_any_parameter(artefacts, bars):
    strategy = model_strategy(artefacts(), only_after_fit=False)
    assert strategy.names == ("long_above", "short_below", "size")
    long_only = strategy.positions(bars, long_above=0.5, short_below=0.0)
    assert (long_only >= 0.0).all()
    assert long_only.any()
    with pytest.raises(InvalidInput, match="short_below should not be above long_above"):
        strategy.positions(bars, long_above=0.4, short_below=0.6)
    with pytest.raises(InvalidInput, match="long_above"):
        model_strategy(artefacts(), long_above=1.5)


def test_a_sweep_over_thresholds_runs_the_model_once(artefacts, bars, monkeypatch):
    predictor = Predictor(artefacts())
    strategy = model_strategy(predictor)
    ran = []
    real = Predictor.predict_path

    def counted(self, arrays):
        ran.append(1)
        return real(self, arrays)

    monkeypatch.setattr(Predictor, "predict_path", counted)
    for above in np.linspace(0.5, 0.6, 6):
        strategy.positions(bars, long_above=float(above))
    assert len(ran) == 1
    strategy.positions(bars.iloc[:-1])
    assert len(ran) == 2


def test_it_is_swept_like_any_strategy(artefacts, bars):
    found = sweep(model_strategy(artefacts()), bars, {"long_above": [0.5, 0.52, 0.55], "short_below": [0.4, 0.48]})
    assert len(found.to_frame()) == 6


def test_it_runs_in_the_backtester_with_costs(artefacts, bars):
    result = run_backtest(model_strategy(artefacts(), long_above=0.5, short_below=0.5), bars)
    assert len(result.trades) > 5


def test_where_the_model_abstains_nothing_is_held(artefacts, bars):
    artefact = artefacts(abstention=Abstention(min_probability=0.6))
    held = model_strategy(artefact, long_above=0.5, short_below=0.5, only_after_fit=False).positions(bars)
    sure = Predictor(artefact).predict_bars(bars).max(axis=1) >= 0.6
    assert (held[~sure] == 0.0).all()
    assert (held[sure] != 0.0).all()


def test_a_regression_trades_on_the_sign_of_its_value(bars):
    data = build_dataset(bars, DatasetSpec(features=FEATURES, label="forward_return(horizon_bars=3)"))
    model = make_model("linear", task="regression").fit(data.inputs, data.target)
    artefact = build_artefact(model, extras_of(data), sample=data.inputs)
    values = Predictor(artefact).predict_bars(bars)["value"]
    held = model_strategy(artefact, only_after_fit=False).positions(bars)
    assert np.array_equal(held, np.sign(values.fillna(0.0)))


def test_three_classes_are_weighed_without_the_one_between(bars):
    data = build_dataset(bars, DatasetSpec(features=FEATURES, label="triple_barrier(horizon_bars=5)"))
    assert len(data.classes) == 3
    model = make_model("xgboost(rounds=10, max_depth=2)").fit(data.inputs, data.target)
    artefact = build_artefact(model, extras_of(data))
    p = Predictor(artefact).predict_bars(bars)
    lean = p.iloc[:, -1] / (p.iloc[:, 0] + p.iloc[:, -1])
    held = model_strategy(artefact, long_above=0.5, short_below=0.5, only_after_fit=False).positions(bars)
    assert np.array_equal(held, np.where(lean > 0.5, 1.0, np.where(lean < 0.5, -1.0, 0.0)))


def test_a_model_strategy_travels_to_other_processes(artefacts, bars):
    strategy = model_strategy(artefacts())
    again = pickle.loads(pickle.dumps(strategy.form.function))
    wanted = strategy.form.function(bars, long_above=0.5, short_below=0.5, size=1.0)
    assert np.array_equal(again(bars, long_above=0.5, short_below=0.5, size=1.0), wanted)


def test_other_models_and_other_periods_are_other_strategies(artefacts):
    one = model_strategy(artefacts())
    assert one.code_id == model_strategy(artefacts()).code_id
    assert one.code_id != model_strategy(artefacts("linear")).code_id
    assert one.code_id != model_strategy(artefacts(), only_after_fit=False).code_id
