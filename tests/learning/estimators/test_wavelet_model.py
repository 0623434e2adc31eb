"""A wavelet model reads the wavelet columns alone, and says so when there are none."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from augury.errors import InvalidInput
from augury.features.registry import definitions, make
from augury.learning.data.inputs import Inputs
from augury.learning.estimators.families import make_model
from augury.learning.estimators.wavelet_model import WaveletModel, wavelet_columns
from augury.market.bars import BarArrays

COLUMNS = ("rsi", "wavelet_energy_1", "sma_20", "modwt_trend")
LEARNER = "xgboost(rounds=20, learning_rate=0.3, max_depth=3)"


def rows(count: int = 500) -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(count, 4)), columns=list(COLUMNS))
    strength = table["modwt_trend"] + 2.0 * table["rsi"] + 0.5 * rng.normal(size=count)
    return table, (strength > 0.0).to_numpy().astype(float)


def as_inputs(table: pd.DataFrame, columns: tuple[str, ...] = COLUMNS) -> Inputs:
    count = len(table)
    opened_at = np.arange(count, dtype=np.int64) * 86_400_000_000_000
    return Inputs(
        tables=(np.ascontiguousarray(table.to_numpy()),),
        bars=(BarArrays(opened_at, np.ones((5, count))),),
        columns=columns,
        symbol=np.zeros(count, dtype=np.int64),
        bar=np.arange(count, dtype=np.int64),
        opened_at=opened_at,
        label_end=np.minimum(opened_at + 5 * 86_400_000_000_000, opened_at[-1]),
    )


@pytest.mark.parametrize("learner", [LEARNER, "linear(l2=2.0)"])
def test_it_equals_its_learner_on_the_wavelet_columns(learner: str) -> None:
    table, target = rows()
    model = WaveletModel(learner=learner).fit(as_inputs(table), target)
    few = as_inputs(table[["wavelet_energy_1", "modwt_trend"]], ("wavelet_energy_1", "modwt_trend"))
    alone = make_model(learner).fit(few, target)
    np.testing.assert_array_equal(model.predict_proba(as_inputs(table)), alone.predict_proba(few))
    assert model.wavelet_positions_.tolist() == [1, 3]
    assert model.model_.columns_ == ("wavelet_energy_1", "modwt_trend")
    assert model.n_features_in_ == 4


def test_columns_that_are_no_wavelets_change_nothing() -> None:
    table, target = rows()
    model = WaveletModel(learner=LEARNER).fit(table, target)
    other = table.assign(rsi=-table["rsi"], sma_20=1e6)
    np.testing.assert_array_equal(model.predict_proba(other), model.predict_proba(table))
    assert not np.array_equal(model.predict_proba(other.assign(modwt_trend=0.0)), model.predict_proba(table))
    np.testing.assert_array_equal(model.predict_proba(table.to_numpy()), model.predict_proba(table))


def test_the_wavelet_edge_is_learnt_in_both_tasks() -> None:
    table, _ = rows()
    signs = (table["modwt_trend"] > 0.0).to_numpy().astype(float)
    assert WaveletModel(learner=LEARNER).fit(table[:400], signs[:400]).score(table[400:], signs[400:]) > 0.95
    values = table["modwt_trend"].to_numpy() * 0.01
    model = WaveletModel(task="regression", learner="linear").fit(table[:400], values[:400])
    assert model.score(table[400:], values[400:]) > 0.98


def test_names_tell_which_columns_are_wavelets() -> None:
    names = ("wavelets_energy", "daily_wavelet_share_2", "MODWT_w1", "microwavelength", "rsi")
    assert wavelet_columns(names).tolist() == [0, 1, 2]
    assert wavelet_columns(()).size == 0


def test_every_wavelet_feature_of_the_catalogue_is_recognised_and_no_other() -> None:
    for name in definitions():
        columns = make(name).columns
        assert wavelet_columns(columns).size == (len(columns) if name.startswith("wavelet") else 0), name
    assert any(name.startswith("wavelet") for name in definitions())


def test_rows_without_wavelets_or_names_are_refused_with_words() -> None:
    table, target = rows()
    with pytest.raises(InvalidInput, match="add a wavelet feature to the data set"):
        WaveletModel().fit(table[["rsi", "sma_20"]], target)
    with pytest.raises(InvalidInput, match="by name"):
        WaveletModel().fit(table.to_numpy(), target)
    with pytest.raises(InvalidInput, match="Expected a table model"):
        WaveletModel(learner="lstm").fit(table, target)
    with pytest.raises(InvalidInput, match="missing modwt_trend"):
        WaveletModel(learner=LEARNER).fit(table, target).predict(table.rename(columns={"modwt_trend": "x"}))


def test_validation_rows_and_clones_are_handed_on() -> None:
    table, target = rows()
    model = WaveletModel(learner="xgboost(rounds=200, learning_rate=0.5, patience=3)", seed=4)
    model.fit(table[:400], target[:400], validation=(table[400:], target[400:]))
    assert model.model_.best_round_ < 200
    assert model.model_.seed == 4
    assert clone(model).get_params() == model.get_params()
