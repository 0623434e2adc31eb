"""The `evaluate` operation: a model on bars later than its training, with the figures that training gave it."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from augury import learning
from augury.errors import InvalidArtefact, InvalidInput, NotEnoughData, NotFound
from augury.operations import run


@pytest.fixture
def resealed(shelf, tmp_path):
    """The model `edge` with other fields in its manifest, sealed as an exporter would; gives its folder."""

    def change(**fields):
        artefact = learning.load_artefact(shelf / "models" / "edge")
        values = artefact.to_dict() | fields
        from augury.learning.artefacts.exporting import seal_artefact

        learning.write_artefact(seal_artefact(artefact.graph, values), tmp_path / "changed")
        return str(tmp_path / "changed")

    return change


def test_the_same_later_rows_give_exactly_the_held_out_figures_of_the_training(shelf):
    folder = shelf / "models" / "edge"
    card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    found = run("evaluate", model=str(folder), files=(str(shelf / "EDGE.csv"),))
    scores = {name: score.estimate for name, score in found.found.scores.items()}
    assert scores.items() <= learning.load_artefact(folder).manifest.scores.items()
    told = card["held_out"]
    assert found.found.rows == told["rows"]
    assert found.to_dict()["profit"]["sharpe"] == told["profit"]["sharpe"]
    assert found.to_dict()["scores"] == told["scores"]


def test_rows_up_to_the_end_of_training_are_left_out_unless_asked_for(shelf, augury):
    folder, file = str(shelf / "models" / "edge"), str(shelf / "EDGE.csv")
    fit_end = learning.load_artefact(folder).manifest.fit_end
    later, whole = (run("evaluate", model=folder, files=(file,), in_sample=asked) for asked in (False, True))
    assert later.found.first.value > fit_end
    assert whole.found.first.value < fit_end
    assert whole.found.last == later.found.last
    assert not later.in_sample
    shown = augury("evaluate", folder, file, "--in-sample")
    assert "these figures prove nothing" in " ".join(shown.stdout.split())


def test_bars_that_end_before_the_training_does_are_refused_with_both_ways_out(shelf, tmp_path, augury, planted):
    planted().iloc[:300].to_csv(tmp_path / "EDGE.csv")
    shown = augury("evaluate", shelf / "models" / "edge", tmp_path / "EDGE.csv", columns=300)
    assert shown.exit_code == 3
    assert shown.stdout == ""
    message = " ".join(shown.stderr.split())
    assert "none of 294 rows with a known label is later than 2016-07-13" in message
    assert "pass later bars" in message
    assert "--in-sample" in message


def test_months_later_the_edge_is_still_found_and_in_noise_there_is_none(shelf, tmp_path, planted):
    for name, strength in (("MORE", 0.01), ("NOTHING", 0.0)):
        frame = planted(500, seed=9, strength=strength)
        frame.index = pd.date_range("2018-01-01", periods=500, freq="D", tz="UTC", name="timestamp")
        frame.to_csv(tmp_path / f"{name}.csv")
    folder = str(shelf / "models" / "edge")
    levels = [
        run("evaluate", model=folder, files=(str(tmp_path / f"{name}.csv"),)).found.verdict.level
        for name in ("MORE", "NOTHING")
    ]
    assert levels[0] == "better than"
    assert levels[1] != "better than"


@pytest.mark.parametrize("columns", [80, 120])
def test_what_is_printed_fits_the_terminal_and_explains_the_baseline(columns, shelf, augury):
    shown = augury("evaluate", shelf / "models" / "edge", shelf / "EDGE.csv", columns=columns)
    assert shown.exit_code == 0, shown.output
    assert all(len(line) <= columns for line in shown.stdout.splitlines())
    text = " ".join(shown.stdout.split())
    assert "is better than its baseline" in text
    assert "class_frequencies: how often each class came in training" in text
    assert "Sharpe ratio" in text


def test_json_is_whole(shelf, augury):
    shown = augury("evaluate", shelf / "models" / "edge", shelf / "EDGE.csv", "--json")
    found = json.loads(shown.stdout)
    assert found["model"] == learning.load_artefact(shelf / "models" / "edge").model_id
    assert found["verdict"]["level"] == "better than"
    assert not found["in_sample"]


def test_bars_of_another_timeframe_are_judged_and_it_is_said(shelf, tmp_path, planted):
    frame = planted(300, frequency="h")
    frame.index = pd.date_range("2018-01-01", periods=300, freq="h", tz="UTC", name="timestamp")
    frame.to_csv(tmp_path / "HOUR.csv")
    for verb in ("evaluate", "predict"):
        notes = run(verb, model=str(shelf / "models" / "edge"), files=(str(tmp_path / "HOUR.csv"),)).notes
        assert "was trained on bars of 1D, these are bars of 1h" in notes[0]


@pytest.mark.parametrize(
    ("fields", "kind", "words"),
    [
        ({"feature_ids": ["roc@0", "rsi@0"]}, InvalidInput, "its options or version differ; train the model again"),
        ({"features": ["roc(timeperiod=1)", "rsi(timeperiod=6)"]}, InvalidInput, "is rsi@.* now"),
        ({"columns": ["roc_1", "rsi_6"]}, InvalidInput, "was trained on 2 columns"),
        ({"features": [], "feature_ids": []}, InvalidInput, "without its features|does not say which features"),
        ({"label": "sideways"}, NotFound, "sideways"),
        (
            {"label": "triple_barrier"},
            InvalidInput,
            "tells down, up apart, its label triple_barrier makes down, flat, up",
        ),
        ({"notes": {"training_targets": "[1"}}, InvalidArtefact, "should hold the share of each class"),
        ({"notes": {"training_targets": '["a", "b"]'}}, InvalidArtefact, "should hold the share of each class"),
        ({"notes": {"training_targets": "[0.9, 0.9]"}}, InvalidArtefact, "should hold the share of each class"),
    ],
)
def test_a_manifest_that_does_not_fit_these_features_is_refused(fields, kind, words, resealed, shelf):
    with pytest.raises(kind, match=words):
        run("evaluate", model=resealed(**fields), files=(str(shelf / "EDGE.csv"),))


def test_a_model_without_notes_is_judged_against_even_odds(resealed, shelf):
    found = run("evaluate", model=resealed(notes={}), files=(str(shelf / "EDGE.csv"),)).found
    assert found.verdict.against_best.baseline_score == pytest.approx(np.log(2.0))


@pytest.mark.parametrize("file", ["", "manifest.json", "model.onnx"])
def test_what_is_no_model_is_refused(file, shelf, tmp_path, augury):
    place = tmp_path / "gone" if not file else shelf / "models" / "edge" / file
    shown = augury("evaluate", place, shelf / "EDGE.csv")
    assert shown.exit_code == 3
    assert "there is no artefact folder" in " ".join(shown.stderr.split())


def test_too_few_bars_are_refused(shelf, tmp_path, planted):
    planted(12).to_csv(tmp_path / "A.csv")
    with pytest.raises(NotEnoughData, match="expected at least 20 rows"):
        run("evaluate", model=str(shelf / "models" / "edge"), files=(str(tmp_path / "A.csv"),))
