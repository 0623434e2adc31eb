"""The proof: deterministic, honest about what was not tested, hard on noise and leaks, fair to an edge."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from augury.backtest import (
    BacktestSpec,
    CostSpec,
    ExitSpec,
    ProofSpec,
    Tried,
    prove,
    run_backtest,
    run_engine,
    sweep,
)
from augury.backtest.proof.benchmarks import buy_and_hold
from augury.backtest.search.sweeping import quick_sweep
from augury.errors import InvalidInput, NotEnoughData
from augury.metrics import sharpe
from augury.strategies import compiled_strategy
from augury.validation import effective_trials

QUICK = ProofSpec(permutations=39, replications=199)
CHEAP = BacktestSpec(costs=CostSpec(commission_rate=0.0002, slippage_rate=0.0))


@compiled_strategy(bounds={"days": (1, 60), "calm": (0.0, 1.0)})
def follow(bars, out, days=3, calm=0.0):  # type: ignore[no-untyped-def]
    closes = bars[3]
    for t in range(out.shape[0]):
        moved = closes[t] / closes[t - days] - 1.0 if t >= days else 0.0
        out[t] = 1.0 if moved > calm else (-1.0 if moved < -calm else 0.0)


GRID = {"days": [1, 2, 3, 5, 8, 13], "calm": [0.0, 0.01, 0.02]}


def walk(seed: int, n: int, make_bars: Any, persistence: float = 0.0) -> Any:
    """Closes whose moves follow the move before with that weight."""
    rng = np.random.default_rng(seed)
    moves = rng.normal(0.0, 0.01, n)
    for t in range(1, n):
        moves[t] += persistence * moves[t - 1]
    closes = 100.0 * np.exp(np.cumsum(moves))
    opens = np.concatenate([[100.0], closes[:-1]]) * np.exp(rng.normal(0.0, 0.0005, n))
    return make_bars(closes, opens, np.abs(rng.normal(0.0, 0.003, (2, n))))


def tried_by(found: Any, others: int = 0) -> Tried:
    """What a ledger would say after this search and so many unrelated tries."""
    annual = np.sqrt(found.parts[0].subject.periods_per_year)
    own = effective_trials(found.parts[0].block_sums).effective
    chance = np.random.default_rng(0).normal(0.0, 0.02, others)
    return Tried(
        configurations=len(found) + others,
        effective=own + others,
        sharpes=np.concatenate([found.measured("sharpe") / annual, chance]),
        source="a test",
    )


def best_proven(bars: Any, spec: ProofSpec = QUICK, others: int = 0, **more: Any) -> Any:
    found = sweep(follow, bars, GRID, CHEAP)
    return prove(found.result(found.best()), spec, sweep=found, tried=tried_by(found, others), **more)


@pytest.fixture(scope="module")
def edge(make_bars: Any) -> Any:
    return walk(1, 2_500, make_bars, 0.25)


@pytest.fixture(scope="module")
def noise(make_bars: Any) -> Any:
    return walk(2, 700, make_bars)


def test_the_same_seed_gives_the_same_proof_and_another_another(noise: Any) -> None:
    one, two, other = (best_proven(noise, QUICK.replace(seed=seed)) for seed in (3, 3, 4))
    assert json.dumps(one.proof.to_dict()) == json.dumps(two.proof.to_dict())
    np.testing.assert_array_equal(one.proof.tests.permutation.null, two.proof.tests.permutation.null)
    assert not np.array_equal(one.proof.tests.permutation.null, other.proof.tests.permutation.null)
    assert one.proof.spec.seed == 3


def test_a_planted_edge_with_a_long_record_is_promising_or_better(edge: Any) -> None:
    proof = best_proven(edge).proof
    assert proof.in_sample.level in ("promising", "promote")
    assert proof.out_of_sample.level in ("promising", "promote")
    assert proof.verdict.level in ("promising", "promote")
    assert proof.tests.permutation.p_value <= 0.05
    assert proof.tests.walk_forward_permutation.p_value <= 0.05
    assert proof.tests.overfitting.probability < 0.5
    assert proof.in_sample.evidence.out_of_sample is False


def test_the_best_of_a_search_over_noise_is_not_promoted(make_bars: Any) -> None:
    levels = [best_proven(walk(100 + seed, 600, make_bars)).proof.verdict.level for seed in range(16)]
    assert "promote" not in levels
    assert levels.count("promising") <= 2


def test_a_leak_refutes_whatever_the_figures_say(edge: Any) -> None:
    sound, leaking = best_proven(edge, leaks=0), best_proven(edge, leaks=2)
    assert sound.proof.verdict.level != "refuted"
    assert leaking.proof.verdict.level == "refuted"
    assert leaking.proof.out_of_sample.level == "refuted"
    assert leaking.proof.verdict.concerns[0].name == "look_ahead"


def test_more_tries_on_record_lower_the_deflated_ratio(edge: Any) -> None:
    result = run_backtest(follow, edge, {"days": 8}, CHEAP)

    def deflated(tries: int, effective: float | None = None) -> float:
        sharpes = np.random.default_rng(1).normal(0.0, 0.03, tries)
        tried = Tried(configurations=tries, effective=float(effective or tries), sharpes=sharpes)
        found = prove(result, QUICK, tried=tried)
        assert found.proof.trials == tries
        return float(found.proof.in_sample.evidence.deflated_sharpe)

    figures = [deflated(tries) for tries in (1, 10, 100, 1_000)]
    assert all(later < earlier for earlier, later in itertools.pairwise(figures))
    assert deflated(100) < deflated(100, effective=12.0) < deflated(1)


def test_nobody_counting_is_not_a_count_of_one(noise: Any) -> None:
    proof = prove(run_backtest(follow, noise, spec=CHEAP), QUICK).proof
    item = next(item for item in proof.verdict.gate if item.name == "deflated_sharpe")
    assert item.status == "not tested"
    assert not item.passed
    assert proof.trials is None
    assert any(concern.name == "tries_not_recorded" for concern in proof.verdict.concerns)


def test_a_record_that_misses_the_search_is_counted_with_it(noise: Any) -> None:
    found = sweep(follow, noise, GRID, CHEAP)
    forgetful = Tried(configurations=1, effective=1.0, sharpes=np.array([0.01]))
    proof = prove(found.result(found.best()), QUICK, sweep=found, tried=forgetful).proof
    assert proof.trials == len(found)
    assert proof.tests.effective.effective > 1.0


@pytest.mark.parametrize(
    ("make", "spec", "missing", "note"),
    [
        (lambda: follow, QUICK.replace(permutations=0), {"permutation_p"}, "were left out"),
        (lambda: follow, QUICK.replace(permutations=10), {"permutation_p"}, "were left out"),
        (lambda: np.ones(700), QUICK, {"permutation_p"}, "cannot be recomputed on permuted bars"),
        (lambda: follow, QUICK.replace(block_bars=100), {"permutation_p"}, "at least 10 blocks"),
    ],
)
def test_a_test_that_was_not_run_is_named_and_never_passes(
    make: Any, spec: ProofSpec, missing: set[str], note: str, noise: Any
) -> None:
    tried = Tried(configurations=1, effective=1.0, sharpes=np.empty(0))
    proof = prove(run_backtest(make(), noise, spec=CHEAP), spec, tried=tried).proof
    status = {item.name: item.status for item in proof.verdict.gate}
    assert {name for name in missing if status[name] == "not tested"} == missing
    assert status["walk_forward_permutation_p"] == "not tested"
    assert proof.verdict.level not in ("promote", "promising")
    assert any(note in said for said in proof.notes)
    assert any(note in said for said in prove(run_backtest(make(), noise, spec=CHEAP), spec).story().notes)


def test_a_search_without_permutations_still_walks_forward(noise: Any) -> None:
    proof = best_proven(noise, QUICK.replace(permutations=0)).proof
    assert proof.walk_forward is not None
    assert proof.tests.walk_forward_permutation is None
    status = {item.name: item.status for item in proof.out_of_sample.gate}
    assert status["walk_forward_permutation_p"] == status["permutation_p"] == "not tested"


def test_a_plain_function_gets_the_proof_of_its_compiled_twin(make_bars: Any) -> None:
    def plain(bars: Any, days: int = 3) -> Any:
        closes = bars["close"].to_numpy()
        moved = np.zeros(len(closes))
        moved[days:] = closes[days:] / closes[:-days] - 1.0
        return np.sign(moved)

    bars, found = walk(5, 300, make_bars, 0.2), []
    for strategy in (plain, follow):
        searched = sweep(strategy, bars, {"days": [1, 2, 5]}, CHEAP)
        proof = prove(searched.result(searched.best()), QUICK.replace(permutations=19), sweep=searched).proof
        found.append(json.dumps(proof.to_dict()))
    assert found[0] == found[1]


def test_a_history_too_short_for_a_walk_forward_says_so(make_bars: Any) -> None:
    bars = walk(5, 300, make_bars)
    found = sweep(follow, bars, GRID, CHEAP)
    spec = QUICK.replace(train_bars=280, test_bars=50)
    proof = prove(found.result(0), spec, sweep=found).proof
    assert proof.out_of_sample is None
    assert any("No walk-forward: expected at least 330 bars" in note for note in proof.notes)


def test_the_walk_forward_is_judged_on_its_test_bars_only(edge: Any) -> None:
    proof = best_proven(edge).proof
    first, last = int(proof.walk_forward.folds[0, 2]), int(proof.walk_forward.folds[-1, 3])
    stitched = proof.walk_forward.result
    evidence = proof.out_of_sample.evidence
    assert evidence.bars == last - first
    assert evidence.sharpe == pytest.approx(sharpe(stitched.returns[first:last], 365.0))
    assert evidence.sharpe == pytest.approx(proof.walk_forward.sharpe)
    assert evidence.out_of_sample is True
    assert evidence.trials == 1  # the search itself is repeated in every window
    beside = best_proven(edge, others=50).proof.out_of_sample.evidence
    assert beside.trials == 51
    assert beside.deflated_sharpe < evidence.deflated_sharpe


def test_delays_and_costs_are_real_reruns(noise: Any) -> None:
    result = run_backtest(follow, noise, {"days": 5}, CHEAP)
    tests = prove(result, QUICK).proof.tests
    for delay, value in zip(tests.delay.settings, tests.delay.values, strict=True):
        late = run_backtest(follow, noise, {"days": 5}, CHEAP.replace(delay_bars=int(delay)))
        assert value == late.metrics["sharpe"].value
    for factor, value in zip(tests.cost.settings, tests.cost.values, strict=True):
        dear = run_backtest(follow, noise, {"days": 5}, CHEAP.replace(costs=CHEAP.costs.scaled(factor)))
        assert value == dear.metrics["sharpe"].value
    assert tests.delay.settings == (0.0, 1.0, 2.0, 5.0)
    delayed = prove(run_backtest(follow, noise, {"days": 5}, CHEAP.replace(delay_bars=2)), QUICK).proof.tests.delay
    assert delayed.values[0] == tests.delay.values[2]


def test_buy_and_hold_pays_the_same_costs_and_knows_no_exits(noise: Any) -> None:
    spec = CHEAP.replace(exits=ExitSpec(stop_loss=0.01), delay_bars=0)
    result = run_backtest(follow, noise, {"days": 5}, spec)
    held = buy_and_hold(result)
    alone = run_engine(noise, np.ones(len(noise)), CHEAP)
    np.testing.assert_array_equal(held.run.equity, alone.equity)
    proof = prove(result, QUICK).proof
    np.testing.assert_array_equal(proof.benchmark, alone.equity)


def test_one_symbol_of_a_swept_universe_is_judged_on_its_own_search(make_bars: Any) -> None:
    universe = {"AA": walk(1, 400, make_bars), "BB": walk(2, 450, make_bars, 0.3)}
    many = sweep(follow, universe, GRID, CHEAP)
    alone = sweep(follow, {"BB": universe["BB"]}, GRID, CHEAP)
    found = [
        prove(each.result(each.best(symbol="BB"), "BB"), QUICK, sweep=each).proof.to_dict() for each in (many, alone)
    ]
    assert json.dumps(found[0]) == json.dumps(found[1])


def test_a_sweep_that_the_result_is_not_from_is_refused(noise: Any, edge: Any) -> None:
    found = sweep(follow, noise, GRID, CHEAP)
    result = found.result(0)
    for other, word in (
        (run_backtest(follow, noise, {"days": 7}, CHEAP), "parameters"),
        (run_backtest(follow, noise, {"days": 1}), "settings"),
        (run_backtest(follow, edge, {"days": 1}, CHEAP), "bars"),
        (run_backtest("sma_crossover", noise, spec=CHEAP), "strategy"),
    ):
        with pytest.raises(InvalidInput, match=rf"the search that the result was chosen from, but its .*{word}"):
            prove(other, QUICK, sweep=found)
    assert prove(result, QUICK, sweep=found).proof.sweep is found


def test_intervals_and_levels_are_plain_values_without_long_arrays(edge: Any) -> None:
    told = json.loads(json.dumps(best_proven(edge).proof.to_dict(), allow_nan=False))
    assert {interval["statistic"] for interval in told["intervals"]} == {"sharpe", "cagr", "max_drawdown"}
    assert "null" not in told["tests"]["permutation"]
    assert len(told["tests"]["years"]["periods"]) == 8
    assert told["verdict"]["level"] in ("promote", "promising")
    assert told["trials"] == 18


def test_many_calendar_years_are_all_told(make_bars: Any) -> None:
    proof = prove(run_backtest(follow, walk(3, 9_000, make_bars), spec=CHEAP), QUICK.replace(permutations=19)).proof
    assert len(proof.to_dict()["tests"]["years"]["periods"]) == 26


@pytest.mark.parametrize("bars", [2, 3, 12, 30])
def test_tiny_histories_are_unproven_not_failures(bars: int, make_bars: Any) -> None:
    proven = prove(run_backtest("buy_and_hold", walk(1, bars, make_bars)), QUICK)
    assert proven.proof.verdict.level in ("unproven", "refuted")
    json.dumps(proven.to_dict(), allow_nan=False)
    with pytest.raises((InvalidInput, NotEnoughData), match="periods_per_year"):
        prove(run_backtest("buy_and_hold", walk(1, 1, make_bars)), QUICK)


def test_stages_are_announced(noise: Any) -> None:
    seen = []

    def stage(items: Any, label: str, total: int) -> Any:
        seen.append((label, total > 0))
        return items

    best_proven(noise, stage=stage)
    assert seen == [("Permuting", True), ("Permuting, walk-forward", True)]


def test_a_result_alone_on_record_is_untouched_data(edge: Any) -> None:
    result = run_backtest(follow, edge, {"days": 2}, CHEAP)
    for configurations, answer in ((1, True), (2, False)):
        tried = Tried(configurations=configurations, effective=1.0, sharpes=np.array([0.01, 0.02]))
        assert prove(result, QUICK, tried=tried).proof.verdict.evidence.out_of_sample is answer
    assert prove(result, QUICK).proof.verdict.evidence.out_of_sample is None
    assert replace(result, proof=None).proof is None


def test_a_quick_sweep_leaves_overfitting_untested_and_says_so(noise: Any) -> None:
    found = quick_sweep(follow, noise, GRID, CHEAP)
    proof = prove(found.result(found.best()), QUICK, sweep=found).proof
    status = {item.name: item.status for item in proof.in_sample.gate}
    assert status["overfitting_probability"] == status["deflated_sharpe"] == "not tested"
    assert proof.in_sample.level not in ("promote", "promising")


def test_a_search_proven_without_a_record_says_that_earlier_tries_are_not_counted(noise: Any) -> None:
    found = sweep(follow, noise, GRID, CHEAP)
    best = found.result(found.best())
    unrecorded = prove(best, QUICK.replace(permutations=0), sweep=found)
    assert any("Only the 18 combinations of this search are counted" in note for note in unrecorded.proof.notes)
    assert any("Only the 18 combinations" in note for note in unrecorded.story().notes)
    recorded = prove(best, QUICK.replace(permutations=0), sweep=found, tried=tried_by(found))
    assert not any("of this search are counted" in note for note in recorded.proof.notes)
