"""Predictions are kept once, whole, and however often they are sent; lists of them are read by index."""

from __future__ import annotations

import signal
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from msgspec import structs

from augury.errors import InvalidInput
from augury_server.database.plans import explain
from augury_server.database.retention import apply_retention
from augury_server.predictions.counting import count_predictions
from augury_server.predictions.listing import PredictionFilter, list_predictions
from augury_server.predictions.models import Prediction
from augury_server.predictions.outcomes import Realised, join_outcomes, waiting_query
from augury_server.predictions.recording import record_predictions

START = datetime(2026, 3, 1, tzinfo=UTC)


def test_what_is_recorded_is_read_back_in_every_field(platform: Any, made: Any) -> None:
    records = [made(n) for n in range(300)]
    assert record_predictions(records) == 300
    rows = {row.id: row for row in Prediction.objects.all()}
    for record in records:
        row = rows[record.id]
        for name, value in structs.asdict(record).items():
            assert getattr(row, name) == (list(value) if name == "probabilities" else value)
        assert (row.outcome, row.outcome_value, row.outcome_known_at_ns) == (None, None, None)


@pytest.mark.parametrize("size", [7, 500])
def test_what_is_sent_again_is_not_doubled_nor_changed(platform: Any, made: Any, size: int) -> None:
    first = [made(n) for n in range(size)]
    assert record_predictions(first) == size
    again = [made(n, decision="changed") for n in range(size)] + [made(n) for n in range(size, size + 3)]
    assert record_predictions(iter(again)) == 3
    assert record_predictions([made(size + 9), made(size + 9, decision="other")]) == 1
    assert Prediction.objects.count() == size + 4
    assert not Prediction.objects.filter(decision__in=["changed", "other"]).exists()


def test_a_batch_with_one_wrong_record_is_not_kept_at_all(platform: Any, made: Any) -> None:
    good = [made(n) for n in range(250)]
    for wrong, said in (
        (made(999, made_at=datetime(2026, 1, 1)), "time without zone"),  # noqa: DTZ001
        (made(999, latency_us=-1), "latency of 0 us or more"),
        (made(999, model_version=0), "version from 1 on"),
        (made(999, probabilities=(float("nan"), 1.0)), "no number"),
        (made(999, symbol="x" * 51), "at most 50 characters"),
    ):
        with pytest.raises(InvalidInput, match=said):
            record_predictions([*good, wrong])
    assert not Prediction.objects.exists()


RECORDING = """
import os, signal, sys
from datetime import UTC, datetime
from uuid import UUID
from augury_server.predictions.recording import PredictionRecord, record_predictions
def records():
    for n in range(5000):
        if n == {last}:
            print("killed", flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
        yield PredictionRecord(id=UUID(int=n), model_name="trend", model_version=1, symbol="AAPL", bar_opened_at_ns=n,
                               made_at=datetime(2026, 3, 1, tzinfo=UTC), probabilities=(0.5, 0.5))
print(record_predictions(records()))
"""


def test_a_writer_killed_in_the_middle_leaves_nothing_and_the_batch_is_sent_again(platform: Any) -> None:
    child = platform.python(RECORDING.format(last=4000))
    assert child.communicate(timeout=60)[0].strip() == "killed"
    assert child.returncode == -signal.SIGKILL
    assert not Prediction.objects.exists()
    children = [platform.python(RECORDING.format(last=-1)) for _ in range(2)]
    counts = [int(child.communicate(timeout=60)[0]) for child in children]
    assert sum(counts) == Prediction.objects.count() == 5000


def test_lists_are_newest_first_and_filtered(platform: Any, made: Any) -> None:
    records = [made(n) for n in range(120)]
    record_predictions(records)
    newest = sorted(records, key=lambda one: one.made_at, reverse=True)
    for which, keep in (
        (PredictionFilter(), lambda _: True),
        (PredictionFilter(model_name="trend", model_version=2), lambda one: one.model_version == 2),
        (PredictionFilter(symbol="IBM"), lambda one: one.symbol == "IBM"),
        (PredictionFilter(experiment="ab", variant="champion"), lambda one: one.variant == "champion"),
        (PredictionFilter(request_id="r-3"), lambda one: one.request_id == "r-3"),
    ):
        found = [row.id for row in list_predictions(which, limit=10)]
        assert found == [one.id for one in newest if keep(one)][:10]
    assert list(list_predictions(PredictionFilter(symbol="NONE"))) == []
    for wrong in (PredictionFilter(model_version=2), PredictionFilter(variant="champion")):
        with pytest.raises(InvalidInput, match="without"):
            list_predictions(wrong)
    with pytest.raises(InvalidInput, match="expected a limit"):
        list_predictions(limit=0)


def test_every_list_is_read_by_an_index_and_sorts_nothing(platform: Any, made: Any) -> None:
    record_predictions(
        [made(n, model_name=f"m{n % 40}", symbol=f"S{n % 200}", experiment=f"e{n % 9}") for n in range(20_000)]
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE" if connection.vendor == "sqlite" else "ANALYZE augury_predictions_prediction")
    for which, index in (
        (PredictionFilter(), "predictions_made"),
        (PredictionFilter(model_name="m3", model_version=2), "predictions_version"),
        (PredictionFilter(symbol="S7"), "predictions_symbol"),
        (PredictionFilter(request_id="r-3"), "predictions_request"),
    ):
        plan = explain(list_predictions(which, limit=50))
        assert plan.full_scans == (), plan.text
        assert plan.indexes == (index,), plan.text
        assert not plan.sorts or index == "predictions_request", plan.text
    for which in (PredictionFilter(experiment="e3"), PredictionFilter(experiment="e3", variant="champion")):
        plan = explain(list_predictions(which, limit=50))
        assert plan.full_scans == (), plan.text
    assert explain(waiting_query("m3", 2, 2**62)).full_scans == ()
    with CaptureQueriesContext(connection) as asked:
        assert len(list(list_predictions(limit=50))) == 50
    assert len(asked) == 1


def test_counts_agree_with_counting_one_by_one(platform: Any, made: Any) -> None:
    records = [made(n) for n in range(240)]
    record_predictions(records)
    half = records[::2]
    known = [
        Realised(
            model_name="trend", model_version=one.model_version, symbol=one.symbol, outcome="up",
            bar_opened_at_ns=one.bar_opened_at_ns, known_at_ns=one.bar_opened_at_ns + 5,
        )
        for one in half
    ]  # fmt: skip
    join_outcomes(known, now_ns=2**62)
    until = START + timedelta(minutes=200)
    for limit in (None, records[100].bar_opened_at_ns):
        for counted in count_predictions(since=START, until=until, known_by_ns=limit):
            own = [one for one in records[:200] if one.model_version == counted.model_version]
            keys = {(one.model_version, one.symbol, one.bar_opened_at_ns) for one in half}
            judged = [
                one
                for one in own
                if one.decision
                and (one.model_version, one.symbol, one.bar_opened_at_ns) in keys
                and (limit is None or one.bar_opened_at_ns + 5 <= limit)
            ]
            right = [one for one in judged if one.decision == "up"]
            assert (counted.predictions, counted.decided) == (len(own), sum(bool(one.decision) for one in own))
            assert (counted.judged, counted.right) == (len(judged), len(right))
            assert counted.hit_rate == (pytest.approx(len(right) / len(judged)) if judged else None)
            assert counted.mean_latency_us == pytest.approx(sum(one.latency_us for one in own) / len(own))
    assert [one.model_version for one in count_predictions(since=START, until=until)] == [1, 2]
    assert count_predictions(since=START, until=until, model_name="other") == ()
    with pytest.raises(InvalidInput, match="two times with zones"):
        count_predictions(since=until, until=START)


def test_old_predictions_go_and_young_ones_stay(platform: Any, made: Any) -> None:
    record_predictions([made(n, made_at=START + timedelta(days=n)) for n in range(120)])
    now = START + timedelta(days=119, hours=1)
    (kept,) = apply_retention(now, only="predictions", batch_rows=7, dry_run=True)
    assert (kept.days, kept.deleted, Prediction.objects.count()) == (90, 30, 120)
    (done,) = apply_retention(now, only="predictions", batch_rows=7)
    assert done.deleted == 30
    assert min(Prediction.objects.values_list("made_at", flat=True)) == START + timedelta(days=30)


def test_ids_of_all_kinds_are_kept(platform: Any, made: Any) -> None:
    ids = [UUID(int=0), UUID(int=2**128 - 1), uuid4()]
    record_predictions([made(n, id=one) for n, one in enumerate(ids)])
    assert set(Prediction.objects.values_list("id", flat=True)) == set(ids)
