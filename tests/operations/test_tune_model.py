"""The `tune-model` operation: a search that is continued, shared and refused, and the command that trains its best."""

from __future__ import annotations

import json
import shlex

import pytest

from augury import learning
from augury.errors import AuguryError, Conflict
from augury.operations import run
from augury.operations.model_inputs import SAMPLE


@pytest.fixture
def tune(shelf, tiny):
    """Search on EDGE.csv with few, small trials."""

    def go(model="xgboost(rounds=5, patience=None)", files=("EDGE.csv",), **options):
        paths = tuple(file if file == SAMPLE else str(shelf / file) for file in files)
        given = {"features": tiny["features"], "label": tiny["label"], "trials": 2}
        return run("tune-model", model=model, files=paths, **(given | options))

    return go


def test_a_search_is_the_same_again_and_what_is_fixed_stays(tune):
    first, second = tune(trials=3), tune(trials=3)
    assert first.search.best_model == second.search.best_model
    assert first.search.best_value == second.search.best_value
    assert "rounds=5" in first.search.best_model
    assert tune(trials=3, seed=1).search.best_model != first.search.best_model


def test_the_search_sees_nothing_of_what_the_next_command_holds_out(tune, shelf):
    searched = tune(holdout=0.3)
    whole = tune(holdout=0.0).dataset
    held = learning.holdout(whole, 0.3).test
    assert searched.dataset.inputs.label_end.max() < whole.inputs.opened_at[held].min()
    assert "--held-out 0.3" in searched.next_command
    assert "--held-out" not in tune(holdout=0.0).next_command


@pytest.mark.parametrize("label", ["direction(horizon_bars=1)", "forward_return(horizon_bars=1)"])
def test_the_next_command_trains_the_best_model_on_the_same_data_set(label, tune, augury, tmp_path, monkeypatch):
    found = tune(label=label, every_bars=2, leave_out=("rsi_5",))
    words = shlex.split(found.next_command)
    assert words[:2] == ["augury", "train"]
    monkeypatch.chdir(tmp_path)
    shown = augury(*words[1:], "--no-importance", "--folds", 3)
    assert shown.exit_code == 0, shown.output
    manifest = learning.load_artefact(tmp_path / "models" / "tuned").manifest
    assert manifest.model == learning.model_text(learning.make_model(found.search.best_model))
    assert (manifest.label, manifest.columns) == (label, ("roc_1",))
    assert manifest.data_fingerprint == found.dataset.fingerprint


def test_a_stored_study_goes_on_and_belongs_to_one_data_set_and_model(tune, tmp_path):
    storage = str(tmp_path / "study")
    assert tune(trials=2, storage=storage).search.tried == 2
    assert tune(trials=3, storage=storage).search.tried == 3
    for other in ({"model": "linear"}, {"label": "direction(horizon_bars=2)"}, {"seed": 5}, {"files": ("NOISE.csv",)}):
        with pytest.raises(Conflict, match=r"was begun with another .*name another folder"):
            tune(storage=storage, **other)


def test_score_against_latency_shows_the_best_trades(tune, augury, shelf):
    found = tune(latency=True, trials=3)
    assert found.search.pareto is not None
    assert json.loads(json.dumps(found.to_dict(), allow_nan=False))["hypervolume"] >= 0.0


@pytest.mark.parametrize("columns", [80, 120])
def test_what_is_printed_fits_and_ends_with_the_command(columns, augury, shelf):
    words = ["-f", "roc(timeperiod=1)", "-l", "direction(horizon_bars=1)", "--trials", 2]
    shown = augury("tune-model", "xgboost(rounds=5)", shelf / "EDGE.csv", *words, columns=columns)
    assert shown.exit_code == 0, shown.output
    text = " ".join(shown.stdout.split())
    assert "2 settings tried (2 complete)" in text
    assert "knowing nothing scores -0.6931" in text
    assert "Next: augury train 'xgboost(" in text
    assert all(len(line) <= columns for line in shown.stdout.splitlines() if "Next:" not in line)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"model": "xgbost"}, "did you mean 'xgboost'"),
        ({"model": "xgboost(depth=3)"}, "max_depth"),
        ({"model": "xgboost(max_depth=0)"}, "max_depth"),
        ({"trials": 0}, "trials = 0: Expected `int` >= 1"),
        ({"workers": 0}, "workers = 0: Expected `int` >= 1"),
        ({"workers": 1000}, "workers = 1000: Expected `int` <= 256"),
        ({"holdout": 0.9}, "holdout = 0.9: Expected `float` < 0.9"),
        ({"label": "direction(horizon_bars=300)"}, "pass a longer history, shorter labels"),
        ({"storage": "EDGE.csv"}, "the storage of a search is a folder"),
    ],
)
def test_what_cannot_be_searched_is_refused(options, words, tune, shelf, monkeypatch):
    monkeypatch.chdir(shelf)
    with pytest.raises(AuguryError) as refused:
        tune(**options)
    assert words in str(refused.value)
