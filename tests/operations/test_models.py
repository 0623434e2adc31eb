"""The `models` operation: every artefact of a folder, verified; damaged ones are named and change the exit code."""

from __future__ import annotations

import json
import shutil

import pytest

from augury.operations import run


@pytest.fixture
def shelves(shelf, tmp_path):
    """A folder of the test's own with a model `good` and a model `bad`; gives it."""
    for name in ("good", "bad"):
        shutil.copytree(shelf / "models" / "edge", tmp_path / name)
    return tmp_path


def truncated(folder):
    path = folder / "model.onnx"
    path.write_bytes(path.read_bytes()[:-100])


def altered(folder):
    path = folder / "model.onnx"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


def edited(folder):
    path = folder / "manifest.json"
    path.write_text(path.read_text().replace('"log_loss": 0.', '"log_loss": 0.0'))


def from_the_future(folder):
    path = folder / "manifest.json"
    document = json.loads(path.read_text())
    document["manifest"]["format_version"] = 99
    path.write_text(json.dumps(document))


def not_json(folder):
    (folder / "manifest.json").write_text("[" * 100_000)


def without_graph(folder):
    (folder / "model.onnx").unlink()


def link_elsewhere(folder):
    (folder / "model.onnx").unlink()
    (folder / "model.onnx").symlink_to("/etc/hostname")


DAMAGE = {
    truncated: "it was cut short or altered; copy or export the artefact again",
    altered: "does not have the SHA-256 in its manifest: it was altered",
    edited: "does not match its own SHA-256: it was altered",
    from_the_future: "pip install --upgrade augury",
    not_json: "is no readable JSON",
    without_graph: "has no readable model.onnx",
    link_elsewhere: "is no plain file but a link",
}


@pytest.mark.parametrize("damage", DAMAGE, ids=lambda damage: damage.__name__)
def test_a_damaged_model_is_named_with_what_is_wrong_and_the_good_one_is_still_shown(damage, shelves, shelf, augury):
    damage(shelves / "bad")
    result = run("models", folder=str(shelves))
    assert result.exit_code == 1
    assert [model.trouble is None for model in result.models] == [False, True]
    shown = augury("models", shelves, columns=200)
    assert shown.exit_code == 1
    assert DAMAGE[damage] in " ".join(shown.stdout.split())
    assert "good" in shown.stdout
    for verb in ("predict", "evaluate", "backtest"):
        refused = augury(verb, shelves / "bad", shelf / "EDGE.csv", columns=200)
        assert refused.exit_code == 3, refused.output
        assert DAMAGE[damage] in " ".join(refused.stderr.split())


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_a_model_is_shown_with_its_data_scores_and_size_at_any_width(columns, shelf, augury):
    shown = augury("models", shelf / "models", columns=columns)
    assert shown.exit_code == 0, shown.output
    text = " ".join(shown.stdout.split())
    assert "for direction(horizon_bars=1)" in text
    assert "trained on EDGE, 2015-01-06 to 2016-07-13" in text
    assert "held out: log-loss 0." in text
    assert "better than its baseline" in text
    assert all(len(line) <= columns for line in shown.stdout.splitlines())


def test_a_single_model_is_listed_by_its_own_folder(shelf):
    result = run("models", folder=str(shelf / "models" / "edge"))
    assert [model.path for model in result.models] == [str(shelf / "models" / "edge")]


def test_json_holds_every_manifest(shelves, augury):
    truncated(shelves / "bad")
    shown = augury("models", shelves, "--json")
    bad, good = json.loads(shown.stdout)["models"]
    assert bad["manifest"] is None
    assert good["manifest"]["family"] == "xgboost"


def test_what_a_killed_training_left_behind_is_no_model(shelves):
    shutil.copytree(shelves / "good", shelves / ".good-abc123")
    assert len(run("models", folder=str(shelves)).models) == 2


def test_an_empty_folder_and_a_missing_one_say_how_to_begin(tmp_path, augury):
    empty, missing = augury("models", tmp_path), augury("models", tmp_path / "none")
    assert (empty.exit_code, missing.exit_code) == (0, 3)
    for said in (empty.stdout, missing.stderr):
        assert "augury train xgboost sample -o models/first" in " ".join(said.split())
