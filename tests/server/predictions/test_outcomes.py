"""Outcomes join the predictions that they belong to, once they are known, and never sooner."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.db import IntegrityError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from augury.errors import InvalidInput, LookAheadError
from augury_server.predictions.models import Prediction
from augury_server.predictions.outcomes import OutcomesJoined, Realised, join_outcomes, waiting_predictions
from augury_server.predictions.recording import record_predictions

ONE = Realised(
    model_name="trend", model_version=1, symbol="AAPL", bar_opened_at_ns=100, known_at_ns=300, outcome="up", value=0.01
)


@pytest.fixture
def recorded(platform: Any, made: Any) -> None:
    record_predictions(
        [
            made(1, model_version=1, symbol="AAPL", bar_opened_at_ns=100),
            made(2, model_version=1, symbol="AAPL", bar_opened_at_ns=100),
            made(3, model_version=2, symbol="AAPL", bar_opened_at_ns=100),
            made(4, model_version=1, symbol="IBM", bar_opened_at_ns=100),
            made(5, model_version=1, symbol="AAPL", bar_opened_at_ns=101),
        ]
    )


@pytest.mark.usefixtures("recorded")
def test_an_outcome_joins_every_prediction_of_its_version_symbol_and_bar_and_no_other() -> None:
    assert join_outcomes([ONE], now_ns=300) == OutcomesJoined(joined=2, not_yet_known=0)
    rows = Prediction.objects.filter(outcome_known_at_ns__isnull=False)
    assert {(row.model_version, row.symbol, row.bar_opened_at_ns) for row in rows} == {(1, "AAPL", 100)}
    assert {(row.outcome, row.outcome_value, row.outcome_known_at_ns) for row in rows} == {("up", 0.01, 300)}


@pytest.mark.usefixtures("recorded")
def test_what_is_not_known_yet_waits_for_its_moment() -> None:
    assert join_outcomes([ONE], now_ns=299) == OutcomesJoined(joined=0, not_yet_known=1)
    assert list(waiting_predictions("trend", 1, before_ns=101)) == [("AAPL", 100), ("IBM", 100)]
    join_outcomes([ONE], now_ns=300)
    assert list(waiting_predictions("trend", 1, before_ns=102)) == [("AAPL", 101), ("IBM", 100)]


def test_a_prediction_that_names_no_symbol_waits_for_nothing(platform: Any, made: Any) -> None:
    record_predictions([made(1, model_version=1, symbol="", bar_opened_at_ns=100)])
    assert list(waiting_predictions("trend", 1, before_ns=2**62)) == []
    assert join_outcomes([replace(ONE, symbol="")], now_ns=300).joined == 0


@pytest.mark.usefixtures("recorded")
def test_joining_again_changes_nothing_not_even_for_a_restated_outcome() -> None:
    join_outcomes([ONE], now_ns=300)
    restated = replace(ONE, outcome="down", value=-0.2, known_at_ns=400)
    assert join_outcomes([ONE, ONE], now_ns=500).joined == 0
    assert join_outcomes([restated], now_ns=500).joined == 0
    assert set(Prediction.objects.filter(outcome__isnull=False).values_list("outcome", flat=True)) == {"up"}


@pytest.mark.usefixtures("recorded")
def test_an_outcome_known_before_its_bar_closed_is_a_look_ahead_and_joins_nothing() -> None:
    other = replace(ONE, symbol="IBM", known_at_ns=100)
    with pytest.raises(LookAheadError, match="no outcome is known before its bar has closed"):
        join_outcomes([ONE, other], now_ns=500)
    with pytest.raises(InvalidInput, match="contradict each other"):
        join_outcomes([ONE, replace(ONE, outcome="down")], now_ns=500)
    with pytest.raises(InvalidInput, match="no class and no value"):
        join_outcomes([replace(ONE, outcome=None, value=None)], now_ns=500)
    assert not Prediction.objects.filter(outcome_known_at_ns__isnull=False).exists()
    with pytest.raises(IntegrityError):
        Prediction.objects.update(outcome_known_at_ns=100)


def test_more_outcomes_than_a_batch_all_join(platform: Any, made: Any) -> None:
    many = [made(n, model_version=1, bar_opened_at_ns=n) for n in range(12_000)]
    record_predictions(many)
    realised = [
        replace(ONE, symbol=one.symbol, bar_opened_at_ns=one.bar_opened_at_ns, known_at_ns=20_000, outcome=None)
        for one in reversed(many)
    ]
    assert join_outcomes(iter(realised), now_ns=20_000).joined == 12_000
    assert join_outcomes([], now_ns=1) == OutcomesJoined(joined=0, not_yet_known=0)


bars = st.integers(0, 4)
outcome = st.builds(
    Realised,
    model_name=st.just("trend"),
    model_version=st.integers(1, 2),
    symbol=st.sampled_from(["AAPL", "IBM"]),
    bar_opened_at_ns=bars,
    known_at_ns=st.integers(5, 12),
    outcome=st.sampled_from(["up", "down"]),
)
said = st.tuples(st.integers(1, 2), st.sampled_from(["AAPL", "IBM"]), bars)


@given(st.lists(said, max_size=8), st.lists(st.tuples(st.lists(outcome, max_size=6), st.integers(0, 14)), max_size=4))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_joins_in_any_order_agree_with_a_loop_over_dictionaries(
    sqlite_platform: Any, made: Any, predicted: list[Any], rounds: list[Any]
) -> None:
    Prediction.objects.all().delete()
    rows: list[dict[str, Any]] = []
    for n, (version, symbol, bar) in enumerate(predicted):
        record_predictions([made(n, model_version=version, symbol=symbol, bar_opened_at_ns=bar)])
        rows.append({"key": ("trend", version, symbol, bar), "outcome": None, "known": None})
    for realised, now in rounds:
        distinct = {one.key: one for one in realised}
        for one in distinct.values():
            for row in rows:
                if row["key"] == one.key and row["known"] is None and one.known_at_ns <= now:
                    row["outcome"], row["known"] = one.outcome, one.known_at_ns
        join_outcomes(distinct.values(), now_ns=now)
    found = [(row.outcome, row.outcome_known_at_ns) for row in Prediction.objects.order_by("made_at")]
    assert found == [(row["outcome"], row["known"]) for row in rows]
