"""Trees: what is cut is gone from the bytes, and what is left says what it should."""

from __future__ import annotations

import json

import numpy as np
import pytest
import xgboost

from augury.errors import Refused
from augury.learning.artefacts.to_graph import to_onnx
from augury.learning.compression.booster_surgery import with_columns, without_deleted_nodes
from augury.learning.compression.graph_parameters import graph_parameters
from augury.learning.compression.tree_steps import cut_features, limit_depth, prune_splits, truncate_rounds

DEEP = "xgboost(rounds=120, patience=None, max_depth=6, learning_rate=0.1)"


def size(model):
    return len(to_onnx(model).SerializeToString())


def test_fewer_rounds_told_to_a_booster_change_neither_its_bytes_nor_its_predictions(fitted, rows):
    model = fitted(DEEP)
    told = xgboost.XGBClassifier()
    told.load_model(bytearray(model.booster_.save_raw("ubj")))
    told.set_params(n_estimators=10)
    reloaded = xgboost.Booster(model_file=bytearray(told.get_booster().save_raw("ubj")))
    assert reloaded.num_boosted_rounds() == 120
    table = rows.validation.inputs.tabular()
    assert np.array_equal(reloaded.inplace_predict(table), model.booster_.inplace_predict(table))


def test_truncation_cuts_trees_out_of_the_bytes(fitted, context):
    model = fitted(DEEP)
    found = truncate_rounds(model, context)
    assert found.booster_.num_boosted_rounds() < 120
    assert len(found.booster_.save_raw("ubj")) < 0.9 * len(model.booster_.save_raw("ubj"))
    assert size(found) < 0.9 * size(model)
    assert model.booster_.num_boosted_rounds() == 120


def test_a_truncated_model_says_what_the_first_rounds_said(fitted, context, rows):
    model = fitted(DEEP)
    found = truncate_rounds(model, context)
    table = rows.validation.inputs.tabular()
    staged = model.booster_.inplace_predict(table, iteration_range=(0, found.best_round_))
    assert np.array_equal(found.predict_proba(rows.validation.inputs)[:, 1], staged.astype(np.float64))


def test_truncation_refuses_when_every_round_is_needed(fitted, context):
    with pytest.raises(Refused, match="rounds are good enough"):
        truncate_rounds(fitted("xgboost(rounds=2, patience=None, learning_rate=0.3)"), context)


def test_limited_depth_is_limited_and_keeps_the_rounds(fitted, context):
    found = limit_depth(fitted(DEEP), context)
    assert found.max_depth < 6
    assert found.booster_.num_boosted_rounds() == 120
    assert found.booster_.trees_to_dataframe().groupby("Tree")["Node"].count().max() <= 2 ** (found.max_depth + 1) - 1


def test_pruned_splits_leave_no_node_behind(fitted, context):
    model = fitted(DEEP)
    found = prune_splits(model, context)
    trees = json.loads(bytes(found.booster_.save_raw("json")))["learner"]["gradient_booster"]["model"]["trees"]
    assert all(int(tree["tree_param"]["num_deleted"]) == 0 for tree in trees)
    nodes = sum(len(tree["left_children"]) for tree in trees)
    assert nodes == len(found.booster_.trees_to_dataframe()) < len(model.booster_.trees_to_dataframe())
    assert graph_parameters(to_onnx(found).SerializeToString()) == nodes


def test_removing_deleted_nodes_changes_no_prediction(fitted, rows):
    table, target = rows.train.inputs.tabular(), rows.train.target
    options = {"process_type": "update", "updater": "prune", "gamma": 2.0, "learning_rate": 0.1, "max_depth": 0}
    start = xgboost.Booster(model_file=bytearray(fitted(DEEP).booster_.save_raw("ubj")))
    matrix = xgboost.DMatrix(table, target, feature_names=start.feature_names)
    pruned = xgboost.train(options, matrix, num_boost_round=120, xgb_model=start)
    compact = without_deleted_nodes(pruned)
    assert np.array_equal(compact.inplace_predict(table), pruned.inplace_predict(table))
    assert len(compact.save_raw("ubj")) < len(pruned.save_raw("ubj"))


def test_cut_features_are_never_read(fitted, context, rows):
    found = cut_features(fitted(DEEP), context)
    used = set(found.booster_.get_score())
    assert len(used) <= 3
    inputs = rows.validation.inputs
    table = inputs.tabular()
    unread = [at for at, name in enumerate(inputs.columns) if name.replace("[", "(") not in used]
    changed = table.copy()
    changed[:, unread] = 1e6
    assert np.array_equal(found.predict_proba(table), found.predict_proba(changed))
    assert {inputs.columns[0], inputs.columns[2]} & used


def test_a_booster_spread_over_more_columns_says_the_same(rows):
    table, target = rows.train.inputs.tabular(), rows.train.target
    kept = np.array([2, 0])
    small = xgboost.train({"max_depth": 3}, xgboost.DMatrix(table[:, kept], target), num_boost_round=5)
    spread = with_columns(small, kept, 4, None)
    assert np.array_equal(spread.inplace_predict(table), small.inplace_predict(np.ascontiguousarray(table[:, kept])))
