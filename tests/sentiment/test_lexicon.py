"""Augury's finance lexicon: directions, burdens, negations, comparisons, phrases."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augury.errors import Misconfigured
from augury.sentiment.lexicon import LexiconModel, parse_lexicon
from augury.sentiment.model import LABELS, signed
from augury.sentiment.tokens import number_class, number_value, tokenize


@pytest.fixture(scope="module")
def lexicon() -> LexiconModel:
    return LexiconModel()


def label(lexicon: LexiconModel, text: str) -> str:
    return LABELS[int(lexicon.score([text])[0].argmax())]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Profit rises", "positive"),
        ("Profit falls", "negative"),
        ("Quarterly loss narrows", "positive"),
        ("Losses widen", "negative"),
        ("Costs rise", "negative"),
        ("Unemployment falls", "positive"),
        ("Fears ease", "positive"),
        ("Not profitable", "negative"),
        ("Sales were 5 mn against 9 mn a year ago", "negative"),
        ("Sales were 9 mn vs 5 mn a year ago", "positive"),
        ("Forecast changed from 5% to 9%", "positive"),
        ("Index +2.5%", "positive"),
        ("Index -2.5%", "negative"),
        ("Board meets on Tuesday", "neutral"),
        ("Stock hits all-time high", "positive"),
        ("Stock hits all-time low", "negative"),
        ("", None),
    ],
)
def test_single_rules(lexicon: LexiconModel, text: str, expected: str | None) -> None:
    if expected is not None:
        assert label(lexicon, text) == expected


def test_a_burden_in_another_clause_does_not_turn_a_direction(lexicon: LexiconModel) -> None:
    assert signed(lexicon.score(["Plans for debt; stock up"]))[0] > signed(lexicon.score(["Plans: debt stock up"]))[0]


def test_years_are_not_compared(lexicon: LexiconModel) -> None:
    assert label(lexicon, "Figures of 2014 against 2013") == "neutral"


def test_an_opposite_word_gives_the_opposite_sign(lexicon: LexiconModel) -> None:
    for up, down in (("rises", "falls"), ("surges", "plunges"), ("higher", "lower")):
        for noun in ("profit margin", "debt"):
            rising, falling = signed(lexicon.score([f"{noun} {up}", f"{noun} {down}"]))
            assert rising * falling < 0


@given(st.text(max_size=200))
def test_tokens_hold_no_spaces_but_before_a_unit_and_never_fail(text: str) -> None:
    for token in tokenize(text):
        assert token
        assert number_class(token)
        assert number_value(token) is None or token[-1] is not None


@pytest.mark.parametrize(
    ("token", "value"),
    [("5%", 5.0), ("$1.2bn", 1.2e9), ("rs 2.5 crore", 2.5e7), ("1,234", 1234.0), ("profit", None), ("3 lakh", 3e5)],
)
def test_amounts_are_read_with_their_unit(token: str, value: float | None) -> None:
    assert number_value(token) == value


def test_particulars_become_classes() -> None:
    tokens = tokenize("@CNBC $AAPL up +3.5% to €12.50, EPS -$0.20 https://example.org/x?y=1 #stocks")
    assert [number_class(token) for token in tokens] == [
        "<handle>", "<ticker>", "up", "<+%>", "to", "<#>", "eps", "<-#>", "#stocks",
    ]  # fmt: skip


def test_a_damaged_list_is_refused_with_its_line() -> None:
    with pytest.raises(Misconfigured, match=r"line 2.*'sideways'"):
        parse_lexicon("up 1 rises\nsideways 1 drifts\n")
    with pytest.raises(Misconfigured, match="stands twice"):
        parse_lexicon("up 1 rises\npositive 1 rises\n")
    with pytest.raises(Misconfigured, match="weight"):
        parse_lexicon("up much rises\n")
