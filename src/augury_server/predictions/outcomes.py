"""What came of predictions, joined to them once it is known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet

from augury.errors import InvalidInput, LookAheadError
from augury_server.database.explaining import explained
from augury_server.predictions.models import Prediction

__all__ = ["OutcomesJoined", "Realised", "join_outcomes", "waiting_predictions", "waiting_query"]

_BATCH = 5_000

_POSTGRESQL = """
WITH realised AS (
    SELECT * FROM unnest(%s::text[], %s::int[], %s::text[], %s::bigint[], %s::text[], %s::float8[], %s::bigint[])
    AS given (model_name, model_version, symbol, bar_opened_at_ns, outcome, outcome_value, known_at_ns)
), found AS (
    SELECT waiting.id, realised.outcome, realised.outcome_value, realised.known_at_ns
    FROM augury_predictions_prediction AS waiting
    JOIN realised USING (model_name, model_version, symbol, bar_opened_at_ns)
    WHERE waiting.outcome_known_at_ns IS NULL AND NOT (waiting.symbol = '') ORDER BY waiting.id FOR UPDATE OF waiting
)
UPDATE augury_predictions_prediction AS kept
SET outcome = found.outcome, outcome_value = found.outcome_value, outcome_known_at_ns = found.known_at_ns
FROM found WHERE kept.id = found.id
"""
_SQLITE = """
UPDATE augury_predictions_prediction SET outcome = ?, outcome_value = ?, outcome_known_at_ns = ?
WHERE model_name = ? AND model_version = ? AND symbol = ? AND bar_opened_at_ns = ? AND outcome_known_at_ns IS NULL
    AND NOT (symbol = '')
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Realised:
    """What came of one bar in the terms of a model version's label.

    `outcome` is the class (None in a regression), `value` the realised return or value (None where there is none).
    `known_at_ns` is when it could first be known, int64 ns UTC: the close of the last bar that the label looks at.
    """

    model_name: str
    model_version: int
    symbol: str
    bar_opened_at_ns: int
    known_at_ns: int
    outcome: str | None = None
    value: float | None = None

    @property
    def key(self) -> tuple[str, int, str, int]:
        """Which predictions it belongs to."""
        return (self.model_name, self.model_version, self.symbol, self.bar_opened_at_ns)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomesJoined:
    """How many predictions got their outcome, and how many outcomes were passed over because they are not known yet."""

    joined: int
    not_yet_known: int


def join_outcomes(realised: Iterable[Realised], *, now_ns: int) -> OutcomesJoined:
    """Give predictions what came of them, as known by `now_ns` (int64 ns UTC); all or none.

    An outcome that is known only later is passed over. A prediction that has its outcome keeps it: what is restated
    later does not rewrite what was judged, and joining twice changes nothing. Raises LookAheadError for an outcome
    known no later than its bar's open, InvalidInput for two that contradict each other.
    """
    known: dict[tuple[str, int, str, int], Realised] = {}
    for one in realised:
        if one.known_at_ns <= one.bar_opened_at_ns:
            raise LookAheadError(
                f"the outcome of {one.symbol}'s bar at {one.bar_opened_at_ns} is said to be known at "
                f"{one.known_at_ns}: no outcome is known before its bar has closed"
            )
        if one.outcome is None and one.value is None:
            raise InvalidInput(f"the outcome of {one.symbol}'s bar at {one.bar_opened_at_ns} has no class and no value")
        if known.setdefault(one.key, one) != one:
            raise InvalidInput(f"two outcomes for {one.key} contradict each other: {known[one.key]} and {one}")
    due = sorted((one for one in known.values() if one.known_at_ns <= now_ns), key=lambda one: one.key)
    with explained("join outcomes"), transaction.atomic():
        joined = sum(_join(due[start : start + _BATCH]) for start in range(0, len(due), _BATCH))
    return OutcomesJoined(joined=joined, not_yet_known=len(known) - len(due))


def waiting_predictions(model_name: str, model_version: int, *, before_ns: int) -> Iterator[tuple[str, int]]:
    """What of a version waits for its outcome: symbol and open of the bar (int64 ns UTC), each once, in that order.

    `before_ns`: only bars that opened before. A prediction from features alone names no bar and waits for nothing.
    """
    return waiting_query(model_name, model_version, before_ns).iterator(chunk_size=_BATCH)


def waiting_query(model_name: str, model_version: int, before_ns: int) -> QuerySet[Prediction, tuple[str, int]]:
    """The query of `waiting_predictions`."""
    return (
        Prediction.objects.filter(
            model_name=model_name,
            model_version=model_version,
            outcome_known_at_ns__isnull=True,
            bar_opened_at_ns__lt=before_ns,
        )
        .exclude(symbol="")
        .order_by("symbol", "bar_opened_at_ns")
        .values_list("symbol", "bar_opened_at_ns")
        .distinct()
    )


def _join(due: list[Realised]) -> int:
    if not due:
        return 0
    if connection.vendor == "postgresql":
        columns: list[list[Any]] = [list(values) for values in zip(*(one.key for one in due), strict=True)]
        columns += [[one.outcome for one in due], [one.value for one in due], [one.known_at_ns for one in due]]
        with connection.cursor() as cursor:
            cursor.execute(_POSTGRESQL, columns)
            return int(cursor.rowcount)
    with connection.wrap_database_errors:
        cursor = connection.connection.cursor()
        try:
            rows = ((one.outcome, one.value, one.known_at_ns, *one.key) for one in due)
            return int(cursor.executemany(_SQLITE, rows).rowcount)
        finally:
            cursor.close()
