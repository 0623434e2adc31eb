"""The `backtest` operation: from both doors, recorded, and nothing left behind when it fails."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from augury import ledger
from augury.backtest import prove, run_backtest
from augury.cli.main import app
from augury.errors import AuguryError, InvalidBars, InvalidInput, NotFound
from augury.operations import evaluation, operation, run
from augury.operations.strategy_inputs import grid_of, labels_of, parameters_of
from augury.sample import load_sample
from augury.testing import garch_bars

BARS = garch_bars(600, seed=4)
MINE = "def positions(bars, days=5):\n    return (bars['close'] > bars['close'].shift(days)).astype(float)\n"


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("AUGURY_LEDGER", raising=False)
    BARS.to_csv(tmp_path / "BARS.csv")


def invoke(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["backtest", *arguments], terminal_width=90, env={"COLUMNS": "90"})


def quick(strategy: str = "sma_crossover", file: str = "BARS.csv", **options: Any) -> Any:
    return run("backtest", strategy=strategy, file=file, **{"permutations": 19, "ledger": "off", **options})


def left() -> set[str]:
    return {path.name for path in Path().iterdir()} - {"BARS.csv", "mine.py", "RAW.csv", "actions.csv"}


def test_both_doors_give_the_result_of_the_library() -> None:
    outcome = quick(parameters=["fast=5", "slow=20"], cash=5_000.0, commission=0.002, settings=["leverage=2"])
    spec = outcome.result.spec
    assert (spec.initial_cash, spec.costs.commission_rate, spec.leverage) == (5_000.0, 0.002, 2.0)
    alone = run_backtest("sma_crossover", BARS, {"fast": 5, "slow": 20}, spec, symbol="BARS")
    assert outcome.result.digests["equity"] == alone.digests["equity"]
    assert outcome.result.symbol == "BARS"
    arguments = ("-p", "fast=5", "-p", "slow=20", "--cash", "5000", "--commission", "0.002", "-s", "leverage=2")
    shown = invoke("sma_crossover", "BARS.csv", *arguments, "--permutations", "19", "--ledger", "off", "--json")
    assert shown.exit_code == 0, shown.output
    told = json.loads(shown.stdout)
    assert told["digests"] == outcome.result.digests
    assert told["proof"] == json.loads(json.dumps(outcome.to_dict()["proof"]))


def test_the_terminal_shows_the_verdict_and_where_files_went() -> None:
    shown = invoke("sma_crossover", "BARS.csv", "--permutations", "19", "--report", "out.html", "--save", "run.json")
    assert shown.exit_code == 0, shown.output
    for words in ("sma_crossover", "Sharpe ratio", "conditions met", "Written: out.html", "Written: run.json"):
        assert words in shown.stdout
    assert max(len(line) for line in shown.stdout.splitlines()) <= 90
    assert left() >= {"out.html", "run.json"}
    assert Path("out.html").read_text(encoding="utf-8").lower().startswith("<!doctype html>")
    capsule = json.loads(Path("run.json").read_text(encoding="utf-8"))
    assert capsule["digests"] == quick().result.digests


def test_every_run_is_recorded_and_counts_for_the_next() -> None:
    counted = []
    for fast in (5, 8, 5):
        outcome = quick(parameters=[f"fast={fast}"], ledger="book.sqlite")
        counted.append(outcome.recorded.tried.configurations)
        assert outcome.result.proof.trials == counted[-1]
    assert counted == [1, 2, 2]
    with ledger.Ledger(Path("book.sqlite")) as book:
        assert len(list(book.entries())) == 3
    silent = quick(parameters=["fast=5"])
    assert silent.recorded.tried is None
    assert silent.result.proof.trials is None
    assert any("the ledger is off" in note for note in silent.to_dict()["notes"])


def test_the_default_ledger_lies_in_the_working_folder() -> None:
    run("backtest", strategy="sma_crossover", file="BARS.csv", permutations=19)
    assert "augury-ledger.sqlite" in left()


def test_a_strategy_file_runs_like_a_registered_name() -> None:
    Path("mine.py").write_text(MINE)
    outcome = quick("mine.py", parameters=["days=3"], save="run.json")
    assert outcome.result.strategy == "mine"
    assert outcome.result.parameters == {"days": 3.0}
    assert json.loads(Path("run.json").read_text())["strategy"]["text"] == MINE


def test_without_permutations_the_proof_says_so() -> None:
    outcome = quick(permutations=0)
    assert any("left out" in note for note in outcome.story.notes)


def test_the_same_run_twice_has_the_same_bits() -> None:
    one, two = (quick(seed=7).to_dict() for _ in range(2))
    for told in (one, two):
        told.pop("capsule")  # named for the moment too
    assert json.dumps(one, allow_nan=False) == json.dumps(two, allow_nan=False)


def test_steps_like_splits_are_named_taken_or_read_from_a_table() -> None:
    load_sample().bars["AAPL"].to_csv("RAW.csv")
    warned = quick("buy_and_hold", "RAW.csv", symbol="AAPL")
    assert any("step as at a split (2 for 1 on 2000-06-21, 2 for 1 on 2005-02-28)" in note for note in warned.notes)
    taken = quick("buy_and_hold", "RAW.csv", splits="detect")
    assert any("were taken for splits" in note for note in taken.notes)
    rows = "at,kind,value,symbol\n2000-06-21,split,2,RAW\n2005-02-28,split,2,RAW\n2005-02-28,split,3,OTHER\n"
    Path("actions.csv").write_text(rows)
    told = quick("buy_and_hold", "RAW.csv", splits="actions.csv")
    assert len(told.notes) == 1  # that the ledger is off
    assert told.result.digests == taken.result.digests
    assert told.result.run.equity[-1] == pytest.approx(4.0 * warned.result.run.equity[-1], rel=0.02)
    other = quick("buy_and_hold", "RAW.csv", splits="actions.csv", symbol="AAPL")
    assert any("actions.csv names no action of AAPL" in note for note in other.notes)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"strategy": "sma_crosover"}, NotFound, "did you mean 'sma_crossover'"),
        ({"file": "missing.csv"}, AuguryError, "missing.csv"),
        ({"parameters": ["fsat=3"]}, InvalidInput, "did you mean 'fast'"),
        ({"parameters": ["fast"]}, InvalidInput, "name=value, such as fast=10; got 'fast'"),
        ({"parameters": ["fast=x"]}, InvalidInput, "expected a number for fast, got 'x'"),
        ({"parameters": ["fast=inf"]}, InvalidInput, "expected a finite number"),
        ({"parameters": ["fast=3", "fast=4"]}, InvalidInput, "given twice"),
        ({"parameters": ["fast=90"]}, InvalidInput, "below"),
        ({"settings": ["levrage=2"]}, InvalidInput, "leverage"),
        ({"settings": ["costs.borow_rate=2"]}, InvalidInput, "borrow_rate"),
        ({"settings": ["initial_cash=0"]}, InvalidInput, "initial_cash"),
        ({"cash": 0.0}, InvalidInput, "cash"),
        ({"commission": -0.1}, InvalidInput, "commission"),
        ({"stop_loss": 1.5}, InvalidInput, "stop_loss"),
        ({"splits": "nowhere.csv"}, NotFound, "expected none, detect or a file"),
        ({"report": "out.pdf"}, InvalidInput, "html"),
        ({"report": "missing/out.html"}, InvalidInput, "does not exist"),
        ({"save": "run.txt"}, InvalidInput, "json"),
        ({"save": "BARS.csv"}, InvalidInput, "json"),
        ({"strategys": "x"}, InvalidInput, "strategy"),
    ],
)
def test_what_cannot_be_done_is_refused_with_what_to_do_and_leaves_nothing(
    options: dict[str, Any], error: type[Exception], message: str
) -> None:
    wanted = {"report": "out.html", "save": "run.json", "ledger": "book.sqlite", **options}
    with pytest.raises(error, match=message):
        quick(**wanted)
    assert left() == set()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("def positions(bars):\n    return bars['close'].rolling(9_999).mean()\n", "0 while nothing is known"),
        ("def positions(bars):\n    return [2.0] * len(bars)\n", r"should lie in \[-1, 1\]"),
        ("def positions(bars):\n    return [0.0]\n", "should return 600 target positions"),
        ("def positions(bars):\n    return 1 / 0\n", "ZeroDivisionError"),
        ("import nothing_of_that_name\n", "nothing_of_that_name"),
        ("def positions(bars:\n", "mine.py"),
        ("x = 1\n", "positions"),
    ],
)
def test_a_strategy_file_that_fails_leaves_no_report_capsule_or_entry(text: str, message: str) -> None:
    Path("mine.py").write_text(text)
    with pytest.raises(InvalidInput, match=message):
        quick("mine.py", report="out.html", save="run.json", ledger="book.sqlite")
    assert left() - {"__pycache__"} == set()
    shown = invoke("mine.py", "BARS.csv", "--report", "out.html", "--ledger", "off")
    assert shown.exit_code != 0
    assert "Traceback" not in shown.output
    assert left() - {"__pycache__"} == set()


def test_bars_that_break_a_rule_are_refused() -> None:
    broken = BARS.copy()
    broken.iloc[10, 3] = -1.0
    broken.to_csv("RAW.csv")
    with pytest.raises(InvalidBars, match="above 0"):
        quick(file="RAW.csv", report="out.html")
    assert left() == set()


def test_too_few_bars_for_a_year_are_refused_with_the_setting_that_helps() -> None:
    BARS.iloc[:1].to_csv("RAW.csv")
    with pytest.raises(InvalidInput, match="-s periods_per_year=252"):
        quick("buy_and_hold", "RAW.csv", report="out.html", save="run.json")
    assert left() == set()
    assert quick("buy_and_hold", "RAW.csv", settings=["periods_per_year=252"]).result.proof is not None


def test_no_trades_are_a_result_without_claims() -> None:
    Path("mine.py").write_text("def positions(bars):\n    return [0.0] * len(bars)\n")
    outcome = quick("mine.py", report="out.html", ledger="book.sqlite")
    assert outcome.result.proof.verdict.level in ("unproven", "refuted")
    assert json.loads(json.dumps(outcome.to_dict(), allow_nan=False))["trades"] == []


@pytest.mark.parametrize("place", ["prove", "write_page", "write_text"])
def test_a_failure_on_the_way_leaves_no_partial_file(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise OSError("disk full")

    owner = {"prove": evaluation.backtest, "write_page": evaluation.report, "write_text": evaluation}[place]
    monkeypatch.setattr(owner, place, fail, raising=False)
    with pytest.raises(OSError, match="disk full"):
        quick(report="out.html", save="run.json")
    assert left() <= {"out.html"}
    if "out.html" in left():
        assert Path("out.html").read_text(encoding="utf-8").rstrip().endswith("</html>")


def test_progress_is_reported_while_histories_are_permuted() -> None:
    labels = []

    class Watching:
        def track(self, items: Any, label: str, total: int) -> Any:  # noqa: ARG002
            labels.append(label)
            yield from items

    entry = operation("backtest")
    options = {"strategy": "sma_crossover", "file": "BARS.csv", "permutations": 19, "ledger": "off"}
    entry.run(entry.spec_type.from_dict(options), Watching())
    assert labels == ["Permuting"]
    assert entry.changes_state
    assert entry.long


def test_texts_become_parameters_and_grids() -> None:
    assert parameters_of(["fast = 3", "slow=1e2"]) == {"fast": 3.0, "slow": 100.0}
    assert grid_of(["fast=5:9:2", "slow=50,100"]) == {"fast": [5.0, 7.0, 9.0], "slow": [50.0, 100.0]}
    assert grid_of(["x=0:0.3:0.1"])["x"] == pytest.approx([0.0, 0.1, 0.2, 0.3])
    assert grid_of(["x=2:4"]) == {"x": [2.0, 3.0, 4.0]}
    assert labels_of({"fast": 5.0, "slow": 0.5}) == "fast=5, slow=0.5"
    for text in ("fast=9:5", "fast=1:5:0", "fast=1:2:3:4", "fast=1:5:-1", "fast=0:1e9:0.1", "fast=:5"):
        with pytest.raises(InvalidInput, match="fast"):
            grid_of([text])


def test_a_proof_of_the_library_is_that_of_the_operation() -> None:
    outcome = quick(parameters=["fast=5", "slow=20"], seed=3)
    result = run_backtest("sma_crossover", BARS, {"fast": 5, "slow": 20}, outcome.result.spec, symbol="BARS")
    proof = prove(result, outcome.result.proof.spec, leaks=0).proof
    assert json.dumps(proof.to_dict()) == json.dumps(outcome.result.proof.to_dict())
    frame = pd.read_csv("BARS.csv", index_col=0, parse_dates=True)
    np.testing.assert_array_equal(frame["close"], BARS["close"])
