"""Bulk rows against the plain way: the same rows in the table, on both engines, all of them or none."""

from __future__ import annotations

import math
import uuid
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pytest
from django.db import DataError, IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from augury.errors import InvalidInput
from augury_server.database.arrays_out import select_arrays
from augury_server.database.bulk import OnConflict, insert_arrays, insert_rows
from augury_server.ingest.models import Bar, DeadLetter, Instrument, News
from augury_server.jobs.models import Job
from augury_server.predictions.models import Prediction

NEWS = ("item_id", "ticker", "text", "published_at_ns", "known_at_ns", "positive")
VALUES = ("open", "high", "low", "close", "volume")
TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=40)
SHARED = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


class Text(str):
    """A text of another type."""


def bars(times: list[int], close: list[float]) -> dict[str, Any]:
    columns = {name: np.array(close) for name in VALUES}
    return {"series": 1, "opened_at_ns": np.array(times), **columns, "known_at_ns": np.array(times) + 5}


@given(rows=st.lists(st.tuples(TEXT, TEXT, st.integers(-(2**63), 2**63 - 1), st.floats()), max_size=20))
@SHARED
def test_rows_are_those_that_the_plain_way_inserts(platform: Any, rows: list[tuple[str, str, int, float]]) -> None:
    News.objects.all().delete()
    given_rows = [(str(at), ticker, text, when, when, score) for at, (ticker, text, when, score) in enumerate(rows)]
    assert insert_rows(News, NEWS, iter(given_rows)) == len(rows)
    for at, ticker, text, when, known, score in given_rows:
        row = News.objects.get(item_id=at)
        assert (row.ticker, row.text, row.published_at_ns, row.known_at_ns) == (ticker, text, when, known)
        assert (row.positive is None) if math.isnan(score) else row.positive == score
        assert (row.source, row.scored_by, row.negative) == ("", "", None)
        assert (datetime.now(UTC) - row.created_at).total_seconds() < 60


def test_a_column_of_mixed_values_is_converted_value_by_value(platform: Any) -> None:
    """Each column of these has a first part of one kind and a second of several."""
    texts = [*("plain",) * 130, "Zürich", Text("own"), 17, "x" * 32]
    numbers = [*(1.5,) * 130, None, math.nan, np.float32(0.1), 3]
    times = [*range(130), np.int64(130), True, 132.0, "133"]
    rows = [(str(at), *values) for at, values in enumerate(zip(texts, texts, times, times, numbers, strict=True))]
    assert insert_rows(News, NEWS, rows) == 134
    found = News.objects.order_by("pk").values_list("ticker", "text", "published_at_ns", "positive")
    expected = [None, None, float(np.float32(0.1)), 3.0]
    assert [row[0] for row in found] == [str(text) for text in texts]
    assert [row[1] for row in found] == [str(text) for text in texts]
    assert [row[2] for row in found] == [*range(131), 1, 132, 133]
    assert [row[3] for row in found] == [*numbers[:130], *expected]


def test_a_late_row_that_is_wrong_is_told_and_none_is_stored(platform: Any) -> None:
    good = [(str(at), "A", "t", at, at, 0.5) for at in range(200)]
    for wrong, told in (
        (("x", "A", "t", 1, 1), "rows of 6 values, got one of 5"),
        (("x", "A" * 201, "t", 1, 1, 0.5), "at most 200 characters"),
        (("x", "A", "zero\0byte", 1, 1, 0.5), "without zero bytes"),
        (("x", "A", "half \ud800", 1, 1, 0.5), "valid Unicode"),
    ):
        with pytest.raises(InvalidInput, match=told):
            insert_rows(News, NEWS, [*good, wrong])
        assert not News.objects.exists()


def test_times_in_any_zone_and_json_of_numbers_are_those_that_django_writes(platform: Any) -> None:
    east = timezone(timedelta(hours=5, minutes=30))
    when = [datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), datetime(2026, 1, 2, 8, 34, 5, 1, tzinfo=east)]
    numbers = [(0.1, 1e-300, 1.7976931348623157e308, -0.0, 5e-324), (1.0, 2, None), (), [[0.5], {"a": 0.25}]]
    columns = ("id", "model_name", "model_version", "symbol", "bar_opened_at_ns", "made_at", "probabilities")
    rows = [(uuid.uuid4(), "m", 1, "A", at, when[at % 2], values) for at, values in enumerate(numbers)]
    assert insert_rows(Prediction, columns, rows) == len(rows)
    for key, name, version, symbol, at, made_at, values in rows:
        plain = Prediction.objects.create(
            id=uuid.uuid4(), model_name=name, model_version=version, symbol=symbol, bar_opened_at_ns=at,
            made_at=made_at, probabilities=values,
        )  # fmt: skip
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT CAST(made_at AS text), CAST(probabilities AS text) FROM {Prediction._meta.db_table}"
                           " WHERE bar_opened_at_ns = %s", [at])  # fmt: skip
            one, other = cursor.fetchall()
        assert one == other
        assert Prediction.objects.get(pk=key).made_at == Prediction.objects.get(pk=plain.pk).made_at == made_at


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_json_has_no_number_that_is_none(platform: Any, number: float) -> None:
    columns = ("model_name", "model_version", "symbol", "bar_opened_at_ns", "made_at", "probabilities")
    with pytest.raises((DataError, IntegrityError)):
        insert_rows(Prediction, columns, [("m", 1, "A", 1, datetime(2026, 1, 2, tzinfo=UTC), (number, 0.5))])
    assert not Prediction.objects.exists()


def test_times_json_and_identifiers_arrive_as_django_writes_them(platform: Any) -> None:
    when = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
    payload = {"a": [1, None, "é"], "b": {"c": 1.5}}
    columns = ("source", "kind", "subject", "rule", "reason", "payload", "fingerprint", "first_seen_at")
    assert insert_rows(DeadLetter, columns, [("wire", "news", "AAPL", "r", "why", payload, "f", when)]) == 1
    row = DeadLetter.objects.get()
    assert (row.payload, row.first_seen_at, row.state, row.times_seen) == (payload, when, "open", 1)
    assert insert_rows(Job, ("operation", "timeout_seconds"), [("bars", 1.0), ("news", 2.0)]) == 2
    assert len({job.pk for job in Job.objects.all()}) == 2
    assert all(isinstance(job.pk, uuid.UUID) for job in Job.objects.all())


@given(
    times=st.lists(st.integers(-(2**62), 2**62), unique=True, min_size=1, max_size=30),
    closes=st.lists(st.floats(allow_nan=False).filter(lambda value: value != 0.0), min_size=30, max_size=30),
)
@SHARED
def test_arrays_arrive_bit_for_bit_and_come_back_as_arrays(
    platform: Any, times: list[int], closes: list[float]
) -> None:
    Bar.objects.all().delete()
    close = closes[: len(times)]
    assert insert_arrays(Bar, bars(times, close)) == len(times)
    plain = dict(Bar.objects.values_list("opened_at_ns", "close"))
    assert plain == dict(zip(times, close, strict=True))
    statement = f"SELECT opened_at_ns, close, known_at_ns FROM {Bar._meta.db_table} ORDER BY opened_at_ns"
    opened_at, back, known_at = select_arrays(statement, [], "ifi")
    order = np.argsort(times)
    assert opened_at.tolist() == np.array(times)[order].tolist()
    assert back.tobytes() == np.array(close, dtype=np.float64)[order].tobytes()
    assert known_at.tolist() == (opened_at + 5).tolist()


def test_undefined_numbers_come_back_as_nan_and_nothing_is_an_empty_array(platform: Any) -> None:
    statement = f"SELECT known_at_ns, positive FROM {News._meta.db_table} ORDER BY id"
    empty = select_arrays(statement, [], "in")
    assert [array.dtype.str for array in empty] == ["<i8", "<f8"]
    assert [len(array) for array in empty] == [0, 0]
    columns = {"item_id": ["a", "b"], "ticker": "X", "text": "t", "published_at_ns": 1, "known_at_ns": np.array([1, 2])}
    insert_arrays(News, {**columns, "positive": np.array([0.25, np.nan])})
    assert News.objects.get(item_id="b").positive is None
    known, positive = select_arrays(statement, [], "in")
    assert known.tolist() == [1, 2]
    assert positive[0] == 0.25
    assert np.isnan(positive[1])


@pytest.mark.parametrize("count", [3, 300])
def test_a_conflict_is_passed_over_or_updates_and_the_last_row_counts(platform: Any, count: int) -> None:
    old = [(str(at), "OLD", "t", at, at, 0.5) for at in range(0, count, 2)]
    insert_rows(News, NEWS, old)
    new = [(str(at), "NEW", "t", at, at, 0.1) for at in range(count)]
    kept = insert_rows(News, NEWS, [*new, *new], on_conflict=OnConflict(unique=("item_id",)))
    assert kept == count - len(old)
    assert News.objects.filter(ticker="OLD").count() == len(old)
    latest = [(str(at), "LATE", "t", at, at, 0.2) for at in range(count)]
    changed = OnConflict(unique=("item_id",), update=("ticker",))
    insert_rows(News, NEWS, [*new, *latest], on_conflict=changed)
    assert set(News.objects.values_list("ticker", flat=True)) == {"LATE"}
    assert News.objects.count() == count
    assert set(News.objects.filter(published_at_ns__lt=1).values_list("positive", flat=True)) == {0.5}, "not updated"


def test_arrays_too_may_meet_stored_rows(platform: Any) -> None:
    insert_arrays(Bar, bars([1, 2, 3], [1.0, 2.0, 3.0]))
    update = OnConflict(unique=("series", "opened_at_ns"), update=("close",))
    assert insert_arrays(Bar, bars([2, 3, 4], [20.0, 30.0, 40.0]), on_conflict=update) == 3
    assert list(Bar.objects.order_by("opened_at_ns").values_list("close", "open")) == [
        (1.0, 1.0),
        (20.0, 2.0),
        (30.0, 3.0),
        (40.0, 40.0),
    ]
    assert insert_arrays(Bar, bars([4, 5], [0.5, 0.5]), on_conflict=OnConflict(unique=("series", "opened_at_ns"))) == 1


@pytest.mark.parametrize("arrays", [True, False])
def test_one_bad_row_and_nothing_is_stored(platform: Any, arrays: bool) -> None:
    insert_arrays(Bar, bars([1], [1.0]))
    names = ("series", "opened_at_ns", *VALUES, "known_at_ns")
    rows = ((1, at, 1.0, 1.0, 1.0, 1.0, 1.0, at) for at in (5, 6, 1))
    with pytest.raises(IntegrityError):
        insert_arrays(Bar, bars([5, 6, 1], [1.0, 1.0, 1.0])) if arrays else insert_rows(Bar, names, rows)
    assert list(Bar.objects.values_list("opened_at_ns", flat=True)) == [1]
    with pytest.raises(IntegrityError):
        insert_arrays(Bar, bars([7], [math.nan]))
    assert Bar.objects.count() == 1


def test_a_generator_that_fails_half_way_leaves_nothing(platform: Any) -> None:
    def rows() -> Any:
        yield ("a", "X", "t", 1, 1, 0.5)
        raise RuntimeError("the source broke")

    with pytest.raises(RuntimeError, match="the source broke"):
        insert_rows(News, NEWS, rows())
    assert News.objects.count() == 0


def test_bulk_rows_belong_to_the_transaction_around_them(platform: Any) -> None:
    many = [(str(at), "X", "t", 1, 1, 0.5) for at in range(500)]
    with transaction.atomic():
        insert_rows(News, NEWS, [("a", "X", "t", 1, 1, 0.5)])
        for expected in (500, 0):
            assert insert_rows(News, NEWS, many, on_conflict=OnConflict(unique=("item_id",))) == expected
        assert News.objects.count() == 501
        transaction.set_rollback(True)
    assert News.objects.count() == 0


@pytest.mark.parametrize(
    ("columns", "row", "message"),
    [
        (("symbol", "sektor"), ("A", "b"), "did you mean 'sector'"),
        (("name",), ("A",), "need a value for 'symbol'"),
        (("symbol",), ("A", "b"), "rows of 1 values"),
        (("symbol",), ("A" * 201,), "at most 200 characters"),
        (("symbol",), ("A\0",), "without zero bytes"),
        (("symbol",), ("\ud800",), "valid Unicode"),
    ],
)
def test_what_cannot_be_a_row_is_refused_with_the_reason(
    platform: Any, columns: tuple[str, ...], row: tuple[str, ...], message: str
) -> None:
    with pytest.raises(InvalidInput, match=message):
        insert_rows(Instrument, columns, [row])
    assert Instrument.objects.count() == 0


def test_columns_of_different_lengths_are_refused(platform: Any) -> None:
    with pytest.raises(InvalidInput, match=r"one length, got \[1, 2\]"):
        insert_arrays(Instrument, {"symbol": ["A", "B"], "name": ["x"]})
    assert insert_arrays(Instrument, {"symbol": []}) == 0


def test_the_number_of_statements_does_not_grow_with_the_rows(platform: Any) -> None:
    counts = []
    for size in (1_000, 4_000):
        News.objects.all().delete()
        with CaptureQueriesContext(connection) as captured:
            insert_rows(
                News,
                NEWS,
                ((str(at), "X", "t", at, at, 0.5) for at in range(size)),
                on_conflict=OnConflict(unique=("item_id",)),
            )
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 7
