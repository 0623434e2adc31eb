"""Cross-validation: what is tested, what is refused, and what a leak looks like."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.model_selection import KFold

from augury.errors import InvalidInput, NotEnoughData
from augury.learning.data.folds import Fold, purged_folds
from augury.learning.estimators.families import make_model
from augury.learning.estimators.linear import LinearModel
from augury.learning.evaluation.cross_validation import CvSpec, cross_validate
from augury.learning.evaluation.out_of_fold import ask, fit_folds, paths_of
from augury.learning.evaluation.weighted_scores import accuracy
from augury.validation.splits import PurgedSpec

TREES = "xgboost(rounds=40, max_depth=6, learning_rate=0.3, patience=None)"


def _shuffled(dataset, folds=5):
    split = KFold(folds, shuffle=True, random_state=0).split(np.arange(len(dataset)))
    return tuple(Fold(train=train, test=test) for train, test in split)


def test_every_row_is_tested_once_by_a_model_that_has_not_seen_it(make_dataset):
    data = make_dataset(symbols=2, horizon=3)
    cv = cross_validate(data, "linear")
    said = cv.predictions
    assert len(cv.paths) == 1
    assert np.array_equal(said.row, np.arange(len(data)))
    assert np.array_equal(said.target, data.target)
    for number, fold in enumerate(cv.fitted.folds):
        mine = said.fold == number
        assert np.array_equal(said.row[mine], fold.test)
        assert not np.isin(said.row[mine], fold.train).any()
        again = cv.fitted.models[number].predict_proba(data.inputs[fold.test])
        assert np.array_equal(said.predicted[mine], again)
        assert said.reference[mine] == pytest.approx(data.target[fold.train].mean())
    assert [fact.train_rows + fact.test_rows + fact.dropped for fact in cv.facts] == [len(data)] * 5


def test_the_folds_are_those_of_a_fit_by_hand(make_dataset):
    data = make_dataset(edge=1.0, linear=True)
    cv = cross_validate(data, LinearModel(l2=3.0), CvSpec(folds=3))
    folds = purged_folds(data, PurgedSpec(groups=3, test_groups=1))
    for number, fold in enumerate(folds):
        by_hand = LinearModel(l2=3.0).fit(data.inputs[fold.train], data.target[fold.train], data.weights[fold.train])
        assert np.allclose(
            cv.predictions.predicted[cv.predictions.fold == number], by_hand.predict_proba(data.inputs[fold.test])
        )
    assert cv.name == "linear(l2=3.0)"


def test_combinatorial_folds_give_whole_paths(make_dataset):
    data = make_dataset(400)
    cv = cross_validate(data, "linear", CvSpec(folds=6, test_groups=2))
    assert len(cv.fitted.folds) == 15
    assert len(cv.paths) == 5
    used = set()
    for path in cv.paths:
        assert np.array_equal(path.row, np.arange(len(data)))
        used |= {(int(f), int(r)) for f, r in zip(path.fold, path.row, strict=True)}
    assert len(used) == 5 * len(data)
    for fold, row in list(used)[::97]:
        assert row in cv.fitted.folds[fold].test


def test_the_same_seed_gives_the_same_predictions_bit_for_bit(make_dataset):
    data = make_dataset(300)
    text = "xgboost(rounds=5, subsample=0.5, patience=None)"
    first, again, other = (cross_validate(data, text, CvSpec(folds=3), seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(first.predictions.predicted, again.predictions.predicted)
    assert not np.array_equal(first.predictions.predicted, other.predictions.predicted)
    named = [
        cross_validate(data, "xgboost(rounds=5, subsample=0.5, patience=None, seed=9)", CvSpec(folds=3), seed=seed)
        for seed in (1, 2)
    ]
    assert np.array_equal(named[0].predictions.predicted, named[1].predictions.predicted)


def test_folds_whose_labels_overlap_are_refused_whoever_made_them(make_dataset):
    data = make_dataset(300, horizon=10)
    with pytest.raises(InvalidInput, match=r"fold 0: .*overlap the test set"):
        cross_validate(data, "linear", folds=_shuffled(data))
    planted = list(purged_folds(data, PurgedSpec(groups=4, test_groups=1)))
    cross_validate(data, "linear", folds=planted)
    fold = planted[2]
    last = int(fold.train[fold.train < fold.test[0]].max())
    planted[2] = Fold(train=np.sort(np.append(fold.train, last + 1)), test=fold.test)
    with pytest.raises(InvalidInput, match="fold 2: 1 of"):
        cross_validate(data, "linear", folds=planted)
    with pytest.raises(InvalidInput, match="trained on and tested"):
        cross_validate(data, "linear", folds=[Fold(train=np.arange(100), test=np.arange(99, 200))])


def test_a_shuffled_k_fold_finds_skill_in_noise_and_the_purged_one_does_not(make_dataset):
    data = make_dataset(500, horizon=20, persistent=True, seed=4)
    purged = cross_validate(data, TREES)
    leaking = fit_folds(data, _shuffled(data), lambda: make_model(TREES))
    leaked = paths_of(data, leaking)[0]
    ones = np.ones(len(data))
    assert accuracy(leaked)(ones) > 0.8
    assert accuracy(purged.predictions)(ones) < 0.6


def test_a_class_that_a_fold_did_not_learn_has_probability_zero(make_dataset):
    data = make_dataset(100, kind="three")
    two = data.rows(data.target != 1.0)
    model = LinearModel().fit(two.inputs, two.target)
    said = ask(model, data.inputs, 3)
    assert said.shape == (len(data), 3)
    assert (said[:, 1] == 0.0).all()
    assert np.allclose(said.sum(axis=1), 1.0)


def test_regressions_are_cross_validated_too_and_the_other_task_is_refused(make_dataset):
    data = make_dataset(kind="value", edge=1.0, linear=True)
    cv = cross_validate(data, "linear")
    assert cv.predictions.task == "regression"
    assert cv.fitted.models[0].task == "regression"
    with pytest.raises(InvalidInput, match="made for regression"):
        cross_validate(data, LinearModel())
    with pytest.raises(InvalidInput, match="made for regression"):
        cross_validate(data, "linear(task='classification')")


def test_too_little_data_says_so(make_dataset):
    with pytest.raises(NotEnoughData, match="after purging"):
        cross_validate(make_dataset(60, horizon=40), "linear")
    with pytest.raises(InvalidInput, match="less than folds"):
        CvSpec(folds=2, test_groups=2)


def test_progress_is_told_fold_by_fold_and_within_each_fit(make_dataset):
    seen = []

    def track(items, total):
        for item in items:
            yield item
            seen.append(total)

    cross_validate(make_dataset(200), "linear", track=track)
    assert seen == [1, 5] * 5
