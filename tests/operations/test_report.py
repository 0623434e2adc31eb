"""The `report` operation: a recorded run told again with its proof, only when it comes out as recorded."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from augury.errors import InvalidInput, NotFound, Refused, Unavailable
from augury.ledger import Ledger
from augury.operations import run


def report(*runs, output, **options):
    return run("report", runs=[str(one) for one in runs], output=str(output), **options)


def double_the_second_half(path):
    frame = pd.read_csv(path)
    frame.loc[len(frame) // 2 :, ["open", "high", "low", "close"]] *= 2.0
    frame.to_csv(path, index=False)


@pytest.fixture
def page(tmp_path):
    return tmp_path / "page.html"


def test_the_page_tells_the_recorded_run_and_the_ledger_is_only_read(saved, book, page, names):
    capsule = saved(parameters=["fast=5", "slow=20"])
    before, around = book.read_bytes(), names(page.parent)
    result = report(capsule, output=page, permutations=19)
    (told,) = result.told
    assert told.reproduced
    assert told.result.proof.trials == 1
    assert told.result.proof.tests.permutation.computed
    text = page.read_text(encoding="utf-8")
    assert "sma_crossover on ACME" in text
    assert told.result.fingerprint in text
    assert told.story.judgement.headline.split(";")[0] in text
    assert book.read_bytes() == before
    assert names(page.parent) == sorted([*around, "page.html"])


def test_what_was_recorded_decides_the_proof_when_nothing_else_is_asked(saved, page):
    told = report(saved(seed=5), output=page).told[0]
    assert told.result.proof.spec.permutations == 0
    assert told.result.proof.spec.seed == 5


def test_tries_made_since_are_counted(saved, book, page):
    capsule = saved()
    saved("rsi_reversal", name="other.json")
    saved("momentum", name="third.json")
    assert report("1", output=page).told[0].result.proof.trials == 3
    assert report(capsule, output=page).told[0].result.proof.trials == 3
    with Ledger(book) as ledger:
        assert len(ledger.entries()) == 3


def test_a_run_that_no_ledger_knows_counts_itself_and_without_a_ledger_that_is_said(saved, page, tmp_path):
    unknown = saved(ledger="off")
    told = report(unknown, output=page).told[0]
    assert told.result.proof.trials is None
    assert any("No ledger was read" in note for note in told.story.notes)
    saved("rsi_reversal", name="other.json")
    assert report(unknown, output=page).told[0].result.proof.trials == 2
    assert report(unknown, output=page, ledger="off").told[0].result.proof.trials is None
    assert not (tmp_path / "augury-ledger.sqlite").exists()


def test_a_search_is_made_again_and_judged_as_one(book, prices, page):
    grid = ["fast=3,5,8,12", "slow=20,30,40"]
    first = run("validate", strategy="sma_crossover", file=str(prices), grid=grid, permutations=19)
    told = report("1", output=page).told[0]
    again, before = told.result.proof, first.result.proof
    assert book.exists()
    assert len(again.sweep) == 12
    assert again.trials == before.trials
    assert again.verdict.headline == before.verdict.headline
    assert again.tests.permutation.p_value == before.tests.permutation.p_value


def test_several_runs_make_one_page_under_titles_that_tell_them_apart(saved, page):
    one = saved(parameters=["fast=5", "slow=20"], name="one.json")
    two = saved(parameters=["fast=8", "slow=20"], name="two.json")
    dear = saved(parameters=["fast=8", "slow=20"], commission=0.01, name="dear.json")
    result = report(one, two, dear, output=page)
    titles = [told.story.title for told in result.told]
    assert titles[0] == "sma_crossover on ACME, fast=5, slow=20, short=0"
    assert "two.json" in titles[1]
    assert "dear.json" in titles[2]
    text = page.read_text(encoding="utf-8")
    assert "Correlation of returns" in text
    found = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert [one["reproduced"] for one in found["runs"]] == [True, True, True]


def test_a_run_that_comes_out_differently_is_refused_unless_asked_for_and_then_says_so(saved, prices, page, augury):
    capsule = saved()
    double_the_second_half(prices)
    with pytest.raises(Refused, match=r"other data.*--even-if-changed"):
        report(capsule, output=page)
    assert not page.exists()
    told = report(capsule, output=page, even_if_changed=True).told[0]
    assert not told.reproduced
    assert "This is not what" in told.warnings[0]
    assert "The data changed" in page.read_text(encoding="utf-8")
    shown = augury("report", capsule, "-o", page, "--even-if-changed")
    assert shown.exit_code == 0
    assert "Probable cause: other data." in " ".join(shown.stdout.split())


def test_a_strategy_file_that_is_gone_is_told_from_the_capsule(saved, strategy_file, page):
    mine = strategy_file(
        "def positions(bars, window=4):\n    return (bars['close'].diff(int(window)) > 0).astype(float)\n"
    )
    capsule = saved(mine)
    capsule.with_name("mine.py").unlink()
    told = report(capsule, output=page, permutations=19).told[0]
    assert told.reproduced
    assert told.result.proof.tests.permutation.computed
    assert "mine on ACME" in page.read_text(encoding="utf-8")


def test_what_cannot_be_told_is_refused_and_an_old_page_stays(saved, prices, page, tmp_path, names):
    capsule = saved()
    other = saved("rsi_reversal", name="other.json")
    page.write_text("as it was before")
    link = tmp_path / "link.html"
    link.symlink_to(prices)
    before = names(tmp_path)
    cases = [
        ((capsule, "1"), {}, InvalidInput, "are the same run"),
        ((capsule, other), {"data": str(prices)}, InvalidInput, "--data says where the bars of one run are"),
        ((capsule,), {"permutations": -1}, InvalidInput, "0 or more permutations"),
        ((capsule,), {"data": str(tmp_path / "nowhere.csv")}, NotFound, "no such file"),
        ((capsule, "9"), {}, NotFound, "has no entry '9'"),
        (("nowhere.json",), {}, NotFound, "does not exist"),
        ((prices,), {}, InvalidInput, "not JSON"),
        ((capsule,), {"output": link}, InvalidInput, "would replace the file that it is made from"),
        ((capsule,), {"output": capsule}, InvalidInput, r"ending in \.html"),
        ((capsule,), {"output": tmp_path / "nowhere" / "page.html"}, InvalidInput, "expected a folder"),
        ((capsule,), {"output": "/proc/page.html"}, Unavailable, "cannot write into /proc"),
    ]
    for runs, options, error, words in cases:
        with pytest.raises(error, match=words):
            report(*runs, **{"output": page} | options)
    assert page.read_text() == "as it was before"
    assert names(tmp_path) == before


def test_the_command_shows_the_verdict_and_the_page(saved, page, augury):
    shown = augury("report", saved(), "--output", page, "--permutations", "19")
    assert shown.exit_code == 0, shown.stderr
    words = " ".join(shown.stdout.split())
    assert words.startswith("sma_crossover on ACME")
    assert "Sharpe ratio" in words
    assert "Written: " in words
    assert augury("report", "1").exit_code == 2
