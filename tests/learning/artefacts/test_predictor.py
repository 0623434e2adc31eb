from __future__ import annotations

import pickle
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from augury.errors import InvalidBars, InvalidInput
from augury.learning.artefacts.calibration_map import CalibrationMap
from augury.learning.artefacts.exporting import build_artefact, extras_of, parity, seal_artefact
from augury.learning.artefacts.manifest import Abstention
from augury.learning.artefacts.predictor import Predictor
from augury.learning.artefacts.writing import write_artefact
from augury.learning.data.building import build_dataset
from augury.learning.data.dataset import DatasetSpec
from augury.learning.estimators.families import make_model
from augury.market.bars import BarArrays, bar_arrays
from augury.testing import garch_bars

NETWORK = "epochs=2, patience=1, batch_rows=64"
FAMILIES = {
    "linear": "linear",
    "trees": "xgboost(rounds=20, max_depth=3)",
    "lstm": f"lstm(hidden=4, layers=1, {NETWORK})",
    "chart": f"chart_cnn({NETWORK})",
    "several": "average(members=('linear', 'xgboost(rounds=5)', "
    f"'lstm(hidden=4, layers=1, {NETWORK})', 'chart_cnn({NETWORK})'))",
}


@pytest.fixture(scope="session", params=FAMILIES)
def predictor(request, fitted, dataset):
    """A predictor of each kind of input, calibrated by temperature."""
    extras = extras_of(dataset, calibration=CalibrationMap(kind="temperature", temperature=1.4))
    return Predictor(build_artefact(fitted(FAMILIES[request.param]), extras))


def streamed(predictor, bars):
    arrays = bar_arrays(bars)
    stream = predictor.open_stream()
    return np.array(
        [
            stream.update(int(at), np.ascontiguousarray(arrays.matrix[:, t]))
            for t, at in enumerate(arrays.opened_at.tolist())
        ]
    )


def test_predictions_agree_with_the_estimator(predictor, fitted, dataset):
    model = fitted(predictor.manifest.model)
    assert parity(model, predictor, dataset.inputs) < 1e-5
    assert predictor.predict(dataset.inputs[:1]).raw.shape == (1, 2)


def test_a_row_does_not_depend_on_the_rows_beside_it(predictor, dataset):
    together = predictor.predict(dataset.inputs[:40]).raw
    reversed_rows = predictor.predict(dataset.inputs[np.arange(39, -1, -1)]).raw[::-1]
    few = predictor.predict(dataset.inputs[10:13]).raw
    np.testing.assert_allclose(reversed_rows, together, atol=1e-6)
    np.testing.assert_allclose(few, together[10:13], atol=1e-6)


def test_bars_give_what_the_rows_of_the_data_set_give(predictor, dataset, bars):
    said = predictor.predict_bars(bars)
    rows = predictor.predict(dataset.inputs, exact=True)
    at = dataset.inputs.bar
    assert np.array_equal(said.to_numpy()[at], rows.probabilities)
    assert list(said.columns) == ["down", "up"]
    assert said.index.equals(bars.index.as_unit("ns"))


def test_the_stream_gives_the_same_bits_bar_by_bar(predictor, bars):
    said = predictor.predict_bars(bars).to_numpy()
    assert np.array_equal(streamed(predictor, bars), said, equal_nan=True)
    assert np.isnan(said[: predictor.bar_inputs.unjudged]).all()
    assert not np.isnan(said[predictor.bar_inputs.unjudged :]).any()


def test_the_last_bar_alone_gives_the_same_bits(predictor, bars):
    said = predictor.predict_bars(bars).to_numpy()
    arrays = bar_arrays(bars)
    for end in (1, 3, predictor.bar_inputs.unjudged, predictor.bar_inputs.unjudged + 1, 100, len(arrays)):
        short = BarArrays(arrays.opened_at[:end], np.ascontiguousarray(arrays.matrix[:, :end]))
        found = predictor.predict_last(short).probabilities[0]
        assert np.array_equal(found, said[end - 1], equal_nan=True)


def test_a_row_does_not_depend_on_what_follows(predictor, bars):
    said = predictor.predict_bars(bars).to_numpy()
    for end in (30, 150):
        assert np.array_equal(predictor.predict_bars(bars.iloc[:end]).to_numpy(), said[:end], equal_nan=True)


def test_a_stream_continues_from_its_snapshot(predictor, bars):
    arrays = bar_arrays(bars)
    first, half = predictor.open_stream(), 60
    for t in range(half):
        first.update(int(arrays.opened_at[t]), np.ascontiguousarray(arrays.matrix[:, t]))
    second = predictor.open_stream()
    second.restore(first.snapshot())
    for t in range(half, half + 20):
        bar = np.ascontiguousarray(arrays.matrix[:, t])
        opened_at = int(arrays.opened_at[t])
        assert np.array_equal(first.update(opened_at, bar), second.update(opened_at, bar))


def test_a_snapshot_of_another_model_is_refused(linear_artefact, trees_artefact):
    snapshot = Predictor(linear_artefact).open_stream().snapshot()
    with pytest.raises(InvalidInput, match="was not taken from"):
        Predictor(trees_artefact).open_stream().restore(snapshot)


def test_only_graphs_of_trees_run_exact_rows_in_batches(linear_artefact, trees_artefact):
    assert Predictor(trees_artefact)._session.batches_are_exact
    assert not Predictor(linear_artefact)._session.batches_are_exact
    assert not Predictor(trees_artefact, threads=2)._session.batches_are_exact


def test_undefined_features_are_not_judged_by_a_model_that_never_saw_any(trees_artefact, bars):
    flat = bars.copy()
    flat.iloc[100:160, :4] = 50.0  # the range has no extent: its position is undefined
    said = Predictor(trees_artefact).predict_bars(flat)
    assert said.iloc[130:160].isna().all(axis=None)
    assert said.iloc[200:].notna().all(axis=None)
    np.testing.assert_array_equal(streamed(Predictor(trees_artefact), flat), said.to_numpy())


def test_a_model_trained_on_rows_with_nan_judges_them(bars):
    spec = DatasetSpec(features=("range_position(window_bars=60)", "rsi(timeperiod=7)"), keep_nan=True)
    data = build_dataset(bars, spec)
    model = make_model("xgboost(rounds=10)").fit(data.inputs, data.target)
    predictor = Predictor(build_artefact(model, extras_of(data), sample=data.inputs))
    assert np.isnan(data.inputs.tabular()).any()
    said = predictor.predict_bars(bars)
    assert said.isna().all(axis=1).sum() == predictor.bar_inputs.unjudged == 7
    assert np.array_equal(streamed(predictor, bars), said.to_numpy(), equal_nan=True)
    np.testing.assert_allclose(said.to_numpy()[data.inputs.bar], model.predict_proba(data.inputs), atol=1e-5)


def test_calibration_and_abstention_come_from_the_manifest(fitted, dataset, isotonic):
    model = fitted("linear")
    plain = Predictor(build_artefact(model, extras_of(dataset))).predict(dataset.inputs)
    extras = extras_of(dataset, calibration=isotonic, abstention=Abstention(min_probability=0.52))
    found = Predictor(build_artefact(model, extras)).predict(dataset.inputs)
    knots = isotonic.knots[0]
    assert np.array_equal(found.raw, plain.raw)
    np.testing.assert_allclose(found.p_up, np.interp(plain.p_up, knots.raw, knots.calibrated), atol=1e-12)
    unsure = found.probabilities.max(axis=1) < 0.52
    assert 0 < unsure.sum() < len(unsure)
    assert np.array_equal(found.abstained, unsure)
    assert (found.decision[unsure] == -1).all()
    assert np.array_equal(found.decision[~unsure], found.probabilities[~unsure].argmax(axis=1))
    assert not plain.abstained.any()


def test_a_prediction_set_of_several_classes_abstains(fitted, dataset):
    extras = extras_of(dataset, abstention=Abstention(conformal_quantile=0.5))
    found = Predictor(build_artefact(fitted("linear"), extras)).predict(dataset.inputs)
    sets = (1.0 - found.probabilities <= 0.5).sum(axis=1)
    assert np.array_equal(found.abstained, sets != 1)
    wide = extras_of(dataset, abstention=Abstention(conformal_quantile=0.999))
    assert Predictor(build_artefact(fitted("linear"), wide)).predict(dataset.inputs).abstained.all()


def test_a_regression_gives_values(rows):
    model = make_model("linear", task="regression").fit(rows.x, rows.values)
    found = Predictor(build_artefact(model, sample=rows.x)).predict(rows.x)
    np.testing.assert_allclose(found.values, model.predict(rows.x), rtol=1e-5, atol=1e-5)
    assert found.to_frame().columns.tolist() == ["value"]
    with pytest.raises(InvalidInput, match="regression"):
        _ = found.p_up


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda x: x[:, :2], r"reads features \[rows, 3\], got"),
        (lambda x: x[0], "expected numbers"),
        (lambda x: x.astype(str), "expected numbers"),
        (lambda x: np.where(x > 0, np.nan, x), "cannot read NaN"),
        (lambda x: np.where(x > 0, np.inf, x), "within float32"),
        (lambda x: x * 1e300, "within float32"),
        (lambda x: {"feature": x}, "did you mean 'features'"),
        (lambda _: {}, "also reads 'features'"),
    ],
)
def test_rows_that_do_not_fit_are_refused_in_words(linear_artefact, dataset, change, words):
    with pytest.raises(InvalidInput, match=words):
        Predictor(linear_artefact).predict(change(dataset.inputs.tabular() + 1.0))


def test_inputs_of_other_features_are_refused(linear_artefact, bars):
    other = build_dataset(bars, DatasetSpec(features=("rsi(timeperiod=7)", "atr", "cci")))
    with pytest.raises(InvalidInput, match="trained on other columns"):
        Predictor(linear_artefact).predict(other.inputs)


def test_several_inputs_are_named(fitted, dataset):
    predictor = Predictor(build_artefact(fitted(FAMILIES["several"]), extras_of(dataset)))
    parts = {
        "features": dataset.inputs.tabular(),
        "sequence": dataset.inputs.sequence(),
        "image": dataset.inputs.image(),
    }
    assert np.array_equal(predictor.predict(parts).raw, predictor.predict(dataset.inputs).raw)
    with pytest.raises(InvalidInput, match="reads several inputs"):
        predictor.predict(parts["features"])
    with pytest.raises(InvalidInput, match="as many rows"):
        predictor.predict(parts | {"image": parts["image"][:5]})


def test_a_feature_that_differs_from_training_is_refused_at_prediction(linear_artefact, bars):
    values = linear_artefact.to_dict()
    values["feature_ids"] = [*values["feature_ids"][:1], "rsi@0123456789abcdef", *values["feature_ids"][2:]]
    predictor = Predictor(seal_artefact(linear_artefact.graph, values))
    with pytest.raises(InvalidInput, match=r"was trained on rsi.* as rsi@0123456789abcdef, which is rsi@"):
        predictor.predict_bars(bars)
    with pytest.raises(InvalidInput, match="train the model again"):
        predictor.open_stream()


def test_a_model_without_features_cannot_read_bars(rows, bars):
    model = make_model("linear").fit(rows.x, rows.binary)
    predictor = Predictor(build_artefact(model))
    assert predictor.predict(rows.x).classes == ("0", "1")
    with pytest.raises(InvalidInput, match="exported without its features"):
        predictor.predict_bars(bars)


def test_bars_are_validated(linear_artefact, bars):
    with pytest.raises(InvalidBars):
        Predictor(linear_artefact).predict_bars(bars.iloc[::-1])


def test_no_rows_and_a_short_history_are_answered(linear_artefact, bars, dataset):
    predictor = Predictor(linear_artefact)
    assert predictor.predict(dataset.inputs[:0]).probabilities.shape == (0, 2)
    assert predictor.predict_bars(bars.iloc[:2]).isna().all(axis=None)


@pytest.mark.parametrize("threads", [0, -1, 1.5])
def test_threads_are_whole_and_positive(linear_artefact, threads):
    with pytest.raises(InvalidInput, match="at least 1 thread"):
        Predictor(linear_artefact, threads=threads)


def test_a_predictor_travels_to_other_processes(trees_artefact, bars):
    predictor = Predictor(trees_artefact)
    again = pickle.loads(pickle.dumps(predictor))
    pd.testing.assert_frame_equal(again.predict_bars(bars), predictor.predict_bars(bars))


def test_predicting_needs_neither_training_libraries_nor_the_onnx_package(trees_artefact, tmp_path):
    folder = write_artefact(trees_artefact, tmp_path / "model").folder
    code = (
        "import sys\n"
        "for name in ('torch', 'xgboost', 'sklearn', 'onnx', 'shap', 'optuna'):\n"
        "    sys.modules[name] = None\n"
        "from augury.learning.artefacts.predictor import Predictor\n"
        "from augury.testing import garch_bars\n"
        f"said = Predictor({str(folder)!r}).predict_bars(garch_bars(100, seed=1))\n"
        "print(round(float(said['up'].iloc[-1]), 12))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    here = Predictor(folder).predict_bars(garch_bars(100, seed=1))["up"].iloc[-1]
    assert float(done.stdout) == round(float(here), 12)
