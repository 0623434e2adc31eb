"""Whole compressions: what is kept is real, what is refused says why, and equal seeds give equal models."""

from __future__ import annotations

import copy
import json
from dataclasses import replace

import numpy as np
import pytest

from augury.errors import InvalidInput
from augury.learning.artefacts.exporting import export_model, extras_of
from augury.learning.artefacts.predictor import Predictor
from augury.learning.artefacts.reading import load_artefact
from augury.learning.artefacts.state import export_trainable
from augury.learning.compression.compressing import CompressionSpec, compress, compress_with
from augury.learning.compression.ensemble_steps import greedy_weights
from augury.learning.compression.planning import METHODS
from augury.learning.compression.rows import CompressionRows
from augury.learning.estimators.families import make_model

TREES = "xgboost(rounds=150, patience=None, max_depth=5, learning_rate=0.1)"
LSTM = "lstm(hidden=64, layers=1, epochs=8, learning_rate=0.005, device='cpu')"


@pytest.fixture(scope="module")
def trees(fitted, rows):
    return compress_with(fitted(TREES), rows, spec())


def spec(**options):
    """Few short blocks, and no step refused for what they measured of the machine at that moment."""
    measuring = {"memory": False, "blocks": 5, "block_seconds": 0.002}
    return CompressionSpec.from_dict({"measuring": measuring, "bounds": {"most_slowdown": 10.0}} | options)


def test_every_kept_step_brings_something_real_within_its_bounds(trees):
    assert trees.kept
    for step in trees.steps:
        assert step.reason
        if step.kept:
            found = step.certificate
            assert found.gains
            assert found.score.relative_loss <= 0.01
            assert found.score.relative_upper <= 0.05
            assert max(found.size_cut, found.parameter_cut, *found.time_cuts) >= 0.05
            assert step.reason.startswith("kept: ")
        else:
            assert step.reason.startswith("refused: ")


def test_the_compressed_graph_is_the_one_that_was_certified(trees, rows):
    assert len(trees.graph) == trees.certificate.after.size_bytes < trees.certificate.before.size_bytes
    found = Predictor(trees.artefact(extras_of(rows.train))).predict(rows.test.inputs)
    np.testing.assert_allclose(found.probabilities, trees.model.predict_proba(rows.test.inputs), atol=1e-5)


def test_test_rows_are_reported_and_decide_nothing(trees, rows):
    assert trees.test.score.rows == len(rows.test)
    assert trees.certificate.score.rows == len(rows.validation)
    assert trees.test.reason.split(":")[0] in ("holds", "does not hold")


def test_equal_seeds_give_equal_graphs(fitted, rows):
    methods = ("truncate_rounds", "prune_splits")
    first, second = (compress_with(fitted(TREES), rows, spec(methods=methods, seed=5)) for _ in range(2))
    assert first.graph == second.graph
    assert first.certificate.score == second.certificate.score


def test_levels_never_save_less_when_they_may_cost_more(fitted, rows):
    sizes = [
        len(compress_with(fitted(TREES), rows, spec(level=level, methods=("truncate_rounds",))).graph)
        for level in ("conservative", "moderate", "aggressive")
    ]
    assert sizes == sorted(sizes, reverse=True)


def test_pruning_and_int8_go_together_in_networks(fitted, rows):
    pytest.importorskip("torch", reason="networks need the extra 'deep'")
    found = compress_with(fitted(LSTM), rows, spec(level="aggressive", methods=("prune_units", "quantise")))
    assert [step.name for step in found.steps] == ["prune_units", "quantise"]
    assert found.kept == ("prune_units", "quantise"), [step.reason for step in found.steps]
    assert found.int8
    assert found.certificate.size_cut > 0.5
    artefact = found.artefact(extras_of(rows.train))
    assert artefact.manifest.tolerance == 0.05
    assert artefact.manifest.notes["compression_steps"] == ", ".join(found.kept)
    Predictor(artefact).predict(rows.test.inputs)


def test_unstructured_pruning_is_measured_and_refused(fitted, rows):
    pytest.importorskip("torch", reason="networks need the extra 'deep'")
    found = compress_with(fitted(LSTM), rows, spec(methods=("mask_weights",)))
    (step,) = found.steps
    assert not step.kept
    assert step.certificate.size_cut == 0.0
    assert step.certificate.parameter_cut == 0.0


@pytest.mark.parametrize("kind", ["values", "three classes"])
def test_regressions_and_more_classes_are_compressed_too(rows, kind):
    def other(part):
        table = part.inputs.tabular()
        signal = table[:, 0] / table[:, 0].std() + np.random.default_rng(len(part)).normal(0.0, 0.5, len(part))
        if kind == "values":
            return replace(part, target=signal, classes=())
        return replace(part, target=np.digitize(signal, [0.5, 1.5]).astype(float), classes=("down", "flat", "up"))

    parts = CompressionRows(train=other(rows.train), validation=other(rows.validation), test=other(rows.test))
    task = "regression" if kind == "values" else "classification"
    model = make_model("xgboost(rounds=200, patience=None, max_depth=6, learning_rate=0.2)", task=task)
    model.fit(parts.train.inputs, parts.train.target, parts.train.weights)
    found = compress_with(model, parts, spec(methods=("truncate_rounds", "limit_depth")))
    assert found.kept
    assert np.isnan(found.certificate.score.accuracy_before) == (kind == "values")
    artefact = found.artefact(extras_of(parts.train))
    loss = "squared_error" if kind == "values" else "log_loss"
    assert artefact.manifest.scores[f"test_{loss}"] == pytest.approx(found.test.score.loss_after)


def test_the_learner_inside_a_wavelet_model_is_cut(rows):
    def renamed(part):
        names = ("wavelet_a", "rsi", "wavelet_b", "willr")
        return replace(part, inputs=replace(part.inputs, columns=names))

    parts = CompressionRows(train=renamed(rows.train), validation=renamed(rows.validation), test=renamed(rows.test))
    model = make_model("wavelet(learner='xgboost(rounds=300, patience=None, max_depth=3, learning_rate=0.3)')")
    model.fit(parts.train.inputs, parts.train.target, parts.train.weights)
    found = compress_with(model, parts, spec(level="aggressive", methods=("truncate_rounds",)))
    assert found.kept == ("truncate_rounds",), found.steps[0].reason
    assert found.model.model_.best_round_ < 300
    assert model.model_.best_round_ == 300


def test_distillation_gives_a_smaller_student_that_follows_its_teacher(fitted, rows):
    found = compress_with(
        fitted("xgboost(rounds=600, patience=None, max_depth=6, learning_rate=0.02)"),
        rows,
        spec(level="aggressive", methods=("distil",)),
    )
    (step,) = found.steps
    assert step.certificate.parameter_cut > 0.5
    assert step.certificate.score.agreement > 0.8


def test_members_that_add_nothing_out_of_fold_are_cut_out(fitted, rows):
    """Planted: out of fold, the trees knew nothing."""
    model = copy.copy(fitted("stack(members=('linear', 'xgboost(rounds=60, patience=None, max_depth=8)'), folds=3)"))
    model.out_of_fold_ = model.out_of_fold_.copy()
    model.out_of_fold_[:, 1] = np.where(np.isnan(model.out_of_fold_[:, 1]), np.nan, 0.5)
    found = compress_with(model, rows, spec(methods=("select_members", "truncate_rounds")))
    assert found.kept == ("select_members",)
    assert found.model.family == "linear"
    assert found.certificate.size_cut > 0.9
    assert found.artefact(extras_of(rows.train)).manifest.family == "linear"


def test_members_without_weight_are_dropped(fitted, rows):
    model = copy.copy(fitted("stack(members=('linear', 'xgboost(rounds=60, patience=None, max_depth=8)'), folds=3)"))
    model.weights_ = np.array([0.99, 0.01])
    found = compress_with(model, rows, spec(methods=("drop_members",)))
    assert found.kept == ("drop_members",)
    assert found.model is model.models_[0]


def test_greedy_selection_finds_the_best_mixture():
    """Two halves of the truth and a member of noise: the halves share the weight, as on a fine grid."""
    random = np.random.default_rng(8)
    first, second = random.normal(size=(2, 800))
    said = np.stack([2.0 * first, 2.0 * second, random.normal(size=800) * 3.0], axis=1)[:, :, None]
    weights = greedy_weights(said, first + second, classes=0, seed=1)
    assert weights.sum() == pytest.approx(1.0)
    assert weights[2] < 0.1
    assert abs(weights[0] - weights[1]) < 0.2


def test_an_artefact_with_its_state_is_cut_and_one_without_has_only_graph_steps(fitted, rows, dataset, tmp_path):
    extras = extras_of(rows.train)
    trained = export_trainable(fitted(TREES), tmp_path / "with", extras)
    methods = ("truncate_rounds", "limit_depth", "prune_splits")
    found = compress_with(load_artefact(trained.folder), dataset, spec(methods=methods, level="aggressive"))
    assert found.kept
    written = found.export(tmp_path / "small")
    assert written.manifest.notes["compressed_from"] == trained.model_id
    assert load_artefact(tmp_path / "small").manifest.columns == rows.train.inputs.columns
    bare = export_model(fitted(TREES), tmp_path / "without", extras)
    told = compress_with(bare, dataset, spec())
    assert told.kept == ()
    assert "no state" in told.steps[0].reason


def test_rows_that_the_model_has_learnt_from_may_not_validate_it(fitted, rows, dataset):
    from augury.learning.artefacts.exporting import build_artefact

    seen = build_artefact(fitted(TREES), extras_of(dataset))
    with pytest.raises(InvalidInput, match="learnt from rows that are now to validate it"):
        compress_with(seen, rows, spec())
    unknown = build_artefact(fitted(TREES), extras_of(rows.train, fit_end=None))
    with pytest.raises(InvalidInput, match="does not say when its training ended"):
        compress_with(unknown, dataset, spec())


def test_unknown_names_are_refused_with_the_nearest(fitted, rows):
    with pytest.raises(InvalidInput, match="did you mean 'quantise'"):
        compress(fitted(TREES), rows, methods=("quantize",))
    with pytest.raises(InvalidInput, match="level"):
        compress(fitted(TREES), rows, "wild")
    with pytest.raises(InvalidInput, match="expected a Dataset"):
        compress(fitted(TREES), np.zeros((10, 2)))


def test_records_are_plain_values(trees):
    assert json.loads(json.dumps(trees.to_dict()))["kept"] == list(trees.kept)
    frame = trees.to_frame()
    assert list(frame.index) == [step.name for step in trees.steps]
    assert set(frame.index) <= set(METHODS)
