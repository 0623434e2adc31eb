from __future__ import annotations

import numpy as np
import onnx
import pytest

from augury.errors import InvalidInput
from augury.learning.artefacts.exporting import build_artefact, parity
from augury.learning.artefacts.predictor import Predictor
from augury.learning.artefacts.session import GraphSession
from augury.learning.artefacts.to_graph import to_onnx
from augury.learning.estimators.families import make_model

NETWORK = "epochs=2, patience=1, batch_rows=64"


def both(model, x, most=1000):
    """The estimator's answer and the graph's, with 1 row and with many."""
    session = GraphSession(to_onnx(model).SerializeToString())
    many = np.resize(x, (most, *x.shape[1:]))
    name = next(iter(session.inputs))
    for batch in (many[:1], many):
        said = model.predict_proba(batch) if model.task == "classification" else model.predict_values(batch)[:, None]
        yield said, session.run({name: batch.astype(np.float32)}, exact=False)


@pytest.mark.parametrize("text", ["linear", "xgboost(rounds=20)"])
@pytest.mark.parametrize("target", ["binary", "three", "values"])
def test_tabular_families_agree_with_their_graphs(rows, text, target):
    task = "regression" if target == "values" else "classification"
    model = make_model(text, task=task).fit(rows.x, getattr(rows, target))
    for said, found in both(model, rows.x):
        np.testing.assert_allclose(found, said, atol=1e-5, rtol=1e-5 if task == "regression" else 0)


def test_values_far_outside_the_training_rows_are_clipped_inside_the_graph(rows):
    model = make_model("linear").fit(rows.x, rows.binary)
    for said, found in both(model, rows.x * 1e6):
        np.testing.assert_allclose(found, said, atol=1e-5)


def test_trees_read_rows_of_nan_alike(rows):
    model = make_model("xgboost(rounds=20)").fit(rows.x, rows.binary)
    x = rows.x.copy()
    x[0], x[1, 2] = np.nan, np.nan
    for said, found in both(model, x):
        np.testing.assert_allclose(found, said, atol=1e-5)


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        (f"lstm(hidden=8, layers=2, {NETWORK})", (10, 4)),
        (f"gru(hidden=8, members=2, {NETWORK})", (10, 4)),
        (f"transformer(width=16, heads=2, blocks=2, feed_forward=16, {NETWORK})", (10, 4)),
        (f"chart_cnn({NETWORK})", (32, 15)),
    ],
)
@pytest.mark.parametrize("task", ["classification", "regression"])
def test_networks_agree_with_their_graphs(text, shape, task, network_rows):
    x, y = network_rows(shape, task)
    model = make_model(text, task=task).fit(x, y)
    slow = shape == (32, 15) and task == "regression"
    for said, found in both(model, x, 100 if slow else 1000):
        np.testing.assert_allclose(found, said, atol=1e-5, rtol=1e-5 if task == "regression" else 0)


@pytest.mark.parametrize(
    "text",
    [
        "average(members=('linear', 'xgboost(rounds=10)'))",
        "average(members=('linear', 'xgboost(rounds=10)'), combine='median')",
        "average(members=('linear', 'xgboost(rounds=10)', 'linear(l2=50.0)'), combine='median')",
        "average(members=('linear', 'xgboost(rounds=10)'), combine='dynamic')",
        "stack(members=('linear', 'xgboost(rounds=10)'))",
    ],
)
@pytest.mark.parametrize("target", ["binary", "three", "values"])
def test_ensembles_agree_with_their_graphs(rows, text, target):
    task = "regression" if target == "values" else "classification"
    model = make_model(text, task=task).fit(rows.x, getattr(rows, target))
    for said, found in both(model, rows.x):
        np.testing.assert_allclose(found, said, atol=1e-5, rtol=1e-5 if task == "regression" else 0)


def test_an_ensemble_of_kinds_has_one_graph_with_several_inputs(dataset, fitted):
    model = fitted(f"average(members=('linear', 'lstm(hidden=4, {NETWORK})', 'chart_cnn({NETWORK})'))")
    graph = to_onnx(model)
    assert {item.name for item in graph.graph.input} == {"features", "sequence", "image"}
    from augury.learning.artefacts.exporting import extras_of

    predictor = Predictor(build_artefact(model, extras_of(dataset)))
    assert parity(model, predictor, dataset.inputs) < 1e-5


def test_a_wavelet_model_reads_its_columns_out_of_all(rows):
    import pandas as pd

    names = ["rsi", "wavelet_energy_1", "x", "wavelet_energy_2", "modwt_trend", "y"]
    frame = pd.DataFrame(rows.x, columns=names)
    model = make_model("wavelet").fit(frame, rows.binary)
    found = GraphSession(to_onnx(model).SerializeToString()).run({"features": rows.x.astype(np.float32)}, exact=False)
    np.testing.assert_allclose(found, model.predict_proba(frame), atol=1e-5)
    moved = rows.x.copy()
    moved[:, [0, 2, 5]] += 100.0
    again = GraphSession(to_onnx(model).SerializeToString()).run({"features": moved.astype(np.float32)}, exact=False)
    assert np.array_equal(found, again)


def test_graphs_hold_standard_operators_of_opset_17_and_no_external_data(rows, network_rows):
    x, y = network_rows((10, 4), "classification")
    for model in (
        make_model("xgboost(rounds=3)").fit(rows.x, rows.binary),
        make_model(f"lstm(hidden=4, {NETWORK})").fit(x, y),
    ):
        graph = to_onnx(model)
        versions = {entry.domain: entry.version for entry in graph.opset_import}
        assert versions.pop("", None) == 17
        assert set(versions) <= {"ai.onnx.ml"}
        assert not any(item.data_location == onnx.TensorProto.EXTERNAL for item in graph.graph.initializer)
        assert not graph.functions


def test_an_unknown_model_is_refused_and_an_unfitted_one_says_so():
    from sklearn.exceptions import NotFittedError
    from sklearn.linear_model import LogisticRegression

    with pytest.raises(InvalidInput, match="expected a model of one of the families"):
        to_onnx(LogisticRegression())
    with pytest.raises(NotFittedError):
        to_onnx(make_model("linear"))


def test_a_model_that_never_met_a_class_of_its_label_is_not_exported():
    from augury.errors import InvalidInput
    from augury.learning import ManifestExtras, build_artefact, make_model

    rng = np.random.default_rng(0)
    features, target = rng.normal(size=(200, 3)), rng.integers(0, 2, 200)
    model = make_model("linear").fit(features, target)
    with pytest.raises(InvalidInput, match="never met the class 'up'"):
        build_artefact(model, ManifestExtras(classes=("down", "flat", "up")))
