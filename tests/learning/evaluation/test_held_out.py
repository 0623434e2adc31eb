"""The record of held-out rows: scores over all of them, P&L without those on which the model abstained."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from augury.errors import NotEnoughData
from augury.learning.data.folds import holdout
from augury.learning.evaluation.cross_validation import cross_validate
from augury.learning.evaluation.evaluation import EvaluationSpec
from augury.learning.evaluation.held_out import About, held_out_record, judge_held_out
from augury.learning.evaluation.profit import profit_of
from augury.learning.evaluation.scores import score_predictions

SPEC = EvaluationSpec(importance=None)
TREES = "xgboost(rounds=15, max_depth=2, patience=None)"


@pytest.fixture(scope="module")
def dataset(make_dataset):
    return make_dataset(500, edge=1.0)


@pytest.fixture(scope="module")
def last(dataset):
    return cross_validate(dataset, TREES, folds=(holdout(dataset, 0.3),))


def judged(last, decided=None, spec=SPEC):
    said = last.predictions
    return judge_held_out(last, said, spec, decided=np.ones(len(said), dtype=bool) if decided is None else decided)


def test_scores_and_profit_are_those_of_the_held_out_predictions(last, dataset):
    found = judged(last)
    assert found.scores == score_predictions(last.predictions, None, SPEC.scoring, seed=0)
    wanted = profit_of(last.predictions, dataset, SPEC.positions, SPEC.backtest, seed=0)
    assert found.profit.sharpe == wanted.sharpe
    assert (found.rows, found.decided, found.missing) == (len(last.predictions), 1.0, {})
    assert found.first.value == last.predictions.opened_at.min()


def test_the_verdict_is_against_the_baseline_that_does_best(last):
    verdict = judged(last).verdict
    assert {one.baseline for one in verdict.comparisons} == {"majority_class", "last_sign", "ar1", "five_features"}
    assert verdict.against_best.difference == min(one.difference for one in verdict.comparisons)
    assert verdict.better


def test_noise_is_not_better(make_dataset):
    data = make_dataset(500, edge=0.0, seed=3)
    assert not judged(cross_validate(data, TREES, folds=(holdout(data, 0.3),))).verdict.better


def test_where_the_model_abstains_nothing_is_held_and_the_scores_stay(last):
    rows = len(last.predictions)
    half = np.arange(rows) % 2 == 0
    whole, some, none = judged(last), judged(last, half), judged(last, np.zeros(rows, dtype=bool))
    assert whole.scores == some.scores == none.scores
    assert (some.decided, none.decided) == (pytest.approx(0.5, abs=0.01), 0.0)
    exposed = [found.profit.symbols[0].exposed for found in (whole, some, none)]
    assert exposed[0] > 0.9
    assert exposed[1] == pytest.approx(0.5, abs=0.02)
    assert exposed[2] == 0.0
    assert none.profit.symbols[0].trades == 0


def test_a_single_bar_is_refused_with_the_remedy(last, dataset):
    said = last.predictions
    one = {name: getattr(said, name)[:1] for name in said.__dataclass_fields__ if name != "classes"}
    with pytest.raises(NotEnoughData, match=r"at least 2 bars to judge the model on, got 1; hold out a larger share"):
        held_out_record(
            replace(said, **one),
            {"itself": (replace(said, **one),)},
            About(name="m", dataset=dataset, decided=np.ones(1, dtype=bool)),
            SPEC,
        )


def test_profit_that_is_not_asked_for_is_said_to_be_missing(last):
    found = judged(last, spec=SPEC.replace(backtest=None))
    assert found.profit is None
    assert found.missing == {"profit": "not asked for"}


def test_the_record_is_plain_json_with_its_profit(last):
    found = judged(last).to_dict()
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert set(found) == {"rows", "first", "last", "decided", "scores", "verdict", "profit", "missing"}
    assert found["profit"]["sharpe"]["estimate"] == judged(last).profit.sharpe.estimate


@pytest.mark.parametrize("kind", ["three", "value"])
def test_other_targets_are_judged_the_same_way(kind, make_dataset):
    data = make_dataset(600, edge=2.0, kind=kind)
    found = judged(cross_validate(data, TREES, folds=(holdout(data, 0.3),)))
    assert ("r2" in found.scores) == (kind == "value")
    assert found.verdict.better
