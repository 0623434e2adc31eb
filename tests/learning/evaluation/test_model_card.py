"""The whole evaluation and its card."""

from __future__ import annotations

import json
import re

import pandas as pd
import pytest

from augury.errors import InvalidInput
from augury.learning.evaluation.card_limits import effective_rows
from augury.learning.evaluation.card_writing import card_texts, write_model_card
from augury.learning.evaluation.cross_validation import CvSpec
from augury.learning.evaluation.evaluation import EvaluationSpec, evaluate_model
from augury.learning.evaluation.importance import PermutationImportanceSpec
from augury.learning.evaluation.model_card import model_card
from augury.learning.evaluation.score_spec import ScoreSpec

SPEC = EvaluationSpec(
    cv=CvSpec(folds=4),
    scoring=ScoreSpec(replications=199),
    importance=PermutationImportanceSpec(repeats=1),
)
TREES = "xgboost(rounds=30, max_depth=3, learning_rate=0.2, patience=None)"


@pytest.fixture(scope="module")
def cards(make_dataset):
    """Cards of a model with an edge, of one of noise, of a regression, and of one with hardly any rows."""
    return {
        "edge": model_card(
            evaluate_model(make_dataset(1200, edge=1.0, symbols=2), TREES, SPEC),
            training={"rounds": 30, "cpu seconds": 1.5},
            made_at=pd.Timestamp("2024-01-02 03:04", tz="UTC"),
        ),
        "noise": model_card(evaluate_model(make_dataset(500, horizon=5), "linear", SPEC)),
        "value": model_card(evaluate_model(make_dataset(400, kind="value"), "linear", SPEC)),
        "short": model_card(evaluate_model(make_dataset(70), "linear", SPEC)),
    }


def test_the_verdict_stands_at_the_top_and_among_the_limits(cards):
    assert cards["edge"].verdict.better
    assert "is better than its baseline" in cards["edge"].to_markdown().split("## Data")[0]
    assert not cards["noise"].verdict.better
    assert cards["noise"].limits[0].startswith("It is ")
    assert "no evidence that it knows anything" in cards["noise"].limits[0]
    assert not any("no evidence" in limit for limit in cards["edge"].limits)


def test_every_figure_has_an_interval_or_a_reason(cards):
    for name, card in cards.items():
        for score in card.scores:
            assert score.reason or score.lower <= score.upper, name
        text = card.to_markdown()
        tables = re.findall(r"^\| (?:score|equal weights|symbol|feature) .*?(?:\n\n|\Z)", text, re.M | re.S)
        assert tables
        for table in tables:
            for row in table.strip().splitlines()[2:]:
                assert re.search(r"\d%? to [-+]?\d|no interval: \S", row), row
        assert not re.search(r"\bnan\b", text), name
        values = json.loads(card_texts(card)["card.json"])
        for score in values["scores"]:
            assert score["reason"] is not None or None not in (score["lower"], score["upper"])


def test_parts_that_cannot_be_had_give_their_reason(cards):
    assert "no probabilities" in cards["value"].missing["calibration"]
    assert "no probabilities" in cards["value"].to_markdown()
    assert "at least 100 rows" in cards["short"].missing["calibration"]
    assert "no tree model" in cards["noise"].missing["shap"]
    assert cards["noise"].missing["abstention"] == "not asked for"


def test_parts_can_be_left_out_and_abstention_asked_for(make_dataset):
    spec = EvaluationSpec.from_dict(SPEC.to_dict() | {"backtest": None, "importance": None, "abstain_accuracy": 0.6})
    found = evaluate_model(make_dataset(900, edge=1.0), TREES, spec)
    assert found.profit is None
    assert found.importance == found.shap == ()
    assert found.abstention.accuracy >= 0.6
    text = model_card(found).to_markdown()
    assert "None: not asked for." in text
    assert "Abstaining: deciding from a probability of" in text


def test_the_card_says_what_the_data_and_the_model_are(cards):
    card = cards["edge"]
    text = card.to_markdown()
    for fact in (
        "S0, S1",
        card.data.fingerprint,
        "`direction(horizon_bars=1)`",
        TREES,
        "Seed: 0",
        "cpu seconds: 1.5",
        "Made 2024-01-02 03:04 UTC",
        "commission 0.10%",
        "five_features",
        "xgboost",
    ):
        assert fact in text, fact
    assert card.data.rows == 2394
    assert card.data.classes["up"] + card.data.classes["down"] == 2394
    assert card.versions["numpy"]
    values = card.to_dict()
    assert values["verdict"]["level"] == "better than"
    assert values["data"]["first"] == card.data.first.isoformat()
    assert json.loads(json.dumps(values, allow_nan=False)) == values


def test_overlap_is_taken_out_of_the_number_of_rows(make_dataset):
    assert effective_rows(make_dataset(300)) == pytest.approx(297)
    data = make_dataset(300, horizon=10, symbols=2)
    assert effective_rows(data) == pytest.approx(len(data) / 10, rel=0.1)


def test_a_card_is_written_whole(cards, tmp_path):
    paths = write_model_card(cards["noise"], tmp_path / "model")
    assert [path.name for path in paths] == ["card.md", "card.json"]
    assert paths[0].read_text() == cards["noise"].to_markdown()
    assert sorted(path.name for path in (tmp_path / "model").iterdir()) == ["card.json", "card.md"]
    write_model_card(cards["edge"], tmp_path / "model")
    assert json.loads(paths[1].read_text())["verdict"]["level"] == "better than"
    with pytest.raises(InvalidInput, match="is a file"):
        write_model_card(cards["edge"], paths[0])


def test_the_same_seed_gives_the_same_card(make_dataset):
    data = make_dataset(250)
    first, again = (card_texts(model_card(evaluate_model(data, "linear", SPEC, seed=3))) for _ in range(2))
    assert first == again
