"""Position sizing: cap, Kelly, volatility target, shorting."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augury.signals.sizing import SizingSpec, position_size

SPEC = SizingSpec()


def test_kelly_by_hand() -> None:
    size, reason = position_size("BUY", 0.75, 0.001, SPEC)
    assert size == pytest.approx(0.25 * (0.75 - 0.25))
    assert reason is None


def test_confidence_of_a_coin_gives_no_position() -> None:
    """A quarter of the confidence is not Kelly: at even odds Kelly stakes nothing."""
    assert position_size("BUY", 0.5, 0.01, SPEC)[0] == 0.0


def test_payoff_enters_as_kelly_says() -> None:
    size, _ = position_size("BUY", 0.6, 0.001, SizingSpec(payoff=2.0))
    assert size == pytest.approx(0.25 * (0.6 - 0.4 / 2.0))


def test_high_volatility_limits_the_size_and_says_so() -> None:
    size, reason = position_size("BUY", 0.9, 0.2, SPEC)
    assert size == pytest.approx(0.01 / 0.2)
    assert reason is not None
    assert "volatility" in reason.text


def test_the_cap_limits_the_size_and_says_so() -> None:
    size, reason = position_size("BUY", 1.0, 0.0001, SizingSpec(kelly_fraction=1.0))
    assert size == 0.25
    assert reason is not None
    assert "cap" in reason.text


def test_hold_is_flat_and_sell_is_flat_unless_shorting_is_allowed() -> None:
    assert position_size("HOLD", 0.9, 0.01, SPEC) == (0.0, None)
    size, reason = position_size("SELL", 0.75, 0.01, SPEC)
    assert size == 0.0
    assert reason is not None
    assert "allow_short" in reason.text
    assert position_size("SELL", 0.75, 0.001, SizingSpec(allow_short=True))[0] == pytest.approx(-0.125)


def test_unknown_volatility_gives_an_unknown_size() -> None:
    size, reason = position_size("BUY", 0.9, math.nan, SPEC)
    assert math.isnan(size)
    assert reason is not None


@given(st.floats(0, 1), st.floats(1e-6, 1))
def test_size_never_leaves_its_bounds_and_grows_with_confidence(confidence: float, volatility: float) -> None:
    size, _ = position_size("BUY", confidence, volatility, SPEC)
    assert 0.0 <= size <= SPEC.cap
    more, _ = position_size("BUY", min(1.0, confidence + 0.1), volatility, SPEC)
    assert more >= size
