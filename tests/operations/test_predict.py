"""The `predict` operation: what the model's predictor says, bar by bar, in words and in files."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from augury import learning
from augury.market import read_bars
from augury.operations import run


@pytest.fixture
def folder(shelf):
    return str(shelf / "models" / "edge")


def test_rows_are_those_of_the_predictor_bit_for_bit(shelf, folder):
    result = run("predict", model=folder, files=(str(shelf / "EDGE.csv"), str(shelf / "NOISE.csv")))
    predictor = learning.Predictor(folder)
    for symbol in ("EDGE", "NOISE"):
        mine = result.table[result.table["symbol"] == symbol]
        whole = predictor.predict_bars(read_bars(shelf / f"{symbol}.csv"))
        assert np.array_equal(mine[["down", "up"]].to_numpy(), whole.to_numpy(), equal_nan=True)
        assert (mine.index == whole.index).all()
        likeliest = whole.dropna().idxmax(axis=1)
        assert (mine.loc[likeliest.index, "decision"] == likeliest).all()
        assert set(mine.loc[whole["up"].isna(), "decision"]) == {""}


def test_bars_that_were_trained_on_are_marked_for_the_symbols_of_the_training_only(shelf, folder):
    table = run("predict", model=folder, files=(str(shelf / "EDGE.csv"), str(shelf / "NOISE.csv"))).table
    fit_end = pd.Timestamp(learning.Predictor(folder).manifest.fit_end, tz="UTC")
    edge = table[table["symbol"] == "EDGE"]
    assert np.array_equal(edge["in_sample"], edge.index <= fit_end)
    assert not table.loc[table["symbol"] == "NOISE", "in_sample"].any()


@pytest.mark.parametrize("ending", [".csv", ".parquet", ".feather"])
def test_every_bar_is_written_when_asked(ending, shelf, folder, tmp_path):
    path = tmp_path / f"said{ending}"
    result = run("predict", model=folder, files=(str(shelf / "EDGE.csv"),), output=str(path))
    reader = {".csv": pd.read_csv, ".parquet": pd.read_parquet, ".feather": pd.read_feather}[ending]
    written = reader(path)
    assert len(written) == 700
    assert np.allclose(written["up"], result.table["up"], rtol=0.0, atol=1e-15, equal_nan=True)


@pytest.mark.parametrize("columns", [80, 120])
def test_the_last_rows_are_printed_with_the_decision(columns, shelf, folder, augury):
    shown = augury("predict", folder, shelf / "EDGE.csv", "--rows", 2, columns=columns)
    assert shown.exit_code == 0, shown.output
    assert "2016-11-30" in shown.stdout
    assert "2016-11-29" in shown.stdout
    assert "2016-11-28" not in shown.stdout
    assert "p(up)" in shown.stdout
    assert all(len(line) <= columns for line in shown.stdout.splitlines())


def test_a_history_within_the_warm_up_is_unknown_yet(shelf, folder, tmp_path, planted, augury):
    planted(4).to_csv(tmp_path / "A.csv")
    shown = augury("predict", folder, tmp_path / "A.csv")
    assert shown.exit_code == 0, shown.output
    assert shown.stdout.count("unknown yet") == 3
    found = json.loads(augury("predict", folder, tmp_path / "A.csv", "--json").stdout)
    assert [row["up"] for row in found["rows"]] == [None, None, None]


def test_predictions_on_trained_bars_are_said_to_be(folder, tmp_path, planted, augury):
    planted().iloc[:100].to_csv(tmp_path / "EDGE.csv")
    shown = augury("predict", folder, tmp_path / "EDGE.csv")
    assert "the model has seen what came of them" in " ".join(shown.stdout.split())


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["nowhere", "EDGE.csv"], 3, "there is no artefact folder"),
        (["models", "EDGE.csv"], 3, "has no readable manifest.json"),
        (["models/edge", "nowhere.csv"], 3, "no such file"),
        (["models/edge", "EDGE.csv", "EDGE.csv"], 1, "name each file once"),
        (["models/edge", "EDGE.csv", "--rows", "0"], 2, "--rows 0: expected int >= 1"),
        (["models/edge", "EDGE.csv", "-o", "EDGE.csv"], 3, "would replace the file that it is made from"),
        (["models/edge", "EDGE.csv", "-o", "x.txt"], 3, "ending in .csv, .parquet, .feather"),
        (["models/edge", "EDGE.csv", "-o", "none/x.csv"], 3, "none does not exist"),
        (["models/edge"], 2, "Missing argument"),
    ],
)
def test_mistakes_are_one_message(arguments, code, words, shelf, augury, monkeypatch):
    monkeypatch.chdir(shelf)
    shown = augury("predict", *arguments, columns=200)
    assert shown.exit_code == code, shown.output
    assert words in " ".join(shown.stderr.split())
    assert shown.stdout == ""


def test_features_that_are_others_now_are_refused(shelf, tmp_path):
    from augury.errors import InvalidInput
    from augury.learning.artefacts.exporting import seal_artefact

    artefact = learning.load_artefact(shelf / "models" / "edge")
    values = artefact.to_dict() | {"features": ["roc(timeperiod=2)", "rsi(timeperiod=5)"]}
    learning.write_artefact(seal_artefact(artefact.graph, values), tmp_path / "m")
    with pytest.raises(InvalidInput, match="its options or version differ; train the model again"):
        run("predict", model=str(tmp_path / "m"), files=(str(shelf / "EDGE.csv"),))


def test_names_that_could_steer_a_terminal_are_written_out(shelf, folder, tmp_path, augury):
    path = tmp_path / "[red]\x1b[2JA.csv"
    path.write_bytes((shelf / "EDGE.csv").read_bytes())
    for verb in ("predict", "evaluate"):
        shown = augury(verb, folder, path)
        assert shown.exit_code == 0, shown.output
        assert "\x1b" not in shown.stdout
    assert "[red]\\x1b[2JA" in augury("predict", folder, path).stdout


def test_a_model_whose_texts_are_hostile_is_shown_as_it_is_written(shelf, tmp_path, augury):
    from augury.learning.artefacts.exporting import seal_artefact

    artefact = learning.load_artefact(shelf / "models" / "edge")
    hostile = "stack(members=('[bold]a', '\x1b[2J', 'x' * 10**9))"
    values = artefact.to_dict() | {"model": hostile, "symbols": ["\x1b]0;gone\x07"], "notes": {"verdict": "\x1b[31m"}}
    learning.write_artefact(seal_artefact(artefact.graph, values), tmp_path / "m")
    for arguments in (("models", tmp_path), ("predict", tmp_path / "m", shelf / "EDGE.csv")):
        shown = augury(*arguments, columns=200)
        assert shown.exit_code == 0, shown.output
        assert "\x1b" not in shown.stdout
        assert "[bold]a" in shown.stdout
