"""The decision policy: truth tables with three values, order, adjustments, monotonicity, regressions."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augury.errors import InvalidInput
from augury.signals.rule_spec import INPUTS, Condition, Rule, RuleSpec
from augury.signals.rules import decide, judge

NAN = math.nan
SPEC = RuleSpec()
QUANTILES = {"sentiment_q15": -0.5, "sentiment_q30": -0.2, "sentiment_q70": 0.2, "sentiment_q85": 0.5}
QUIET = {
    **QUANTILES,
    "sentiment_mean": 0.0,
    "sentiment_entropy": 0.8,
    "sharpe_like": 0.0,
    "novelty": 0.5,
    "effective_documents": 10.0,
    **dict.fromkeys(
        (
            "contrarian_market",
            "contrarian_sector",
            "strong_contrarian",
            "no_supply_recent",
            "selling_climax",
            "trending",
            "mean_reverting",
            "clustering",
            "complex",
        ),
        0.0,
    ),
}
FIRING = {
    "R1": {"strong_contrarian": 1.0, "no_supply_recent": 1.0, "trending": 1.0, "sentiment_mean": 0.3},
    "R2": {"sentiment_mean": 0.6, "trending": 1.0, "clustering": 0.0},
    "R3": {"contrarian_market": 1.0, "no_supply_recent": 1.0, "sharpe_like": 2.0},
    "R4": {"sentiment_mean": -0.6, "mean_reverting": 1.0, "clustering": 1.0},
    "R5": {"selling_climax": 1.0, "sentiment_mean": -0.3},
}
OUTCOMES = {
    "R1": ("BUY", 0.90, "LOW"),
    "R2": ("BUY", 0.75, "MEDIUM"),
    "R3": ("BUY", 0.80, "MEDIUM"),
    "R4": ("SELL", 0.75, "HIGH"),
    "R5": ("BUY", 0.65, "HIGH"),
}


@pytest.mark.parametrize("code", FIRING)
def test_each_rule_fires_on_its_own_conditions_and_gives_its_score_and_risk(code: str) -> None:
    decision = decide({**QUIET, **FIRING[code]}, SPEC)
    assert (decision.signal_type, decision.score, decision.risk_level) == OUTCOMES[code]
    assert decision.reasons[0].code == code
    assert decision.reasons[0].kind == "fired"


def test_nothing_firing_is_a_hold_that_names_the_nearest_rule() -> None:
    decision = decide(QUIET, SPEC)
    assert (decision.signal_type, decision.score, decision.risk_level) == ("HOLD", 0.5, "MEDIUM")
    assert decision.reasons[0].code == "R0"
    assert [reason.kind for reason in decision.reasons[1:]] == ["unmet"]
    assert "would need" in decision.reasons[1].text


@pytest.mark.parametrize("code", FIRING)
def test_truth_table_of_each_rule_in_three_values_agrees_with_kleene_logic(code: str) -> None:
    rule = next(rule for rule in SPEC.rules if rule.code == code)
    alone = SPEC.replace(rules=(rule,))
    names = list(dict.fromkeys(condition.input for condition in rule.when))
    seen = set()
    for values in itertools.product(*(values_of(name, rule) for name in names)):
        inputs = {**QUIET, **dict(zip(names, values, strict=True))}
        states = [holds(condition, inputs) for condition in rule.when]
        decision = decide(inputs, alone)
        assert (decision.signal_type != "HOLD") == all(state is True for state in states)
        unknown = [reason.code for reason in decision.reasons if reason.kind == "unknown" and reason.code == code]
        assert (unknown == [code]) == (None in states and False not in states)
        seen.add((False in states, None in states))
    assert len(seen) == 4


def values_of(name: str, rule: Rule) -> list[float]:
    """Values on either side of every threshold of an input, and unknown."""
    limits = [threshold_of(condition) for condition in rule.when if condition.input == name]
    numbers = sorted(limit for limit in limits if limit is not None)
    if not numbers:
        return [1.0, 0.0, NAN]
    between = [(low + high) / 2 for low, high in itertools.pairwise(numbers)]
    return [numbers[0] - 1.0, *between, numbers[-1] + 1.0, NAN]


def threshold_of(condition: Condition) -> float | None:
    return QUANTILES[condition.threshold] if isinstance(condition.threshold, str) else condition.threshold


def holds(condition: Condition, inputs: dict[str, float]) -> bool | None:
    """The readable version of a comparison in three values."""
    value, limit = inputs[condition.input], threshold_of(condition)
    if math.isnan(value):
        return None
    if condition.test == "true":
        return value == 1.0
    if condition.test == "false":
        return value == 0.0
    assert limit is not None
    return value > limit if condition.test == "above" else value < limit


def test_the_best_of_bad_news_is_no_reason_to_buy_and_the_worst_of_good_news_none_to_sell() -> None:
    """Points of a ticker's own history say nothing about the sign."""
    gloomy = {"sentiment_q15": -0.9, "sentiment_q30": -0.8, "sentiment_q70": -0.4, "sentiment_q85": -0.3}
    assert decide({**QUIET, **FIRING["R2"], **gloomy, "sentiment_mean": -0.2}, SPEC).signal_type == "HOLD"
    cheerful = {"sentiment_q15": 0.3, "sentiment_q30": 0.4, "sentiment_q70": 0.8, "sentiment_q85": 0.9}
    assert decide({**QUIET, **FIRING["R4"], **cheerful, "sentiment_mean": 0.2}, SPEC).signal_type == "HOLD"
    assert decide({**QUIET, **FIRING["R5"], **cheerful, "sentiment_mean": 0.2}, SPEC).signal_type == "HOLD"


def test_an_unknown_input_disables_a_rule_instead_of_counting_as_false() -> None:
    decision = decide({**QUIET, **FIRING["R2"], "clustering": NAN}, SPEC)
    assert decision.signal_type == "HOLD"
    unknown = [reason for reason in decision.reasons if reason.kind == "unknown"]
    assert [reason.code for reason in unknown] == ["R2"]
    assert "volatility clustering" in unknown[0].text


def test_a_rule_that_might_have_decided_earlier_is_named_beside_the_one_that_fired() -> None:
    decision = decide({**QUIET, **FIRING["R3"], "trending": NAN, "strong_contrarian": 1.0, "sentiment_mean": 0.6}, SPEC)
    assert [(reason.code, reason.kind) for reason in decision.reasons] == [
        ("R3", "fired"),
        ("R1", "unknown"),
        ("R2", "unknown"),
    ]


def test_unknown_noise_is_no_verdict_of_no_noise() -> None:
    decision = decide({**QUIET, **FIRING["R1"], "complex": NAN}, SPEC)
    assert [(reason.code, reason.kind) for reason in decision.reasons] == [("R1", "fired"), ("A3", "unknown")]
    assert "not enough data" in decision.reasons[1].text


def test_a_hold_says_what_is_missing_even_when_no_rule_is_known_in_full() -> None:
    decision = decide({**dict.fromkeys(INPUTS, NAN), "trending": 0.0, "mean_reverting": 0.0}, SPEC)
    assert decision.signal_type == "HOLD"
    decision = decide({**QUIET, **dict.fromkeys(("sentiment_mean", "sharpe_like"), NAN)}, SPEC)
    assert [reason.kind for reason in decision.reasons] == ["fired", "unmet"]
    assert decision.reasons[1].text == "BUY (R2) would need trending (Hurst) and more data for sentiment"


def test_an_absent_input_is_unknown() -> None:
    assert judge(Condition(input="trending"), {}) is None
    assert (
        judge(Condition(input="sentiment_mean", test="above", threshold="sentiment_q85"), {"sentiment_mean": 1.0})
        is None
    )


def test_the_first_rule_that_fires_wins() -> None:
    decision = decide({**QUIET, **FIRING["R3"], **FIRING["R1"]}, SPEC)
    assert decision.reasons[0].code == "R1"


def test_agreement_and_novelty_raise_the_score_only_with_enough_documents() -> None:
    agreeing = {**QUIET, **FIRING["R2"], "sentiment_entropy": 0.1, "novelty": 0.9}
    assert decide(agreeing, SPEC).score == pytest.approx(0.85)
    assert decide({**agreeing, "effective_documents": 4.9}, SPEC).score == pytest.approx(0.75)
    assert decide({**agreeing, "effective_documents": NAN}, SPEC).score == pytest.approx(0.75)


def test_no_documents_earn_no_bonus_for_agreement() -> None:
    """An empty state has no entropy; it must not read as agreement."""
    empty = {**QUIET, **FIRING["R3"], "sentiment_entropy": NAN, "novelty": NAN, "effective_documents": 0.0}
    assert decide(empty, SPEC).score == pytest.approx(0.80)


def test_noise_lowers_the_score_and_raises_the_risk() -> None:
    decision = decide({**QUIET, **FIRING["R1"], "complex": 1.0}, SPEC)
    assert decision.score == pytest.approx(0.80)
    assert decision.risk_level == "HIGH"
    assert any(reason.code == "A3" for reason in decision.reasons)


def test_a_score_below_the_minimum_becomes_hold_and_keeps_its_reasons() -> None:
    decision = decide({**QUIET, **FIRING["R5"], "complex": 1.0}, SPEC)
    assert decision.signal_type == "HOLD"
    assert decision.score == pytest.approx(0.55)
    assert [reason.code for reason in decision.reasons] == ["R0", "R5", "A3"]


def test_sell_is_reachable_with_default_thresholds() -> None:
    """Fixed levels and an always-trending flag once made SELL unreachable."""
    decision = decide({**QUIET, **FIRING["R4"]}, SPEC)
    assert decision.signal_type == "SELL"


def test_the_constants_of_the_policy_are_the_stated_ones() -> None:
    assert (SPEC.min_score, SPEC.hold_score, SPEC.noise_penalty) == (0.60, 0.50, 0.10)
    assert (SPEC.agreement_entropy, SPEC.agreement_bonus, SPEC.adjustment_documents) == (0.30, 0.05, 5.0)
    assert (SPEC.fresh_novelty, SPEC.fresh_bonus) == (0.80, 0.05)


def test_absolute_thresholds_are_an_option_with_another_version() -> None:
    fixed = RuleSpec.absolute()
    assert decide({**QUIET, **FIRING["R2"], "sentiment_mean": 0.45}, fixed).signal_type == "HOLD"
    assert decide({**QUIET, **FIRING["R2"], "sentiment_mean": 0.55}, fixed).signal_type == "BUY"
    assert fixed.id != SPEC.id


flags = st.sampled_from([0.0, 1.0, NAN])


@given(
    low=st.floats(-1, 1),
    rise=st.floats(0, 2),
    values=st.fixed_dictionaries(
        {name: flags for name, value in QUIET.items() if value == 0.0 and name not in ("sentiment_mean", "sharpe_like")}
    ),
    sharpe=st.floats(-5, 5),
)
def test_raising_sentiment_never_turns_buy_into_sell(
    low: float, rise: float, values: dict[str, float], sharpe: float
) -> None:
    inputs = {**QUIET, **values, "sharpe_like": sharpe}
    before = decide({**inputs, "sentiment_mean": low}, SPEC).signal_type
    after = decide({**inputs, "sentiment_mean": low + rise}, SPEC).signal_type
    assert (before, after) != ("BUY", "SELL")


@given(st.fixed_dictionaries({name: st.one_of(st.floats(-2, 2), st.just(NAN)) for name in INPUTS}))
def test_every_decision_is_complete_and_within_bounds(inputs: dict[str, float]) -> None:
    decision = decide(inputs, SPEC)
    assert 0.0 <= decision.score <= 1.0
    assert decision.signal_type == "HOLD" or decision.score >= SPEC.min_score
    assert decision.reasons
    assert all(reason.text for reason in decision.reasons)


def test_unknown_inputs_and_missing_thresholds_are_refused_with_the_nearest_name() -> None:
    with pytest.raises(InvalidInput, match="trending"):
        Condition(input="trendin")
    with pytest.raises(InvalidInput, match="need a threshold"):
        Condition(input="sentiment_mean", test="above")
    with pytest.raises(InvalidInput, match="finite"):
        Condition(input="sentiment_mean", test="above", threshold=NAN)
    with pytest.raises(InvalidInput, match="unique"):
        RuleSpec(rules=(SPEC.rules[0], SPEC.rules[0]))
    with pytest.raises(InvalidInput, match="at least one"):
        Rule(code="X", signal_type="BUY", when=(), score=0.5, risk_level="LOW")


def test_a_policy_survives_the_round_trip_through_plain_values() -> None:
    assert RuleSpec.from_dict(SPEC.to_dict()) == SPEC
    assert RuleSpec.from_dict(SPEC.to_dict()).id == SPEC.id
