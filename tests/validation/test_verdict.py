"""The gate lets nothing pass silently; each planted weakness raises its own concern."""

from __future__ import annotations

import json
import math
from dataclasses import fields, replace

import numpy as np
import pytest

from augury.errors import InvalidInput
from augury.validation import (
    BreakEven,
    Evidence,
    GateSpec,
    OverfittingSpec,
    Sensitivity,
    Tests,
    bootstrap_interval,
    effective_trials,
    gate_items,
    gather_evidence,
    judge,
    overfitting_probability,
    ranked_concerns,
    superiority_test,
)

GOOD = Evidence(
    sharpe=1.5,
    sharpe_lower=0.8,
    sharpe_upper=2.2,
    bars=2520,
    trades=250,
    trials=190,
    effective_trials=31.0,
    out_of_sample=True,
    net_of_costs=True,
    probabilistic_sharpe=0.999,
    deflated_sharpe=0.97,
    permutation_p=0.01,
    walk_forward_permutation_p=0.03,
    superiority_p=0.02,
    overfitting_probability=0.05,
    min_track_record_bars=700.0,
    sharpe_double_cost=1.0,
    sharpe_delay_1=1.2,
    break_even_margin=4.0,
    plateau_ratio=0.9,
    largest_trade_share=0.05,
    largest_year_share=0.2,
    skewness=-0.2,
    kurtosis=5.0,
    autocorrelation_factor=1.0,
    benchmark_correlation=0.3,
    alpha_t=3.0,
    ambiguous_share=0.01,
    same_bar_fills=False,
    leaks=0,
)
GATED = [item.name for item in gate_items(GOOD)]


def test_a_strategy_that_passes_everything_is_promoted_without_concerns():
    verdict = judge(GOOD)
    assert verdict.level == "promote"
    assert verdict.blocking == ()
    assert verdict.concerns == ()
    assert verdict.headline == (
        "Promote: Sharpe ratio 1.50 (95% interval 0.80 to 2.20) over 10.0 years and 250 trades, one of 190 tried, "
        "about 31 independent, 97% sure to be above zero: every condition of the gate holds."
    )


@pytest.mark.parametrize("name", GATED)
@pytest.mark.parametrize("missing", [None, math.nan])
def test_any_missing_figure_is_not_tested_and_blocks_promotion(name, missing):
    evidence = replace(GOOD, **{name: missing})
    verdict = judge(evidence)
    assert verdict.level in ("promising", "unproven")
    assert [item.name for item in verdict.blocking] == [name]
    assert verdict.blocking[0].status == "not tested"
    assert verdict.blocking[0].remedy


FAILING = {
    "leaks": 1,
    "out_of_sample": False,
    "net_of_costs": False,
    "deflated_sharpe": 0.94,
    "permutation_p": 0.051,
    "walk_forward_permutation_p": 0.2,
    "superiority_p": 0.06,
    "overfitting_probability": 0.11,
    "bars": 600,
    "sharpe_double_cost": 0.0,
    "sharpe_delay_1": -0.1,
    "trades": 29,
}


@pytest.mark.parametrize("name", GATED)
def test_each_failed_condition_blocks_promotion_alone(name):
    verdict = judge(replace(GOOD, **{name: FAILING[name]}))
    assert [(item.name, item.status) for item in verdict.blocking] == [(name, "failed")]
    assert verdict.level == {"leaks": "refuted", "permutation_p": "unproven"}.get(name, "promising")
    told = "it looks ahead" if name == "leaks" else "1 of 12 conditions fails, 0 were not tested"
    assert told in verdict.headline


def test_a_result_is_promising_from_a_deflated_sharpe_ratio_of_90_percent_on_and_unproven_below():
    assert judge(replace(GOOD, deflated_sharpe=0.90)).level == "promising"
    assert judge(replace(GOOD, deflated_sharpe=0.899)).level == "unproven"
    assert judge(replace(GOOD, deflated_sharpe=None)).level == "unproven"


def test_nothing_known_is_unproven_and_says_what_is_missing():
    verdict = judge(Evidence())
    assert verdict.level == "unproven"
    assert len(verdict.blocking) == len(verdict.gate) == 12
    assert "12 were not tested" in verdict.headline
    assert verdict.concerns[0].name == "tries_not_recorded"


@pytest.mark.parametrize("change", [{"leaks": 2}, {"sharpe": -0.1}, {"sharpe": 0.0}, {"sharpe_upper": -0.01}])
def test_evidence_against_a_strategy_refutes_it(change):
    assert judge(replace(GOOD, **change)).level == "refuted"


def test_selection_cannot_overfit_when_one_variant_was_recorded():
    items = {item.name: item for item in gate_items(replace(GOOD, trials=1, overfitting_probability=None))}
    assert items["overfitting_probability"].status == "not applicable"
    assert items["overfitting_probability"].passed
    many = {item.name: item for item in gate_items(replace(GOOD, trials=2, overfitting_probability=None))}
    assert many["overfitting_probability"].status == "not tested"


WEAKNESSES = {
    "look_ahead": {"leaks": 1},
    "loses": {"sharpe": -0.5},
    "in_sample": {"out_of_sample": False},
    "lost_out_of_sample": {"walk_forward_sharpe": -0.3},
    "tries_not_recorded": {"trials": None},
    "chance": {"permutation_p": 0.3},
    "selected_by_luck": {"deflated_sharpe": 0.5},
    "delay": {"sharpe_delay_1": -0.2},
    "same_bar_fills": {"same_bar_fills": True},
    "costs": {"sharpe_double_cost": -0.2},
    "benchmark": {"benchmark_correlation": 0.95, "alpha_t": 0.5},
    "one_trade": {"largest_trade_share": 0.6},
    "few_trades": {"trades": 7},
    "short_record": {"bars": 300},
    "overfitting": {"overfitting_probability": 0.7},
    "parameter_peak": {"plateau_ratio": 0.2},
    "one_year": {"largest_year_share": 0.9},
    "left_tail": {"skewness": -3.0, "kurtosis": 30.0},
    "autocorrelated": {"autocorrelation_factor": 0.7},
    "ambiguous_bars": {"ambiguous_share": 0.2},
    "wide_interval": {"sharpe_lower": -0.1},
}


@pytest.mark.parametrize("name", WEAKNESSES)
def test_each_planted_weakness_raises_its_own_concern_with_a_remedy(name):
    found = ranked_concerns(replace(GOOD, **WEAKNESSES[name]))
    assert [concern.name for concern in found] == [name]
    assert found[0].message
    assert found[0].remedy


def test_concerns_are_ranked_the_gravest_first():
    weak = replace(GOOD, leaks=1, trades=20, plateau_ratio=0.1, skewness=-2.0)
    assert [concern.severity for concern in ranked_concerns(weak)] == [
        "fatal",
        "serious",
        "worth knowing",
        "worth knowing",
    ]


def test_bounds_are_options():
    lenient = GateSpec(deflated_sharpe=0.5, trades=5)
    assert judge(replace(GOOD, deflated_sharpe=0.6, trades=6), lenient).level == "promote"


def test_the_verdict_is_plain_json_and_readable_text():
    verdict = judge(replace(GOOD, trades=7, overfitting_probability=None, min_track_record_bars=math.inf))
    plain = json.loads(json.dumps(verdict.to_dict(), allow_nan=False))
    assert {item["name"] for item in plain["gate"]} == set(GATED)
    assert plain["evidence"]["min_track_record_bars"] is None
    text = str(verdict)
    assert "failed: closed trades 7 (needs >= 30)" in text
    assert "not tested: probability of backtest overfitting" in text
    assert set(plain["evidence"]) == {field.name for field in fields(Evidence)}


def test_evidence_is_gathered_from_the_results_themselves():
    rng = np.random.default_rng(0)
    trials = rng.normal(0.0, 0.01, size=(12, 800))
    trials[4] += 0.0012
    returns = trials[4]
    overfitting = overfitting_probability(trials, OverfittingSpec(blocks=8))
    tests = Tests(
        interval=bootstrap_interval(returns),
        superiority=superiority_test(trials),
        overfitting=overfitting,
        effective=effective_trials(trials),
        break_even=BreakEven(method="", cost_rate=0.003, turnover=10.0, margin=3.0, bars=800),
        delay=Sensitivity(method="", varied="", settings=(0.0, 1.0), values=(1.9, 1.4), retained=(1.0, 0.7)),
    )
    found = gather_evidence(returns, tests, trials=12, profits=np.array([5.0, -1.0, 2.0]), benchmark=trials[0])
    assert found.sharpe == pytest.approx(returns.mean() / returns.std(ddof=1) * math.sqrt(252))
    assert found.sharpe_lower == tests.interval.lower
    assert found.overfitting_probability == overfitting.probability
    assert found.effective_trials == tests.effective.effective == pytest.approx(12, rel=0.35)
    more = gather_evidence(returns, tests, trials=48)
    assert more.effective_trials == pytest.approx(4 * found.effective_trials)
    assert more.deflated_sharpe < found.deflated_sharpe
    assert gather_evidence(returns, tests, trials=1).trials == 12  # twelve were seen
    assert found.deflated_sharpe < found.probabilistic_sharpe
    assert found.sharpe_delay_1 == 1.4
    assert found.sharpe_double_cost is None
    assert found.largest_trade_share == pytest.approx(5 / 6)
    assert abs(found.benchmark_correlation) < 0.1
    assert found.alpha_t == pytest.approx(found.sharpe / math.sqrt(252) * math.sqrt(800), rel=0.1)


def test_the_count_of_tries_decides_about_the_deflated_sharpe_ratio():
    returns = np.random.default_rng(1).normal(0.001, 0.01, 500)
    alone = gather_evidence(returns, trials=1)
    assert alone.deflated_sharpe == alone.probabilistic_sharpe
    unknown = gather_evidence(returns)
    assert unknown.deflated_sharpe is None
    assert "not recorded" in unknown.reason("deflated_sharpe")
    assert "not recorded" in next(item.why for item in gate_items(unknown) if item.name == "deflated_sharpe")
    assert "not kept" in gather_evidence(returns, trials=50).reason("deflated_sharpe")
    refused = gather_evidence(returns, Tests(overfitting=overfitting_probability(returns[None, :])), trials=1)
    assert "two trials" in refused.reason("overfitting_probability")
    with pytest.raises(InvalidInput, match="at least 1"):
        gather_evidence(returns, trials=0)


def test_leverage_on_the_benchmark_is_recognised():
    rng = np.random.default_rng(2)
    market = rng.normal(0.0005, 0.01, 1000)
    found = gather_evidence(1.5 * market + rng.normal(0, 0.001, 1000), trials=1, benchmark=market)
    assert found.benchmark_correlation > 0.98
    assert "benchmark" in {concern.name for concern in ranked_concerns(found)}


def test_the_variance_of_trials_is_taken_per_bar_however_they_were_kept():
    rng = np.random.default_rng(3)
    trials = rng.normal(0.0, 0.01, size=(30, 1280)) + rng.normal(0.0, 0.002, size=(30, 1))
    blocks = trials.reshape(30, 64, 20).sum(axis=2)
    by_bar, by_block = effective_trials(trials), effective_trials(blocks)
    assert by_block.sharpe_variance == pytest.approx(20 * by_bar.sharpe_variance, rel=0.3)
    per_bar = replace(by_bar, periods=0)
    found = [
        gather_evidence(trials[0], Tests(effective=replace(kept, effective=10.0)), trials=30).deflated_sharpe
        for kept in (by_bar, by_block, per_bar)
    ]
    assert found[0] == found[2]
    assert found[1] == pytest.approx(found[0], abs=0.15)
