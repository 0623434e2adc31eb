"""A model's folder wherever a strategy is named: backtests, proofs, comparisons, leaks, and runs made again."""

from __future__ import annotations

import shutil

import pytest

from augury import learning
from augury.errors import AuguryError, NotFound
from augury.operations import run
from augury.operations.strategy_names import is_model_folder, notes_on, strategy_of


@pytest.fixture
def model(shelf):
    return str(shelf / "models" / "edge")


@pytest.fixture
def file(shelf):
    return str(shelf / "EDGE.csv")


def test_a_folder_is_a_model_a_name_is_a_strategy_and_nothing_is_neither(model, tmp_path):
    assert is_model_folder(model)
    assert strategy_of(model).name == f"model_{learning.load_artefact(model).model_id}"
    assert strategy_of("sma_crossover").name == "sma_crossover"
    with pytest.raises(NotFound, match="did you mean 'sma_crossover'"):
        strategy_of("sma_crosover")
    with pytest.raises(AuguryError):
        strategy_of(str(tmp_path))


def test_bars_of_the_training_are_noted_and_later_ones_are_not(model):
    fit_end = learning.load_artefact(model).manifest.fit_end
    assert "holds nothing up to 2016-07-13" in notes_on(model, fit_end)[0]
    assert notes_on(model, fit_end + 1) == ()
    assert notes_on("sma_crossover", 0) == ()


def test_a_backtest_trades_the_later_bars_only_and_runs_again_to_the_bit(model, file, saved, augury):
    capsule = saved(model, file)
    found = run("backtest", strategy=model, file=file, permutations=0)
    fit_end = learning.load_artefact(model).manifest.fit_end
    assert len(found.result.trade_list) > 5
    run_ = found.result.run
    assert not run_.units[run_.bars.opened_at <= fit_end].any()
    again = run("verify", run=str(capsule))
    assert (again.reproduced, again.differences) == (True, ())
    shown = augury("backtest", model, file, "--permutations", 0, columns=100)
    assert shown.exit_code == 0, shown.output
    assert "holds nothing up to 2016-07-13" in " ".join(shown.stdout.split())


def test_a_run_is_verified_where_the_model_lies_and_a_changed_or_missing_one_is_named(file, shelf, saved, tmp_path):
    mine = tmp_path / "mine"
    shutil.copytree(shelf / "models" / "edge", mine)
    capsule = saved(str(mine), file)
    assert run("verify", run=str(capsule)).reproduced
    graph = mine / "model.onnx"
    whole = graph.read_bytes()
    graph.write_bytes(whole[:-1])
    with pytest.raises(AuguryError, match="cut short or altered"):
        run("verify", run=str(capsule))
    shutil.rmtree(mine)
    with pytest.raises(AuguryError, match=str(mine)):
        run("verify", run=str(capsule))


def test_another_model_in_the_same_folder_is_not_the_recorded_run(file, shelf, saved, tmp_path, tiny):
    mine = tmp_path / "mine"
    shutil.copytree(shelf / "models" / "edge", mine)
    capsule = saved(str(mine), file)
    run("train", files=(file,), output=str(mine), overwrite=True, **(tiny | {"model": "linear"}))
    again = run("verify", run=str(capsule))
    assert not again.reproduced
    assert [change.part for change in again.changes] == ["code"]
    assert f"the model in {mine} is another one" in again.changes[0].text


def test_a_model_is_proven_compared_and_reported_like_any_strategy(model, file, book, saved, tmp_path):
    assert run("validate", strategy=model, file=file, grid=["long_above=0.5,0.55,0.6"], permutations=0)
    ranked = run("compare", file=file, strategies=[model, "sma_crossover"], permutations=0)
    assert learning.load_artefact(model).model_id in str(ranked.to_dict())
    capsule = saved(model, file)
    page = tmp_path / "page.html"
    run("report", runs=(str(capsule),), output=str(page), permutations=0)
    assert page.stat().st_size > 10_000


def test_a_model_has_no_leaks(model, file, augury):
    shown = augury("leaks", model, file, columns=100)
    assert shown.exit_code == 0, shown.output
