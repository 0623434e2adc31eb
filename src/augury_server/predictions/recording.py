"""Predictions into the database, many at once, each once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from math import isfinite
from typing import Any
from uuid import UUID

import msgspec

from augury.errors import InvalidInput
from augury_server.database.bulk import OnConflict, insert_rows
from augury_server.predictions.models import Prediction

__all__ = ["PredictionRecord", "record_predictions"]


class PredictionRecord(msgspec.Struct, frozen=True, kw_only=True, array_like=True, gc=False):
    """A prediction to be kept; its fields are those of `Prediction`.

    `id` identifies it: make one when the prediction is made and keep it through every retry. As JSON or MessagePack it
    is its values in their order: a field that is added comes last and has a default.
    """

    id: UUID
    model_name: str
    model_version: int
    symbol: str
    bar_opened_at_ns: int
    made_at: datetime
    probabilities: tuple[float, ...]
    decision: str = ""
    inputs_sha256: str = ""
    latency_us: int = 0
    experiment: str = ""
    variant: str = ""
    request_id: str = ""


_COLUMNS = PredictionRecord.__struct_fields__


def record_predictions(records: Iterable[PredictionRecord]) -> int:
    """Keep predictions, all or none; returns how many were new.

    One that is there already, by its id, stays as it is, so that a batch may be sent again after any failure. Raises
    InvalidInput for a time without zone or text that is too long, Unavailable when the database is away.
    """
    return insert_rows(Prediction, _COLUMNS, _checked(records), on_conflict=OnConflict(unique=("id",)))


def _checked(records: Iterable[PredictionRecord]) -> Iterator[tuple[Any, ...]]:
    for record in records:
        if record.made_at.tzinfo is None:
            raise InvalidInput(f"prediction {record.id} has a time without zone, {record.made_at}; add +00:00 for UTC")
        if record.latency_us < 0 or record.model_version < 1:
            raise InvalidInput(
                f"prediction {record.id} should have a version from 1 on and a latency of 0 us or more; got "
                f"{record.model_version} and {record.latency_us}"
            )
        if not all(map(isfinite, record.probabilities)):
            raise InvalidInput(f"prediction {record.id} holds a value that is no number: {record.probabilities}")
        yield msgspec.structs.astuple(record)
