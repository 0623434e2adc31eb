"""The `leaks` operation: leaks named with column, first time, lag and remedy; sound code passed; nothing hidden."""

from __future__ import annotations

import json
import re
import textwrap

import pandas as pd
import pytest
from typer.testing import CliRunner

from augury.cli.main import app
from augury.errors import InvalidInput, NotFound
from augury.operations import run
from augury.testing import garch_bars, news_with_effect

BARS = garch_bars(900, seed=4)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    path = tmp_path_factory.mktemp("bars") / "BARS.csv"
    BARS.to_csv(path)
    return str(path)


@pytest.fixture
def write(tmp_path):
    def save(text, name="mine.py"):
        path = tmp_path / name
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return str(path)

    return save


def invoke(*arguments):
    return CliRunner().invoke(app, list(arguments), terminal_width=80, env={"COLUMNS": "80"})


def positions(expression):
    return f"def positions(bars):\n    close = bars['close']\n    return ({expression}).astype(float)\n"


@pytest.mark.parametrize("name", ["sma_crossover", "donchian_breakout", "rsi_reversal"])
def test_a_strategy_that_ships_is_passed(data, name):
    result = run("leaks", subject=name, file=data, depth="quick")
    assert (result.exit_code, result.leaks, result.unproven, result.kind) == (0, (), (), "strategy")
    assert result.columns == ("position",)
    assert result.trials > 50


@pytest.mark.parametrize(
    ("expression", "lag", "cause", "words"),
    [
        ("close.shift(-1) > close", 1, "next_bar", r"shift\(-1\)"),
        ("close > close.rolling(9, center=True).mean()", 4, "few_bars", "center=True"),
        ("close < close.mean() - 0.5 * close.std()", None, "whole_sample", "fitted on the whole series"),
        ("close.where(close > close.shift(1)).bfill() > close.shift(3)", None, "few_bars", "fixed stretch"),
    ],
)
def test_a_leak_is_named_with_its_lag_its_first_time_and_a_remedy(data, write, expression, lag, cause, words):
    result = run("leaks", subject=write(positions(expression)), file=data)
    assert result.exit_code == 1
    (leak,) = result.leaks
    assert leak.column == "position"
    assert leak.lag_bars == lag if lag is not None else leak.lag_bars >= 1
    assert (leak.cause, leak.before != leak.after) == (cause, True)
    assert pd.Timestamp(leak.first_affected) <= pd.Timestamp(leak.cut)
    assert re.search(words, leak.remedy)


def test_rows_that_vanish_are_told_as_rows(data, write):
    text = """
        def features(bars):
            change = bars["close"].pct_change()
            return bars.loc[change < change.quantile(0.9), ["close"]]
        """
    result = run("leaks", subject=write(text), file=data, depth="quick")
    assert result.kind == "function"
    assert {leak.cause for leak in result.leaks} >= {"rows"}


def test_a_feature_with_options_is_tested_and_parameters_reach_a_strategy(data):
    assert run("leaks", subject="rsi(timeperiod=7)", file=data, depth="quick").exit_code == 0
    result = run("leaks", subject="sma_crossover", file=data, parameters=["fast=3", "slow=9"], depth="quick")
    assert dict(result.parameters) == {"fast": 3.0, "slow": 9.0, "short": 0.0}


def test_a_function_of_bars_and_news_is_tested(tmp_path, write):
    sample = news_with_effect(200, seed=1)
    bars, news = tmp_path / "BARS.csv", tmp_path / "news.csv"
    sample.bars.to_csv(bars)
    sample.frame().to_csv(news, index=False)
    text = """
        import numpy as np
        import pandas as pd

        def positions(bars, news):
            times = pd.to_datetime([item.{clock} for item in news], utc=True).sort_values()
            closes = bars.index + pd.Timedelta(hours=1)
            return (times.searchsorted(closes, side="right") % 2).astype(float)
        """
    known = run("leaks", subject=write(text.format(clock="known_at")), file=str(bars), news=str(news), depth="quick")
    assert known.exit_code == 0
    early = run(
        "leaks", subject=write(text.format(clock="published_at")), file=str(bars), news=str(news), depth="quick"
    )
    assert early.exit_code == 1
    assert early.leaks[0].cause == "news"


def test_what_is_never_known_or_never_moves_is_said(data, write):
    nothing = run("leaks", subject=write("def features(bars):\n    return bars[['close']] * float('nan')\n"), file=data)
    assert (nothing.exit_code, nothing.proven, nothing.bars) == (3, False, 900)
    still = run("leaks", subject="buy_and_hold", file=data, depth="quick")
    assert (still.exit_code, still.unproven[0].value) == (0, 1.0)
    partly = "def features(bars):\n    return bars[['close']].assign(never=float('nan'))\n"
    result = run("leaks", subject=write(partly), file=data, depth="quick")
    assert (result.exit_code, [item.column for item in result.unproven]) == (0, ["never"])


def test_a_column_of_words_is_compared_too(data, write):
    text = """
        def features(bars):
            return bars[["close"]].assign(
                side=(bars["close"].shift(-1) > bars["close"]).map({True: "up", False: "down"}), kind="daily"
            )
        """
    result = run("leaks", subject=write(text), file=data, depth="quick")
    assert [leak.column for leak in result.leaks] == ["side"]
    assert [(item.column, item.value) for item in result.unproven] == [("kind", "daily")]
    assert json.dumps(result.to_dict(), allow_nan=False)


def test_too_few_bars_are_refused(tmp_path):
    path = tmp_path / "one.csv"
    BARS.iloc[:1].to_csv(path)
    with pytest.raises(InvalidInput, match="at least two bars"):
        run("leaks", subject="momentum", file=str(path))


def test_a_long_series_is_cut_to_its_last_bars_and_grows_until_values_are_known(data):
    assert run("leaks", subject="momentum", file=data, depth="quick").bars == 900
    assert run("leaks", subject="macd_trend", file=data, depth="quick").bars == 666
    assert run("leaks", subject="macd_trend", file=data, bars=300).bars == 300


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("import random\n\ndef positions(bars):\n    return [random.random() for _ in bars.index]\n", "two answers"),
        ("def positions(bars):\n    return bars['Close']\n", r"KeyError: 'Close' .*line 2"),
        ("def positions(bars):\n    return bars['close'].to_numpy()[:5]\n", r"got shape \(5,\)"),
        ("def features(bars):\n    return 1 / 0\n", "features failed: ZeroDivisionError.*line 2"),
        ("x = 1\n", "expected a function positions"),
    ],
)
def test_a_subject_that_does_not_work_is_refused(data, write, text, message):
    with pytest.raises(InvalidInput, match=message):
        run("leaks", subject=write(text), file=data)


def test_a_subject_that_fails_on_a_changed_future_says_on_which(data, write):
    text = """
        def positions(bars):
            assert bars["close"].max() < 1e6, "odd"
            return bars["close"] * 0
        """
    with pytest.raises(InvalidInput, match=r"AssertionError: odd .*raised by mine on inputs changed after"):
        run("leaks", subject=write(text), file=data)


def test_names_and_options_that_do_not_fit_are_refused(data, write):
    mine = write(positions("close > 0"))
    with pytest.raises(NotFound, match="did you mean 'sma_crossover'"):
        run("leaks", subject="sma_crosover", file=data)
    with pytest.raises(InvalidInput, match="is a strategy; give its parameters"):
        run("leaks", subject="sma_crossover(fast=3)", file=data)
    with pytest.raises(InvalidInput, match="write options in brackets"):
        run("leaks", subject="rsi", file=data, parameters=["timeperiod=3"])
    with pytest.raises(InvalidInput, match="expected a parameter such as fast=10, got 'fast'"):
        run("leaks", subject="sma_crossover", file=data, parameters=["fast"])
    with pytest.raises(InvalidInput, match="takes bars alone"):
        run("leaks", subject="sma_crossover", file=data, news="news.csv")
    with pytest.raises(NotFound, match="defines no function 'position'; did you mean 'positions'"):
        run("leaks", subject=f"{mine}:position", file=data)
    with pytest.raises(InvalidInput, match="takes no parameters"):
        run("leaks", subject=f"{mine}:positions", file=data, parameters=["fast=3"])


def test_progress_counts_every_run(data):
    class Counting:
        seen = 0
        closed = False

        def track(self, items, label, total):
            assert label == "Changing the future of sma_crossover"
            try:
                for item in items:
                    Counting.seen += 1
                    yield item
            finally:
                Counting.closed = True
            assert total >= Counting.seen

    result = run("leaks", progress=Counting(), subject="sma_crossover", file=data, depth="quick")
    assert result.trials <= Counting.seen <= result.trials + 40
    assert Counting.closed


def test_the_command_exits_with_one_and_prints_the_leak_within_eighty_columns(data, write):
    done = invoke("leaks", write(positions("close.shift(-1) > close")), data, "--depth", "quick")
    assert done.exit_code == 1
    text = " ".join(done.output.split())
    assert "position looks 1 bar ahead" in text
    assert "It reads the next bar." in text
    assert "No backtest of this means anything." in text
    body = [line for line in done.output.splitlines() if ".csv" not in line]
    assert max(map(len, body)) <= 80


def test_the_command_says_so_when_nothing_moved_or_nothing_was_shown(data, write):
    assert "Nothing at or before any moment moved" in invoke("leaks", "momentum", data, "--depth", "quick").output
    still = invoke("leaks", "buy_and_hold", data, "--depth", "quick")
    assert "this proves little" in still.output
    never = invoke("leaks", write("def features(bars):\n    return bars[['close']] * float('nan')\n"), data)
    assert never.exit_code == 3
    assert "Nothing was proven" in never.output


def test_json_holds_everything(data, write):
    done = invoke("leaks", write(positions("close.shift(-1) > close")), data, "--json", "--depth", "quick")
    found = json.loads(done.stdout)
    assert done.exit_code == 1
    assert (found["causal"], found["proven"], found["kind"], found["bars"]) == (False, True, "strategy", 600)
    leak = found["leaks"][0]
    assert leak["lag_bars"] == 1
    assert leak["first_affected"].endswith("Z")
    assert set(leak) == {
        "column",
        "lag_bars",
        "first_affected",
        "changed_after",
        "before",
        "after",
        "interventions",
        "trials",
        "cause",
        "remedy",
    }
