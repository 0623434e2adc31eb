"""The `train` operation: a model, its evidence and its card in one folder, or a refusal and nothing at all."""

from __future__ import annotations

import json

import pytest
from rich.console import Console

from augury import learning
from augury.cli.render.train import render
from augury.errors import Conflict, NotEnoughData
from augury.operations.operation import Silent

FILES = {"card.json", "card.md", "manifest.json", "model.onnx"}


def test_a_planted_edge_is_called_better_than_its_baseline_and_noise_is_not(train, tmp_path):
    edge = train()
    noise = train(("NOISE.csv",), tmp_path / "noise")
    assert edge.training.held_out.verdict.level == "better than"
    assert edge.training.better
    assert noise.training.held_out.verdict.level != "better than"
    assert edge.training.artefact.manifest.notes["verdict"] == "better than its baseline"


def test_what_is_written_is_the_model_its_manifest_and_its_card(train, tmp_path, names):
    result = train()
    assert names(tmp_path) == ["model"]
    assert set(names(tmp_path / "model")) >= FILES
    assert result.written == (str(tmp_path / "model"),)
    assert learning.load_artefact(tmp_path / "model").manifest == result.training.artefact.manifest


def test_the_same_seed_gives_the_same_artefact_and_another_seed_another(train, tmp_path):
    model = "xgboost(rounds=25, max_depth=2, subsample=0.5)"
    first, second, third = (
        train(output=tmp_path / str(at), model=model, seed=seed) for at, seed in enumerate((0, 0, 1))
    )
    for name in ("model.onnx", "manifest.json"):
        assert (tmp_path / "0" / name).read_bytes() == (tmp_path / "1" / name).read_bytes()
    assert first.training.artefact.model_id == second.training.artefact.model_id
    assert first.training.artefact.model_id != third.training.artefact.model_id


@pytest.mark.parametrize("columns", [80, 120])
def test_the_command_prints_what_fits_the_terminal_and_says_what_to_do_next(columns, shelf, tmp_path, augury, tiny):
    features = [word for text in tiny["features"] for word in ("-f", text)]
    words = ["-l", tiny["label"], "--folds", 3, "--no-importance", *features]
    shown = augury("train", tiny["model"], shelf / "EDGE.csv", "-o", tmp_path / "m", *words, columns=columns)
    assert shown.exit_code == 0, shown.output
    text = " ".join(shown.stdout.split())
    assert "is better than its baseline" in text
    assert "Held out, seen by nothing before" in text
    assert "log-loss" in text
    assert f"Next: augury backtest {tmp_path / 'm'} YOUR.csv" in text
    assert all(len(line) <= columns for line in shown.stdout.splitlines() if "Next:" not in line)
    assert shown.stderr == ""


def test_json_holds_manifest_card_and_held_out_figures(shelf, tmp_path, augury):
    words = ["-f", "roc(timeperiod=1)", "-l", "direction(horizon_bars=1)", "--folds", 3, "--no-importance"]
    shown = augury("train", "linear", shelf / "EDGE.csv", "-o", tmp_path / "m", "--json", *words)
    assert shown.exit_code == 0, shown.output
    found = json.loads(shown.stdout)
    assert set(found) == {"manifest", "card", "held_out", "folder", "written", "notes"}
    assert found["held_out"]["scores"]["log_loss"]["estimate"] == found["manifest"]["scores"]["log_loss"]
    assert found["manifest"]["notes"]["timeframe"] == "1D"


def test_a_model_that_is_never_as_sure_as_wanted_abstains_and_trades_nothing(train, tmp_path, capsys):
    result, always = train(accuracy=0.99), train(output=tmp_path / "always")
    never = result.training.held_out
    assert (never.decided, always.training.held_out.decided) == (0.0, 1.0)
    assert never.scores == always.training.held_out.scores
    assert [symbol.trades for symbol in never.profit.symbols] == [0]
    assert [symbol.trades for symbol in always.training.held_out.profit.symbols] != [0]
    render(result, Console(width=80))
    assert "It would not have traded" in capsys.readouterr().out


def test_progress_reaches_the_folds_the_last_fit_and_the_rounds_of_each(train):
    seen = []

    class Watched(Silent):
        def track(self, items, label, total):
            seen.append((label, total))
            yield from items

    train(progress=Watched(), model="xgboost(rounds=4, patience=None)")
    assert seen == [("Training", 3), *[("this fit", 4)] * 3, ("Training", 1), ("this fit", 4)]


def test_a_model_is_replaced_only_when_told_so_and_only_by_a_whole_one(train, tmp_path, names):
    first = train().training.artefact.model_id
    with pytest.raises(Conflict, match="--overwrite"):
        train(seed=1)
    with pytest.raises(NotEnoughData):
        train(overwrite=True, label="direction(horizon_bars=300)")
    assert learning.load_artefact(tmp_path / "model").model_id == first
    train(overwrite=True, model="linear")
    assert learning.load_artefact(tmp_path / "model").manifest.family == "linear"
    assert names(tmp_path) == ["model"]
