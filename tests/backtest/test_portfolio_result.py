"""The result of a portfolio: measures, views and reports as a single instrument's, and a proof from its returns."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from augury.backtest import (
    BacktestSpec,
    CostSpec,
    ExitSpec,
    Panel,
    PanelAction,
    PanelHistory,
    PortfolioResult,
    PortfolioSpec,
    ProofSpec,
    RebalanceSpec,
    Tried,
    WeightsWithHistory,
    buy_and_hold,
    prove,
    run_backtest,
    run_portfolio,
    run_portfolio_engine,
    sweep,
)
from augury.backtest.portfolio.portfolio_weights import WeightTable
from augury.backtest.proof.portfolio_benchmark import equal_weights, hold_equal_weights
from augury.errors import InvalidInput
from augury.market.bars import BarArrays
from augury.metrics import sharpe
from augury.sample import SPLITS, load_sample

QUICK = ProofSpec(replications=199)
ALONE = Tried(configurations=1, effective=1.0, sharpes=np.empty(0), source="a test")
MONTHLY = PortfolioSpec(rebalance=RebalanceSpec(when="monthly"))
RERUN = {"permutation_p", "walk_forward_permutation_p"}


@pytest.fixture(scope="module")
def panel() -> Panel:
    return Panel.of({name: frame.loc["2009":] for name, frame in load_sample().bars.items()}).loaded()


@pytest.fixture(scope="module")
def proven(panel: Panel) -> PortfolioResult:
    return prove(run_portfolio(panel, {"AAPL": 0.4, "IBM": 0.3, "MSFT": 0.3}, MONTHLY), QUICK, tried=ALONE)


def random_targets(seed: int, n: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    levels = rng.choice([0.0, 1.0, -1.0, 0.5], n)
    return levels[np.maximum.accumulate(np.where(rng.random(n) < 0.2, np.arange(n), 0))]


def rising(history: PanelHistory) -> dict[str, float] | None:
    closes = history.closes
    if len(closes) < 20:
        return None
    return dict.fromkeys((closes.iloc[-1] / closes.iloc[0]).nlargest(2).index, 0.5)


@pytest.mark.parametrize("exits", [ExitSpec(), ExitSpec(stop_loss=0.04, take_profit=0.08)])
def test_a_portfolio_of_one_symbol_has_the_measures_trades_and_proof_of_the_single_engine(
    exits: ExitSpec, make_random_bars: Any
) -> None:
    bars, targets = make_random_bars(5, 400), random_targets(6, 400)
    spec = BacktestSpec(exits=exits)
    panel = Panel.of({"X": bars}, timeframe="1D")
    weights = WeightTable(known_at=panel.closed_at, rows=targets[:, None])
    many = prove(run_portfolio(panel, weights, PortfolioSpec(backtest=spec)), QUICK, tried=ALONE)
    one = prove(run_backtest(targets, bars, spec=spec), QUICK, tried=ALONE)
    assert many.metrics.to_dict() == one.metrics.to_dict()
    pd.testing.assert_frame_equal(many.trades.drop(columns="symbol"), one.trades, check_exact=True)
    assert many.costs == pytest.approx(dict(one.costs), rel=1e-12, abs=1e-9)
    np.testing.assert_array_equal(many.returns, one.returns)
    np.testing.assert_array_equal(many.proof.benchmark, one.proof.benchmark)  # type: ignore[union-attr]
    assert many.equity.equals(one.equity)
    theirs, mine = (json.loads(json.dumps(each.proof.to_dict())) for each in (one, many))  # type: ignore[union-attr]
    evidence = theirs["verdict"]["evidence"]
    for each in ("reasons", "ambiguous_share"):
        evidence.pop(each)
        mine["verdict"]["evidence"].pop(each)
    assert mine["verdict"]["evidence"] == evidence
    assert mine["verdict"]["level"] == theirs["verdict"]["level"]
    assert mine["intervals"] == theirs["intervals"]


def test_measures_take_exposure_turnover_and_trades_from_the_run(panel: Panel) -> None:
    result = run_portfolio(panel, {"AAPL": 0.4, "IBM": -0.3}, MONTHLY)
    run = result.run
    np.testing.assert_array_equal(run.equity, run_portfolio_engine(panel, {"AAPL": 0.4, "IBM": -0.3}, MONTHLY).equity)
    assert result.metrics["total_return"].value == run.equity[-1] / 10_000.0 - 1.0
    assert result.metrics["total_turnover"].value == pytest.approx(float(run.traded.sum()) / run.equity.mean(), rel=0.2)
    closed = ~result.trades["is_open"]
    assert result.metrics["trades"].value == closed.sum()
    assert list(result.by_symbol.index) == list(panel.symbols)
    assert result.by_symbol["contributions"].sum() + run.interest == pytest.approx(run.equity[-1] - 10_000.0)
    assert result.costs["commission"] == run.commissions.sum()
    assert list(result.to_frame().columns) == ["equity", "return", "cash", "gross", "net", "stale"]


def test_without_a_proof_the_views_say_that_nothing_is_proven(panel: Panel) -> None:
    result = run_portfolio(panel, {"AAPL": 0.5, "IBM": 0.5})
    said = " ".join(str(result).split())
    assert "NOT JUDGED: nothing has been proven yet" in said
    assert "augury.prove(result)" in said
    assert "Portfolio of AAPL, FB, GOOG and 2 more" in said
    assert "not proven yet" in repr(result)
    assert "augury.prove(result)" in result._repr_html_()
    assert result.story().benchmark is None


def test_the_proof_tests_all_but_permutations_and_says_why(proven: PortfolioResult) -> None:
    verdict = proven.proof.verdict  # type: ignore[union-attr]
    items = {item.name: item for item in verdict.gate}
    assert {each for each in items if items[each].status == "not tested"} == {"leaks", *RERUN}
    for each in RERUN:
        assert "not recomputed on permuted bars" in items[each].why
    assert items["overfitting_probability"].status == "not applicable"
    assert verdict.level in ("unproven", "refuted")
    assert any("No permutation test" in note for note in proven.story().notes)
    assert "beta" in proven.metrics
    json.dumps(proven.to_dict())


def test_delays_and_costs_are_runs_of_the_same_weights_under_other_options(
    proven: PortfolioResult, panel: Panel
) -> None:
    tests = proven.proof.tests  # type: ignore[union-attr]

    def again(**options: Any) -> float:
        spec = MONTHLY.replace(backtest=BacktestSpec(**options))
        result = run_portfolio(panel, {"AAPL": 0.4, "IBM": 0.3, "MSFT": 0.3}, spec)
        return float(sharpe(result.returns, result.bars_per_year))

    for later in (0, 1, 2, 5):
        assert tests.delay.at(later) == again(delay_bars=later)
    for times in (0.0, 0.5, 1.0, 2.0, 3.0):
        assert tests.cost.at(times) == again(costs=CostSpec().scaled(times))


def test_a_function_is_called_in_the_run_alone_and_its_weights_are_run_again(panel: Panel) -> None:
    calls: list[int] = []

    def counted(history: PanelHistory) -> dict[str, float] | None:
        calls.append(len(history.opened_at))
        return rising(history)

    weights = WeightsWithHistory(function=counted, lookback_bars=20)
    result = run_portfolio(panel, weights, MONTHLY.replace(block_bars=100))
    made = len(calls)
    told = prove(result, QUICK).proof
    assert len(calls) == made > 40
    late = MONTHLY.replace(backtest=BacktestSpec(delay_bars=2))
    again = run_portfolio(panel, weights, late)
    assert told.tests.delay.at(2) == float(sharpe(again.returns, again.bars_per_year))  # type: ignore[union-attr]
    np.testing.assert_array_equal(again.weights.rows, result.weights.rows)
    np.testing.assert_array_equal(run_portfolio_engine(panel, result.weights, MONTHLY).equity, result.run.equity)
    assert result.name == "counted"


def test_a_function_that_never_decides_holds_nothing(panel: Panel) -> None:
    result = run_portfolio(panel, lambda _: None, MONTHLY)
    assert (result.run.equity == 10_000.0).all()
    assert prove(result, QUICK).proof.verdict.level in ("unproven", "refuted")  # type: ignore[union-attr]
    assert result.name == "portfolio"


def test_the_benchmark_holds_equal_weights_of_what_is_listed() -> None:
    sample = load_sample().bars
    gone = {**sample, "IBM": sample["IBM"].loc[:"2011-06-30"]}
    panel = Panel.of({name: frame.loc["2010":] for name, frame in gone.items()})
    table = equal_weights(panel)
    there = np.array([[name in ("AAPL", "GOOG", "IBM", "MSFT") for name in panel.symbols]], dtype=float)
    np.testing.assert_array_equal(table.rows[0], there[0] / 4.0)
    assert len(table.rows) == 3
    assert table.rows[1].tolist() == pytest.approx(
        [1 / 3 if n in ("AAPL", "GOOG", "MSFT") else 0.0 for n in panel.symbols]
    )
    assert table.rows[2].tolist() == [0.25 if name != "IBM" else 0.0 for name in panel.symbols]
    last = int(panel.last[panel.position("IBM")])
    assert table.known_at.tolist() == [
        panel.closed_at[0],
        panel.closed_at[last + 1],
        panel.closed_at[panel.first[panel.position("FB")]],
    ]
    result = run_portfolio(panel, {"AAPL": 0.1}, PortfolioSpec(max_weight=0.1, backtest=BacktestSpec(delay_bars=3)))
    held = hold_equal_weights(result)
    assert held.rebalances == 3
    assert held.gross[-1] / held.equity[-1] > 0.99
    by_bar = np.zeros((len(panel), 5))
    by_bar[:] = table.rows[table.row_numbers(panel.closed_at)]
    plain = run_portfolio_engine(panel, WeightTable(known_at=panel.closed_at, rows=by_bar))
    np.testing.assert_allclose(held.equity, plain.equity, rtol=1e-12)


def test_the_benchmark_of_one_symbol_is_buy_and_hold(make_random_bars: Any) -> None:
    bars = make_random_bars(1, 200)
    panel = Panel.of({"X": bars}, timeframe="1D")
    single = run_backtest(np.zeros(200), bars)
    held = hold_equal_weights(run_portfolio(panel, {"X": 0.0}))
    np.testing.assert_array_equal(held.equity, buy_and_hold(single).run.equity)


def test_a_known_edge_over_the_benchmark_is_found_and_noise_is_not() -> None:
    rng = np.random.default_rng(1)
    n, k = 1500, 6
    moves = rng.normal(0.0, 0.01, (n, k))
    moves[1:] += 0.002 * np.sign(moves[:-1])  # a move goes on the day after
    closes = 50.0 * np.exp(np.cumsum(moves, axis=0))
    opens = np.vstack([np.full((1, k), 50.0), closes[:-1]])
    times = np.arange(n, dtype=np.int64) * 86_400 * 10**9 + 10**18
    bars = {
        f"S{at}": BarArrays(times, np.ascontiguousarray(np.stack([o, np.maximum(o, c), np.minimum(o, c), c, c * 1e6])))
        for at, (o, c) in enumerate(zip(opens.T, closes.T, strict=True))
    }
    panel = Panel.of(bars, timeframe="1D")
    spec = PortfolioSpec(backtest=BacktestSpec(costs=CostSpec().scaled(0.02)))
    follow = np.sign(moves) / k
    edge = prove(run_portfolio(panel, WeightTable(known_at=panel.closed_at, rows=follow), spec), QUICK, tried=ALONE)
    chance = np.sign(rng.normal(size=(n, k))) / k
    noise = prove(run_portfolio(panel, WeightTable(known_at=panel.closed_at, rows=chance), spec), QUICK, tried=ALONE)
    found, nothing = (each.proof.verdict.evidence for each in (edge, noise))  # type: ignore[union-attr]
    assert found.deflated_sharpe > 0.99
    assert edge.proof.verdict.level == "unproven"  # type: ignore[union-attr]  # no permutation test was made
    assert found.superiority_p < 0.05
    assert found.sharpe_lower > 0.0
    assert nothing.superiority_p > 0.1
    assert nothing.deflated_sharpe < 0.95
    tried = Tried(configurations=500, effective=400.0, sharpes=np.zeros(500), source="a test")
    many = prove(noise, QUICK, tried=tried).proof.verdict.evidence  # type: ignore[union-attr]
    assert many.deflated_sharpe < nothing.deflated_sharpe
    assert many.effective_trials == 400.0
    assert prove(edge, QUICK, leaks=1).proof.verdict.level == "refuted"  # type: ignore[union-attr]


def test_the_same_seed_gives_the_same_proof(proven: PortfolioResult) -> None:
    again = prove(proven, QUICK, tried=ALONE)
    assert json.dumps(again.proof.to_dict()) == json.dumps(proven.proof.to_dict())  # type: ignore[union-attr]
    other = prove(proven, QUICK.replace(seed=1), tried=ALONE)
    assert json.dumps(other.proof.to_dict()) != json.dumps(proven.proof.to_dict())  # type: ignore[union-attr]
    assert again.digests == proven.digests


def test_a_sweep_is_no_search_over_portfolios(proven: PortfolioResult, make_random_bars: Any) -> None:
    found = sweep("sma_crossover", make_random_bars(1, 100), {"fast": [2, 3], "slow": [5]})
    with pytest.raises(InvalidInput, match="proven without one"):
        prove(proven, QUICK, sweep=found)  # type: ignore[call-overload]


def test_dropped_fills_leave_trades_out_and_everything_else_in(panel: Panel) -> None:
    weights = {"AAPL": 0.4, "IBM": 0.3, "MSFT": 0.3}
    result = prove(run_portfolio(panel, weights, MONTHLY.replace(keep_fills=False)), QUICK, tried=ALONE)
    assert "trades" not in result.metrics
    assert "turnover" not in result.metrics
    assert result.metrics["max_gross"].value > 0.9
    assert any("keep_fills" in note for note in result.notes)
    item = {item.name: item for item in result.proof.verdict.gate}["trades"]  # type: ignore[union-attr]
    assert item.status == "not tested"
    assert "keep_fills" in item.why
    assert result.to_dict()["trades"] is None
    assert "By symbol" in [check.title for check in result.story().checks]
    with pytest.raises(InvalidInput, match="keep_fills"):
        _ = result.trades


def test_the_story_tells_what_each_symbol_added_the_largest_first(proven: PortfolioResult) -> None:
    table = proven.story().checks[0]
    assert table.title == "By symbol"
    added = [abs(row[1]) for row in table.rows]  # type: ignore[arg-type]
    assert added == sorted(added, reverse=True)
    assert sum(row[1] for row in table.rows) == pytest.approx(proven.run.contributions.sum())  # type: ignore[misc]
    assert [check.title for check in proven.story().checks[1:]] == ["Later fills", "Dearer trading", "By calendar year"]
    assert proven.story().parameters == {"AAPL": 0.4, "IBM": 0.3, "MSFT": 0.3}
    assert proven.story().settings["when"] == "monthly"
    assert proven.story().benchmark.name == "equal weights, held"  # type: ignore[union-attr]


def test_of_many_symbols_the_rest_is_one_row(make_random_bars: Any) -> None:
    bars = make_random_bars(1, 60)
    many = {
        f"S{at:02d}": BarArrays(bars.opened_at, np.ascontiguousarray(bars.matrix * np.array([[p]] * 4 + [[1.0]])))
        for at, p in enumerate(np.linspace(1.0, 2.0, 26))
    }
    result = run_portfolio(Panel.of(many, timeframe="1D"), dict.fromkeys(many, 1 / 26))
    rows = result.story().checks[0].rows
    assert len(rows) == 21
    assert rows[-1][0] == "6 others"
    assert sum(row[1] for row in rows) == pytest.approx(result.run.contributions.sum())  # type: ignore[misc]
    assert result.story().parameters == {}


def test_notes_tell_ruin_same_close_fills_and_the_one_name_that_made_it(panel: Panel, make_bars: Any) -> None:
    crash = make_bars(np.concatenate([np.full(5, 100.0), np.full(5, 300.0)]))
    spec = PortfolioSpec(backtest=BacktestSpec(fill="same_close", maintenance_margin=0.0))
    ruined = run_portfolio(Panel.of({"X": crash}, timeframe="1D"), {"X": -1.0}, spec)
    assert any("ruined" in note for note in ruined.notes)
    assert any("close they are decided on" in note for note in ruined.notes)
    assert np.isfinite(ruined.metrics["max_gross"].value)
    assert ruined.returns[-1] == 0.0
    winner = run_portfolio(panel, {"AAPL": 0.8, "IBM": 0.1, "MSFT": 0.1})
    assert any(note.startswith("AAPL alone made ") for note in winner.notes)


def test_a_report_is_one_page_with_its_proof(panel: Panel, tmp_path: Path) -> None:
    result = run_portfolio(panel, {"AAPL": 0.5, "IBM": 0.5}, MONTHLY, name="halves")
    page = result.report(tmp_path / "portfolio.html").read_text()
    for words in (
        "Halves of AAPL, FB, GOOG and 2 more",
        "equal weights, held",
        "By symbol",
        "Later fills",
        "permutation",
    ):
        assert words in page
    assert 'id="candles"' not in page


def test_the_fingerprint_is_of_the_data_however_they_are_read(panel: Panel) -> None:
    weights = {"AAPL": 0.5, "IBM": 0.5}
    one = run_portfolio(panel, weights)
    blocks = run_portfolio(panel, weights, PortfolioSpec(block_bars=97))
    assert one.fingerprint == blocks.fingerprint
    shorter = run_portfolio(panel.until(int(panel.closed_at[-2])), weights)
    assert shorter.fingerprint != one.fingerprint


def test_bars_by_symbol_do_as_well_as_a_panel(panel: Panel) -> None:
    frames = {name: frame.loc["2009":] for name, frame in load_sample().bars.items()}
    one, two = (run_portfolio(each, {"AAPL": 0.5}) for each in (panel, frames))
    assert one.digests == two.digests


def test_a_year_of_unknown_length_is_named(make_bars: Any) -> None:
    result = run_portfolio(Panel.of({"X": make_bars(np.array([1.0, 2.0]))}, timeframe="1D"), {"X": 1.0})
    if not result.bars_per_year > 0.0:
        with pytest.raises(InvalidInput, match="periods_per_year"):
            prove(result, QUICK)


def test_weight_functions_see_prices_without_the_steps_of_splits_and_orders_fill_at_raw_ones() -> None:
    frames = {name: load_sample().bars[name] for name in ("AAPL", "IBM", "MSFT")}
    splits = [
        PanelAction(symbol=each.ticker, at=f"{each.effective_on}T00:00Z", split_ratio=each.ratio) for each in SPLITS
    ]
    forward = {name: frame.copy() for name, frame in frames.items()}
    for each in SPLITS:
        after = forward[each.ticker].index >= pd.Timestamp(each.effective_on, tz="UTC")
        forward[each.ticker].loc[after, ["open", "high", "low", "close"]] *= each.ratio
        forward[each.ticker].loc[after, "volume"] /= each.ratio
    smooth = Panel.of(forward).loaded()
    seen: list[np.ndarray] = []

    def watch(history: PanelHistory) -> dict[str, float] | None:
        stop = int(np.searchsorted(smooth.opened_at, history.opened_at[-1])) + 1
        expected = smooth.dense[:, stop - history.values.shape[1] : stop]  # type: ignore[index]
        np.testing.assert_allclose(history.values, expected, rtol=1e-14)
        seen.append(history.values[3, -1])
        return rising(history)

    for lookback, block in ((20, 65_536), (150, 97), (None, 331)):
        weights: Any = watch if lookback is None else WeightsWithHistory(function=watch, lookback_bars=lookback)
        spec = MONTHLY.replace(block_bars=block)
        raw = run_portfolio(Panel.of(frames, actions=splits), weights, spec)
        told = run_portfolio(smooth, raw.weights, spec)
        np.testing.assert_allclose(raw.run.equity, told.run.equity, rtol=1e-11)
    assert len(seen) > 3 * 156
    fills = raw.run.fills_frame()
    aapl = fills[(fills["symbol"] == "AAPL") & (fills.index > "2005-03-01")]
    opens = frames["AAPL"].loc[aapl.index, "open"]
    assert len(aapl) > 10
    np.testing.assert_allclose(aapl["price"], opens, rtol=0.001)


def test_what_a_function_saw_does_not_change_with_later_splits() -> None:
    frames = {"AAPL": load_sample().bars["AAPL"]}
    splits = [
        PanelAction(symbol="AAPL", at=f"{s.effective_on}T00:00Z", split_ratio=s.ratio)
        for s in SPLITS
        if s.ticker == "AAPL"
    ]
    whole = Panel.of(frames, actions=splits)
    early = whole.until("2004-01-01T00:00Z")
    seen: dict[str, list[np.ndarray]] = {"whole": [], "early": []}

    def watcher(into: list[np.ndarray]) -> Any:
        def watch(history: PanelHistory) -> None:
            into.append(history.values[:, -1, 0].copy())

        return WeightsWithHistory(function=watch, lookback_bars=3)

    run_portfolio(whole, watcher(seen["whole"]), MONTHLY)
    run_portfolio(early, watcher(seen["early"]), MONTHLY)
    assert len(seen["whole"]) > len(seen["early"]) > 40
    for one, two in zip(seen["early"][:-1], seen["whole"], strict=False):
        np.testing.assert_array_equal(one, two)
