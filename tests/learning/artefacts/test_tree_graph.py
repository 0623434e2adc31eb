from __future__ import annotations

import numpy as np
import pytest

from augury.errors import InvalidInput
from augury.learning.artefacts.session import GraphSession
from augury.learning.artefacts.tree_graph import tree_graph

xgboost = pytest.importorskip("xgboost")


def booster(x, y, **options):
    return xgboost.train(
        {"nthread": 1, "verbosity": 0, "max_depth": 5} | options, xgboost.DMatrix(x, y), num_boost_round=40
    )


def with_gaps(x):
    x = x.copy()
    x[::7, 1] = np.nan
    x[3] = np.nan
    return x


def run(graph, x, **options):
    return GraphSession(graph.SerializeToString()).run({"features": x.astype(np.float32)}, exact=False, **options)


@pytest.mark.parametrize("option", [{}, {"scale_pos_weight": 3.0}, {"base_score": 0.2}])
def test_binary_probabilities_agree_with_xgboost_nan_rows_included(rows, option):
    x = with_gaps(rows.x)
    model = booster(x, rows.binary, objective="binary:logistic", **option)
    wanted = model.predict(xgboost.DMatrix(x))
    found = run(tree_graph(model, features=6, classes=2), x)
    np.testing.assert_allclose(found[:, 1], wanted, atol=1e-6)
    np.testing.assert_allclose(found.sum(axis=1), 1.0, atol=1e-6)


def test_probabilities_of_three_classes_agree_with_xgboost(rows):
    x = with_gaps(rows.x)
    model = booster(x, rows.three, objective="multi:softprob", num_class=3)
    found = run(tree_graph(model, features=6, classes=3), x)
    np.testing.assert_allclose(found, model.predict(xgboost.DMatrix(x)), atol=1e-6)


@pytest.mark.parametrize("objective", ["reg:squarederror", "reg:absoluteerror", "reg:pseudohubererror"])
def test_regressions_agree_with_xgboost(rows, objective):
    x = with_gaps(rows.x)
    model = booster(x, rows.values, objective=objective)
    found = run(tree_graph(model, features=6, classes=0), x)
    np.testing.assert_allclose(found[:, 0], model.predict(xgboost.DMatrix(x)), rtol=1e-5, atol=1e-5)


def test_dart_weights_of_trees_are_taken_over(rows):
    model = booster(rows.x, rows.values, objective="reg:squarederror", booster="dart", rate_drop=0.3)
    found = run(tree_graph(model, features=6, classes=0), rows.x)
    np.testing.assert_allclose(found[:, 0], model.predict(xgboost.DMatrix(rows.x)), rtol=1e-5, atol=1e-5)


def test_a_value_on_a_threshold_takes_the_branch_that_xgboost_takes():
    x = np.arange(64.0)[:, None]
    model = booster(x, (x[:, 0] >= 32).astype(int), objective="binary:logistic", max_bin=1024)
    edges = sorted({float(row) for row in model.trees_to_dataframe()["Split"].dropna()})
    probe = np.array(edges + [np.nextafter(np.float32(edge), np.float32(-1)) for edge in edges])[:, None]
    found = run(tree_graph(model, features=1, classes=2), probe)[:, 1]
    np.testing.assert_allclose(found, model.predict(xgboost.DMatrix(probe)), atol=1e-6)
    assert len(set(found.round(3).tolist())) > 1


def test_a_row_has_the_same_bits_alone_and_in_a_batch(rows):
    x = np.vstack([with_gaps(rows.x)] * 3)[:1001].astype(np.float32)
    for objective, y, classes in (("binary:logistic", rows.binary, 2), ("multi:softprob", rows.three, 3)):
        options = {"num_class": 3} if classes == 3 else {}
        graph = tree_graph(booster(rows.x, y, objective=objective, **options), features=6, classes=classes)
        session = GraphSession(graph.SerializeToString())
        assert session.batches_are_exact
        together = session.run({"features": x}, exact=True)
        alone = np.concatenate([session.run({"features": x[at : at + 1]}, exact=True) for at in range(len(x))])
        assert np.array_equal(together, alone)


@pytest.mark.parametrize("options", [{"booster": "gblinear"}, {"objective": "count:poisson"}])
def test_other_boosters_and_objectives_are_refused(rows, options):
    model = xgboost.train({"nthread": 1, "verbosity": 0} | options, xgboost.DMatrix(rows.x, rows.binary), 3)
    with pytest.raises(InvalidInput, match="expected"):
        tree_graph(model, features=6, classes=0)
