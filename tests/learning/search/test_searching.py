"""Searches find what is planted, prune, weigh score against latency, and own up to failures."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from augury.errors import InvalidInput, NotEnoughData, Refused
from augury.learning.data.dataset import Dataset
from augury.learning.data.folds import purged_folds
from augury.learning.estimators.families import make_model
from augury.learning.search.dimension import Dimension
from augury.learning.search.search_spec import ModelSearchSpec
from augury.learning.search.searching import search_model
from augury.validation.splits import PurgedSpec

Make = Callable[..., Dataset]
WIDE = (Dimension(name="l2", kind="float", low=1e-2, high=1e10, log=True),)
TREES = "xgboost(rounds=8, patience=None, learning_rate=0.3)"


def test_the_planted_region_is_found_more_often_than_by_chance(make_dataset: Make) -> None:
    """Many noise features and few rows: a penalty near 100 is best, and the bounds are twelve decades wide."""
    dataset = make_dataset(rows=250, noise=40)
    shares, penalties = {}, np.logspace(-2, 10, 25)
    spec = ModelSearchSpec(trials=len(penalties), space=WIDE, pruner="none")
    from augury.learning.search.fold_scores import score_folds, search_folds, value_of

    folds = search_folds(dataset, spec)
    grid = [
        value_of(score_folds(lambda l2=l2: make_model("linear", l2=float(l2)), dataset, folds).scores, 0.5)
        for l2 in penalties
    ]
    best = float(np.log10(penalties[int(np.argmax(grid))]))
    for sampler in ("tpe", "random"):
        found = search_model(dataset, "linear", spec.replace(trials=40, sampler=sampler))
        late = found.trials[found.trials["number"] >= spec.startup_trials]
        shares[sampler] = float((np.abs(np.log10(late["l2"]) - best) < 0.75).mean())
        assert found.best_value <= max(grid) + 0.01
    assert shares["random"] < 0.3
    assert shares["tpe"] > 2.0 * shares["random"]


def test_a_trials_value_is_mean_less_half_a_deviation_of_walk_forward_log_loss(make_dataset: Make) -> None:
    dataset = make_dataset()
    found = search_model(dataset, "linear", ModelSearchSpec(trials=2, pruner="none"))
    from sklearn.metrics import log_loss

    row = found.trials.iloc[0]
    scores, returns = [], np.full(len(dataset), np.nan)
    for fold in purged_folds(dataset, PurgedSpec(groups=5, test_groups=1))[1:]:
        train = fold.train[fold.train < fold.test[0]]
        assert train[-1] + 3 < fold.test[0]
        model = make_model("linear", l2=float(row["l2"]), clip=float(row["clip"]))
        model.fit(dataset.inputs.tabular()[train], dataset.target[train])
        said = model.predict_proba(dataset.inputs.tabular()[fold.test])
        scores.append(-log_loss(dataset.target[fold.test], said))
        returns[fold.test] = (said[:, 1] - said[:, 0]) * dataset.outcome[fold.test]
    assert row["value"] == pytest.approx(np.mean(scores) - 0.5 * np.std(scores), abs=1e-12)
    assert row["mean_score"] == pytest.approx(np.mean(scores), abs=1e-12)
    np.testing.assert_allclose(found.returns[:, 0], returns, atol=1e-14)
    assert found.returns.shape == (300, 2)
    assert found.tried == 2


@pytest.mark.parametrize("pruner", ["median", "halving"])
def test_poor_trials_are_pruned_and_counted(make_dataset: Make, pruner: str) -> None:
    spec = ModelSearchSpec(trials=24, startup_trials=4, pruner=pruner, sampler="random", space=WIDE)
    found = search_model(make_dataset(rows=250, noise=40), "linear", spec)
    pruned = found.trials[found.trials["state"] == "pruned"]
    assert 3 <= len(pruned) <= 20
    assert pruned["folds_done"].max() < 4
    assert found.trials.loc[found.trials["state"] == "complete", "folds_done"].eq(4).all()
    assert found.tried == 24
    assert found.returns.shape[1] == 24 - len(pruned)
    assert not found.notes


def test_two_objectives_give_a_pareto_set_and_prune_nothing(make_dataset: Make) -> None:
    spec = ModelSearchSpec(trials=8, objective="score_and_latency", latency_of="predict", startup_trials=4)
    found = search_model(make_dataset(), TREES, spec)
    assert (found.trials["state"] == "complete").all()
    assert (found.trials["latency_us"] > 0.0).all()
    assert "one objective only" in found.notes[0]
    assert found.pareto["value"].is_monotonic_decreasing
    assert found.pareto["latency_us"].is_monotonic_decreasing
    assert found.pareto["value"].iloc[0] == found.best_value == found.trials["value"].max()
    assert found.hypervolume >= 0.0
    assert found.reference == (found.trials["value"].min(), found.trials["latency_us"].max())


def test_latency_of_the_exported_graph_can_be_searched(make_dataset: Make) -> None:
    spec = ModelSearchSpec(trials=2, objective="score_and_latency")
    assert search_model(make_dataset(), "linear", spec).trials["latency_us"].between(0.1, 1e6).all()


def test_failed_fits_are_recorded_with_their_reason_and_the_rest_goes_on(make_dataset: Make) -> None:
    space = (
        Dimension(name="max_depth", kind="int", low=2, high=4),
        Dimension(name="reg_lambda", kind="categorical", choices=(1.0, -1.0)),
    )
    found = search_model(make_dataset(), TREES, ModelSearchSpec(trials=10, space=space, startup_trials=10))
    failed = found.trials[found.trials["state"] == "fail"]
    assert 0 < len(failed) < 10
    assert failed["failure"].str.contains("InvalidInput: BoostedTreesSpec.reg_lambda = -1.0").all()
    assert (failed["reg_lambda"] == -1.0).all()
    assert found.best_options["reg_lambda"] == 1.0
    assert found.tried == 10 - len(failed)


def test_a_search_in_which_everything_fails_is_refused_with_the_reason(make_dataset: Make) -> None:
    space = (Dimension(name="l2", kind="float", low=-2.0, high=-1.0),)
    with pytest.raises(Refused, match=r"none of 3 trials of 'linear'.*l2 = -"):
        search_model(make_dataset(), "linear", ModelSearchSpec(trials=3, space=space))


def test_regressions_are_searched_by_their_share_of_unexplained_variance(make_dataset: Make) -> None:
    found = search_model(make_dataset(task="regression"), "linear", ModelSearchSpec(trials=4, pruner="none"))
    assert -1.0 < found.best_value < -0.3
    assert found.make_best().task == "regression"
    assert np.nanmean(found.returns) > 0.002


def test_the_best_model_is_a_text_that_keeps_what_was_fixed(make_dataset: Make) -> None:
    found = search_model(make_dataset(), TREES, ModelSearchSpec(trials=12, startup_trials=12, pruner="none"))
    assert "learning_rate" not in found.best_options
    assert {name for name in found.trials if name in found.best_options} == set(found.best_options)
    best = found.make_best()
    assert (best.rounds, best.learning_rate, best.patience) == (8, 0.3, None)
    assert best.max_depth == found.best_options["max_depth"]
    assert sum(found.importance.values()) == pytest.approx(1.0)


def test_what_cannot_be_searched_is_refused_before_anything_runs(make_dataset: Make) -> None:
    dataset = make_dataset()
    with pytest.raises(InvalidInput, match="workers"):
        search_model(dataset, "linear", workers=0)
    with pytest.raises(NotEnoughData):
        search_model(dataset.rows(slice(0, 30)), "linear")
    space = (Dimension(name="l3", kind="int", low=1, high=2),)
    with pytest.raises(InvalidInput, match=r"no option 'l3'.*'l2'"):
        search_model(dataset, "linear", ModelSearchSpec(space=space))


def test_the_progress_counts_trials(make_dataset: Make) -> None:
    seen = []

    def track(steps: object, total: int) -> object:
        for step in steps:
            seen.append((step, total))
            yield step

    search_model(make_dataset(), "linear", ModelSearchSpec(trials=3), track=track)
    assert seen == [(0, 3), (1, 3), (2, 3)]
