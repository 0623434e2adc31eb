"""The strategy suite: sound strategies pass it whole, and every rule finds the defect it is there for."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from augury.errors import InvalidInput, LookAheadError
from augury.strategies import Strategy, compiled_strategy, strategies
from augury.testing import (
    CausalityPlan,
    StrategySuiteSpec,
    garch_bars,
    run_strategy_suite,
    strategy_suite,
)

FAST = StrategySuiteSpec(bars=300, causality=CausalityPlan(random_cuts=2, early_cuts=1, event_cuts=2))
SHIPPED = {
    f"{name}{given or ''}": (strategy, given)
    for name, strategy in strategies().items()
    for given in ({}, {"short": 1})
    if set(given) <= set(strategy.names)
}
CASES = [
    pytest.param(check, id=f"{case}-{check.name}")
    for case, (strategy, given) in SHIPPED.items()
    for check in strategy_suite(strategy, **given)
]


@pytest.mark.parametrize("check", CASES)
def test_every_strategy_that_ships_keeps_its_contract(check):
    check()


def test_real_bars_and_other_parameters_can_be_given():
    bars = garch_bars(300, seed=5)
    checks = strategy_suite("donchian_breakout", bars, entry_window=10, exit_window=5)
    assert len({check.id for check in checks}) == len(checks) >= 11
    assert {outcome.failure for outcome in run_strategy_suite("donchian_breakout", bars, FAST)} == {None}


def _rising(bars, days=3):
    return (bars["close"].diff(days) > 0).astype(float).to_numpy()


def test_a_plain_function_passes():
    assert {outcome.failure for outcome in run_strategy_suite(_rising, spec=FAST)} == {None}


def _failures(subject):
    return {outcome.name: outcome.failure for outcome in run_strategy_suite(subject, spec=FAST) if outcome.failure}


def _next_bar(bars, days=3):
    return (bars["close"].diff(-1) < 0).astype(float).to_numpy()


def _too_much(bars, days=3):
    return _rising(bars) * 1.5


def _never(bars, days=3):
    return np.zeros(len(bars))


class _Remembers:
    def __init__(self):
        self.calls = 0

    def __call__(self, bars):
        self.calls += 1
        return _rising(bars) * (0.5 + 0.001 * (self.calls % 100))


def _needs_many(bars, days=3):
    if len(bars) < 3:
        raise ValueError("too few")
    return _rising(bars)


def _breaks_at_a_bound(bars, days=3):
    return _rising(bars, days) + (np.inf if days == 1 else 0.0)


def _divides_by_range(bars, days=3):
    return ((bars["close"] - bars["low"]) / (bars["high"] - bars["low"])).to_numpy()


@pytest.mark.parametrize(
    ("defect", "rule", "message"),
    [
        (_too_much, "positions_keep_their_form", r"is 1\.5 with days=3; expected a finite number within 1 of 0"),
        (_never, "warm_up_is_flat", "holds nothing in 400 bars"),
        (_Remembers(), "answers_are_repeated", "on a second call"),
        (_needs_many, "short_series_are_handled", "ValueError: too few"),
        (_breaks_at_a_bound, "parameters_work_at_their_bounds", "got nan|got inf"),
        (_divides_by_range, "survives_awkward_bars", "got nan"),
    ],
)
def test_a_planted_defect_is_found(defect, rule, message):
    failures = _failures(defect)
    assert rule in failures
    assert re.search(message, failures[rule])


def test_a_leak_is_told_by_its_lag():
    failures = _failures(_next_bar)
    assert "looks at least 1 bar" in failures["positions_are_causal"]
    check = next(check for check in strategy_suite(_next_bar, spec=FAST) if check.name == "positions_are_causal")
    with pytest.raises(LookAheadError):
        check()


@dataclass(frozen=True)
class _Form:
    answer: Callable

    def evaluate(self, bars, *_):
        return self.answer(bars)

    def text(self):
        return "made by hand"


def _strategy(answer, **declared):
    form = _Form(answer)
    return Strategy(name="made_by_hand", summary="Made by hand.", parameters=(), form=form, **declared)


def _above_hundred(bars):
    return (bars.matrix[3] > np.median([bars.matrix[3, 0], 100.0])).astype(float)


@pytest.mark.parametrize(
    ("strategy", "rule"),
    [
        (_strategy(lambda bars: bars.matrix[3] * 0 + 1.0, warm_up=lambda _: 5), "warm_up_is_flat"),
        (_strategy(_above_hundred, scale_free=True), "positions_ignore_the_scale_of_prices"),
        (_strategy(lambda bars: np.ones(len(bars), dtype=np.float32)), "positions_keep_their_form"),
        (_strategy(lambda bars: np.ones(len(bars) + 1)), "positions_keep_their_form"),
        (
            _strategy(lambda bars: bars.matrix.__setitem__((3, 0), 1.0) or np.ones(len(bars))),
            "bars_are_left_alone",
        ),
        (_strategy(lambda bars: np.ones(len(bars)), warm_up=lambda _: -1), "parameters_are_described"),
    ],
)
def test_a_declaration_that_does_not_hold_is_found(strategy, rule):
    assert rule in _failures(strategy)


def test_cells_that_a_kernel_leaves_unwritten_are_found():
    @compiled_strategy
    def forgetful(bars, out):
        for t in range(1, out.shape[0]):
            out[t] = 1.0

    assert "the target of bar 0" in _failures(forgetful)["every_target_is_written"]


def _rising_into(bars, out, days=3):
    for t in range(out.shape[0]):
        out[t] = 1.0 if t >= days and bars[3, t] > bars[3, t - days] else 0.0


def test_a_default_outside_its_bounds_is_found():
    with pytest.raises(InvalidInput, match="the default does not fit"):
        compiled_strategy(_rising_into, bounds={"days": (5, 9)})
