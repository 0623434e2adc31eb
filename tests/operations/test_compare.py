"""The `compare` operation: side by side, everything counted, and better than holding only when it is shown."""

from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest

from augury.errors import InvalidInput, NotFound
from augury.ledger import Ledger
from augury.operations import run
from augury.sample import load_sample
from augury.validation import superiority_test

PAIR = ("sma_crossover", "rsi_reversal")

PROPHET = """
    # looks a day ahead, so it must be found better than holding
    def positions(bars):
        return (bars["close"].shift(-2) > bars["open"].shift(-1)).astype(float)
"""


def compare(prices, *strategies, **options):
    return run("compare", file=str(prices), strategies=list(strategies), **{"permutations": 0} | options)


def test_each_row_is_the_backtest_of_that_strategy_to_the_last_bit(book, prices):
    result = compare(prices, *PAIR, parameters=["sma_crossover.fast=7", "slow=30"], cash=5000.0, stop_loss=0.05)
    for one in result.compared:
        parameters = ["fast=7", "slow=30"] if one.label == "sma_crossover" else []
        alone = run(
            "backtest",
            strategy=one.label,
            file=str(prices),
            parameters=parameters,
            cash=5000.0,
            stop_loss=0.05,
            permutations=0,
            ledger="off",
        )
        assert one.result.digests == alone.result.digests
    assert book.exists()


def test_one_entry_each_is_written_and_all_of_them_are_counted_in_every_proof(book, prices, strategy_file):
    run("backtest", strategy="momentum", file=str(prices), permutations=0)
    mine = strategy_file("def positions(bars):\n    return (bars['close'] > bars['open']).astype(float)\n")
    result = compare(prices, *PAIR, mine)
    assert result.recorded.sequences == (2, 3, 4)
    with Ledger(book) as ledger:
        entries = ledger.entries()
    assert [entry.kind for entry in entries] == ["backtest", "compare", "compare", "compare"]
    assert [entry.subject for entry in entries[1:]] == [*PAIR, "mine"]
    assert {one.result.proof.trials for one in result.compared} == {4}
    assert {one.capsule for one in result.compared} == {entry.capsule["id"] for entry in entries[1:]}


def test_rows_fall_by_sharpe_ratio_and_one_that_never_trades_is_last_and_none_in_json(book, prices, strategy_file):
    idle = strategy_file("def positions(bars):\n    return [0.0] * len(bars)\n", "idle.py")
    result = compare(prices, idle, *PAIR)
    ratios = [one.result.metrics.sharpe.value for one in result.compared]
    assert ratios[:2] == sorted(ratios[:2], reverse=True)
    assert math.isnan(ratios[2])
    found = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert [row["label"] for row in found["strategies"]][2] == "idle"
    assert found["strategies"][2]["metrics"]["sharpe"]["value"] is None
    assert found["correlation"]["matrix"][2] == [None, None, None]
    assert found["benchmark"]["label"] == "buy and hold"
    assert book.exists()


def test_correlation_and_the_test_against_holding_are_those_of_the_returns(book, prices):
    result = compare(prices, *PAIR, "momentum", seed=3)
    labels = [one.label for one in result.compared]
    frame = pd.DataFrame({one.label: one.result.returns for one in result.compared})
    assert np.allclose(result.correlation, frame.corr().to_numpy(), atol=1e-12)
    direct = superiority_test(frame.to_numpy().T.copy(), result.holding.returns, seed=3)
    assert result.superiority.p_consistent == direct.p_consistent
    assert labels[result.superiority.best] in result.conclusion
    assert book.exists()


def test_chance_is_not_better_than_holding_and_a_strategy_that_sees_ahead_is(book, prices, strategy_file):
    luck = compare(prices, *PAIR, "momentum", "donchian_breakout")
    assert luck.better == ()
    assert luck.conclusion.startswith("None ")
    seen = compare(prices, *PAIR, strategy_file(PROPHET, "prophet.py"), commission=0.0, slippage=0.0)
    assert seen.better == ("prophet",)
    assert seen.conclusion.startswith("prophet earns more than holding")
    assert seen.superiority.p_consistent < 0.01
    assert book.exists()


def test_too_few_bars_to_test_are_said(book, tmp_path):
    path = tmp_path / "short.csv"
    load_sample().bars["AAPL"].iloc[:25].to_csv(path)
    result = compare(path, *PAIR, parameters=["sma_crossover.fast=2", "sma_crossover.slow=5"])
    assert "cannot be told: 25 bars; at least 30 are needed" in result.conclusion
    assert result.better == ()
    assert book.exists()


def test_labels_compare_a_strategy_with_itself_and_its_own_parameters_outdo_those_of_all(book, prices):
    result = compare(
        prices, "quick=sma_crossover", "late=sma_crossover", parameters=["late.fast=20", "fast=5", "slow=60"]
    )
    found = {one.label: dict(one.result.parameters) for one in result.compared}
    assert found == {
        "quick": {"fast": 5.0, "slow": 60.0, "short": 0.0},
        "late": {"fast": 20.0, "slow": 60.0, "short": 0.0},
    }
    assert book.exists()


@pytest.mark.parametrize(
    ("strategies", "options", "error", "words"),
    [
        (["sma_crossover"], {}, InvalidInput, "expected two strategies or more to compare, got 1"),
        ([], {}, InvalidInput, "expected two strategies or more to compare, got 0"),
        (["sma_crossover", "sma_crossover"], {}, InvalidInput, "sma_crossover is named twice"),
        (["sma_crossover", "b=sma_crossover"], {}, InvalidInput, "the same strategy with the same parameters"),
        ([*PAIR, "buy_and_hold"], {}, InvalidInput, "leave it out"),
        ([*PAIR, "smacrossover"], {}, NotFound, "did you mean 'sma_crossover'"),
        ([*PAIR, "nowhere.py"], {}, NotFound, "there is no file nowhere.py"),
        (PAIR, {"parameters": ["quick.fast=3"]}, InvalidInput, "no strategy here is labelled 'quick'"),
        (PAIR, {"parameters": ["fats=3"]}, InvalidInput, "did you mean 'fast'"),
        (PAIR, {"parameters": ["sma_crossover.fats=3"]}, InvalidInput, "did you mean 'fast'"),
        (PAIR, {"parameters": ["fast=x"]}, InvalidInput, "expected a number for fast"),
        (PAIR, {"parameters": ["fast=100000"]}, InvalidInput, "fast"),
        (PAIR, {"report": "page.txt"}, InvalidInput, r"ending in .html"),
        (PAIR, {"report": "nowhere/page.html"}, InvalidInput, "expected a folder"),
        (PAIR, {"settings": ["leverag=2"]}, InvalidInput, "did you mean 'leverage'"),
        (PAIR, {"permutations": -1}, InvalidInput, "permutations"),
    ],
)
def test_what_cannot_be_compared_is_refused_before_anything_is_recorded(
    strategies, options, error, words, book, prices, names
):
    if "report" in options:
        options = {"report": str(prices.parent / options["report"])}
    before = names(prices.parent)
    with pytest.raises(error, match=words):
        compare(prices, *strategies, **options)
    assert not book.exists()
    assert names(prices.parent) == before


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("import nothing_of_the_kind\n", r"mine.py failed to load: ModuleNotFoundError.*line 1"),
        ("def positions(bars:\n", "mine.py failed to load: SyntaxError"),
        ("def positions(bars):\n    return bars['clos']\n", r"positions\(bars\) failed: KeyError.*line 2"),
        ("def positions(bars):\n    return [2.0] * len(bars)\n", "2"),
    ],
)
def test_a_strategy_file_that_fails_stops_all_of_it(text, words, book, prices, strategy_file, names):
    mine = strategy_file(text)
    before = names(prices.parent)
    page = prices.with_name("page.html")
    with pytest.raises(InvalidInput, match=words):
        compare(prices, *PAIR, mine, report=str(page))
    assert not book.exists()
    assert names(prices.parent) == before


def test_missing_bars_and_an_output_over_an_input_are_refused(book, prices, strategy_file, tmp_path):
    with pytest.raises(NotFound, match="no such file"):
        compare(tmp_path / "NOWHERE.csv", *PAIR)
    link = tmp_path / "page.html"
    link.symlink_to(strategy_file(PROPHET))
    with pytest.raises(InvalidInput, match="would replace the file that it is made from"):
        compare(prices, "sma_crossover", f"me={tmp_path / 'mine.py'}", report=str(link))
    assert not book.exists()


def test_the_page_tells_of_all_of_them_and_of_buy_and_hold(book, prices, names):
    before = names(prices.parent)
    page = prices.with_name("page.html")
    result = compare(prices, *PAIR, permutations=19, report=str(page))
    text = page.read_text(encoding="utf-8")
    assert all(word in text for word in (*PAIR, "buy and hold", "Correlation of returns"))
    assert result.conclusion.split(";")[0] in text
    assert result.written == (str(page),)
    assert names(prices.parent) == sorted([*before, page.name, book.name, book.name + ".head"])


def test_with_the_ledger_off_nothing_is_written_and_that_is_said(book, prices):
    result = compare(prices, *PAIR, ledger="off")
    assert not book.exists()
    assert any("Nothing was recorded" in note for note in result.notes)
    assert {one.result.proof.trials for one in result.compared} == {None}


@pytest.mark.parametrize("columns", [80, 120])
def test_the_view_fits_and_shows_every_figure(columns, book, prices, augury, strategy_file):
    mine = strategy_file("def positions(bars):\n    return [0.0] * len(bars)\n", "a_long_name_for_a_strategy.py")
    shown = augury("compare", prices, *PAIR, mine, "--permutations", "0", columns=columns)
    assert shown.exit_code == 0, shown.stderr
    lines = [line for line in shown.stdout.splitlines() if str(book) not in line]
    assert max(map(len, lines)) <= columns
    words = " ".join(shown.stdout.split())
    assert "…" not in words
    assert "buy and hold" in words
    assert "Correlation of returns: " in words
    assert "given the 3 tried on these data" in words
    assert "Recorded as entries 1 to 3 of " in words
    assert str(book) in "".join(words.split())  # a long path is folded
    assert ("CAGR" in words) == (columns == 120)
