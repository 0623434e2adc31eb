"""A result prints, plots, reports and turns into plain values, with and without its proof."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from augury.backtest import BacktestSpec, CostSpec, ExitSpec, ProofSpec, prove, run_backtest, run_engine, sweep
from augury.backtest.result import fingerprint_of
from augury.backtest.run_facts import bar_returns
from augury.errors import InvalidBars, InvalidInput, NotFound
from augury.ledger import array_digest
from augury.market.bars import BarArrays, bars_frame
from augury.sample import load_sample

QUICK = ProofSpec(permutations=19, replications=199)
VIEWS = ("unproven", "proven", "searched", "ruined", "no trades", "one bar")


@pytest.fixture(scope="module")
def results(make_random_bars: Any, make_bars: Any) -> dict[str, Any]:
    bars = make_random_bars(1, 200)
    plain = run_backtest("sma_crossover", bars, {"fast": 3, "slow": 12}, symbol="ABC")
    search = sweep("sma_crossover", bars, {"fast": [2, 3, 5], "slow": [8, 12, 20, 30]})
    leap = make_bars(np.concatenate([np.full(60, 10.0) + np.sin(np.arange(60.0)), np.full(30, 45.0)]))
    return {
        "unproven": plain,
        "proven": prove(plain, QUICK),
        "searched": prove(search.result(search.best()), QUICK, sweep=search),
        "ruined": prove(run_backtest(lambda given: -np.ones(len(given)), leap), QUICK),
        "no trades": prove(run_backtest(np.zeros(200), bars), QUICK),
        "one bar": run_backtest("buy_and_hold", make_bars(np.array([10.0]))),
    }


@pytest.mark.parametrize("name", VIEWS)
def test_every_view_works(name: str, results: dict[str, Any], tmp_path: Path) -> None:
    result = results[name]
    text, html = str(result), result._repr_html_()
    assert result.strategy in text
    assert "<" in html
    assert "nan" not in text.lower().split()
    assert len(repr(result)) < 200
    frame = result.to_frame()
    assert list(frame.columns) == ["equity", "return", "units"]
    np.testing.assert_array_equal(frame["equity"], result.equity)
    np.testing.assert_array_equal(frame["units"], result.positions)
    assert result.plot() is not None


@pytest.mark.parametrize("name", VIEWS)
def test_plain_values_are_strict_json(name: str, results: dict[str, Any]) -> None:
    result = results[name]
    told = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert told["bars"] == len(result.run.bars)
    assert told["final_equity"] == result.run.equity[-1]
    assert (told["proof"] is None) == (name in ("unproven", "one bar"))
    assert len(told["trades"]) == len(result.trades)
    assert set(told["digests"]) == {"equity", "fills", "measures"}
    if told["trades"]:
        assert pd.Timestamp(told["trades"][0]["entry_time"]) == result.trades["entry_time"].iloc[0]


@pytest.mark.parametrize("name", ["proven", "searched", "ruined", "no trades"])
def test_a_report_is_one_page_without_network(name: str, results: dict[str, Any], tmp_path: Path) -> None:
    written = results[name].report(tmp_path / "out.html")
    page = written.read_text(encoding="utf-8")
    assert page.lstrip().lower().startswith("<!doctype html>")
    assert 'src="http' not in page
    assert [path.name for path in tmp_path.iterdir()] == ["out.html"]


def test_a_report_makes_the_proof_when_there_is_none(results: dict[str, Any], tmp_path: Path) -> None:
    results["unproven"].report(tmp_path / "out.html")
    assert results["unproven"].proof is None
    assert "Permutation test" in (tmp_path / "out.html").read_text(encoding="utf-8")


def test_a_report_that_cannot_be_made_leaves_nothing_behind(results: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="periods_per_year"):
        results["one bar"].report(tmp_path / "out.html")
    with pytest.raises(InvalidInput, match="html"):
        results["proven"].report(tmp_path / "out.pdf")
    with pytest.raises(NotFound):
        results["proven"].report(tmp_path / "missing" / "out.html")
    assert not list(tmp_path.iterdir())


def test_costs_are_those_of_the_fills_and_the_account(make_random_bars: Any) -> None:
    spec = BacktestSpec(costs=CostSpec(cash_interest_rate=0.05, borrow_rate=0.1))
    result = run_backtest("sma_crossover", make_random_bars(2, 200), {"fast": 2, "slow": 9, "short": 1}, spec)
    assert result.costs["commission"] == pytest.approx(result.run.fills[:, 3].sum())
    assert result.costs["slippage"] == pytest.approx(result.run.fills[:, 4].sum())
    assert result.costs["borrowing"] > 0.0
    assert result.costs["interest"] > 0.0
    change = result.run.equity[-1] - 10_000.0
    financing = result.costs["interest"] - result.costs["borrowing"]
    assert result.trades["profit_and_loss"].sum() + financing == pytest.approx(change)


def test_returns_join_the_initial_cash_to_the_last_close(results: dict[str, Any]) -> None:
    for name in ("proven", "searched", "no trades"):
        result = results[name]
        np.testing.assert_allclose(10_000.0 * np.cumprod(1.0 + result.returns), result.run.equity, rtol=1e-12)


def test_a_ruined_account_has_no_returns_afterwards(results: dict[str, Any]) -> None:
    returns = results["ruined"].returns
    assert returns.min() < -1.0
    assert (returns[returns.argmin() + 1 :] == 0.0).all()
    np.testing.assert_array_equal(bar_returns(10.0, np.array([5.0, 0.0, 0.0, -1.0, -2.0])), [-0.5, -1.0, 0.0, 0.0, 0.0])


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        (BacktestSpec(fill="same_close"), "needs a price before it is known"),
        (BacktestSpec(volume_limit=0.01), "cut by the volume limit"),
        (BacktestSpec(exits=ExitSpec(stop_loss=0.002, take_profit=0.002)), "the stop was taken first"),
    ],
)
def test_notes_say_what_a_reader_has_to_know(spec: BacktestSpec, said: str, make_random_bars: Any) -> None:
    result = run_backtest("sma_crossover", make_random_bars(4, 200), {"fast": 2, "slow": 9}, spec)
    assert any(said in note for note in result.notes)
    assert not run_backtest("sma_crossover", make_random_bars(4, 200), {"fast": 2, "slow": 9}).notes


def test_ruin_is_noted(results: dict[str, Any]) -> None:
    assert any("ruined" in note for note in results["ruined"].notes)


def test_equal_runs_have_equal_names_and_other_runs_others(make_random_bars: Any) -> None:
    bars = make_random_bars(1, 120)
    one, two = (run_backtest("sma_crossover", bars, {"fast": 3, "slow": 12}) for _ in range(2))
    assert (one.digests, one.fingerprint, one.strategy_id) == (two.digests, two.fingerprint, two.strategy_id)
    assert one.digests["equity"] == array_digest(one.run.equity)
    other = run_backtest("sma_crossover", bars, {"fast": 4, "slow": 12})
    assert all(one.digests[name] != other.digests[name] for name in one.digests)
    later = BarArrays(bars.opened_at + 1, bars.matrix)
    touched = BarArrays(bars.opened_at, bars.matrix.copy())
    touched.matrix[4, 60] += 1.0
    assert len({fingerprint_of(each) for each in (bars, later, touched)}) == 3
    assert run_backtest("ema_crossover", bars).strategy_id != one.strategy_id


def test_the_same_result_takes_a_proof(results: dict[str, Any]) -> None:
    bare, proven = results["unproven"], results["proven"]
    assert bare.digests["equity"] == proven.digests["equity"]
    assert replace(bare, proof=proven.proof).returns is not bare.returns
    assert "not proven yet" in repr(bare)
    assert proven.proof.verdict.level in repr(proven)


def test_frames_arrays_functions_names_and_positions_all_run(make_random_bars: Any) -> None:
    bars = make_random_bars(1, 120)
    frame = bars_frame(bars.opened_at, bars.matrix)
    by_name = run_backtest("sma_crossover", frame, {"fast": 3, "slow": 12})
    held = pd.Series(by_name.run.targets, index=frame.index)
    for strategy in (held, held.to_numpy(), held.tolist(), lambda _: held):
        assert run_backtest(strategy, frame).digests["equity"] == by_name.digests["equity"]


@pytest.mark.parametrize(
    ("strategy", "message"),
    [
        (np.full(120, np.nan), "0 while nothing is known"),
        (np.full(120, 1.5), r"should lie in \[-1, 1\]; got 1.5 at bar 0 .* raise `leverage`"),
        (np.full(120, -1.01), r"should lie in \[-1, 1\]"),
        (np.zeros(119), "should return 120 target positions"),
        (np.zeros((120, 2)), "one target position a bar"),
        (lambda bars: pd.Series(0.0, index=bars.index[::-1]), "on the index of the bars"),
        (lambda bars: bars["close"].rolling(1_000).mean() * 0.0, "0 while nothing is known"),
        (lambda bars: bars["closing"], "closing"),
        (lambda _: None, "returned nothing"),
        (lambda bars: ["a"] * len(bars), "numbers"),
        (7, "expected a strategy"),
        (dict, "not the class dict"),
    ],
)
def test_positions_that_cannot_be_held_are_refused_with_what_to_do(
    strategy: Any, message: str, make_random_bars: Any
) -> None:
    with pytest.raises(InvalidInput, match=message):
        run_backtest(strategy, make_random_bars(1, 120))


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"fsat": 3}, "no parameter 'fsat'; did you mean 'fast'"),
        ({"fast": -3}, "whole number in 1"),
        ({"fast": 2.5}, "whole number"),
        ({"fast": "3"}, "got '3'"),
        ({"fast": 50, "slow": 20}, "below"),
    ],
)
def test_parameters_out_of_bounds_are_refused(parameters: Any, message: str, make_random_bars: Any) -> None:
    with pytest.raises(InvalidInput, match=message):
        run_backtest("sma_crossover", make_random_bars(1, 120), parameters)


@pytest.mark.parametrize(
    "options",
    [{"initial_cash": 0.0}, {"leverage": 0.0}, {"costs": {"commission_rate": -0.1}}, {"periods_per_year": 0.0}],
)
def test_options_that_make_no_sense_are_refused(options: Any) -> None:
    with pytest.raises(InvalidInput, match=r"initial_cash|leverage|commission_rate|periods_per_year"):
        BacktestSpec.from_dict(options)


def test_bars_that_break_a_rule_are_refused(make_random_bars: Any) -> None:
    bars = make_random_bars(1, 60)
    for row, value in ((0, 0.0), (3, -1.0), (2, np.nan), (4, -5.0)):
        matrix = bars.matrix.copy()
        matrix[row, 30] = value
        with pytest.raises(InvalidBars):
            run_backtest("buy_and_hold", BarArrays(bars.opened_at, matrix))
    with pytest.raises(InvalidBars):
        run_backtest("buy_and_hold", BarArrays(bars.opened_at[::-1].copy(), bars.matrix))
    with pytest.raises(InvalidInput, match=r"float64\[3, 60\]"):
        run_backtest("buy_and_hold", bars, actions=np.ones((3, 59)))


def test_a_single_bar_gives_a_result_that_claims_nothing(results: dict[str, Any]) -> None:
    metrics = results["one bar"].metrics
    assert results["one bar"].run.equity.tolist() == [10_000.0]
    assert np.isnan(metrics["sharpe"].value)
    assert metrics["sharpe"].reason
    assert np.isnan(metrics["cagr"].value)


def test_the_sample_runs_as_the_readme_says() -> None:
    bars = load_sample().bars["AAPL"]
    result = run_backtest("sma_crossover", bars, {"fast": 20, "slow": 100}, symbol="AAPL")
    assert result.timeframe == "1D"
    assert result.subject.periods_per_year == 252.0
    assert result.equity.index.equals(bars.index)
    alone = run_engine(result.run.bars, result.run.targets, result.spec)
    np.testing.assert_array_equal(alone.equity, result.run.equity)
