"""Lists of predictions, newest first."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet

from augury.errors import InvalidInput
from augury_server.predictions.models import Prediction

__all__ = ["PredictionFilter", "list_predictions"]

_MOST = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictionFilter:
    """Which predictions: of a model (and a version of it), a symbol, an experiment (and a variant), a request."""

    model_name: str | None = None
    model_version: int | None = None
    symbol: str | None = None
    experiment: str | None = None
    variant: str | None = None
    request_id: str | None = None


def list_predictions(which: PredictionFilter | None = None, *, limit: int = 100) -> QuerySet[Prediction]:
    """Predictions, newest first, at most `limit` of them; one query when it is read.

    Raises InvalidInput for a version without its model, a variant without its experiment, or a limit over 10,000.
    """
    which = which or PredictionFilter()
    if not 1 <= limit <= _MOST:
        raise InvalidInput(f"expected a limit of 1 to {_MOST:,}, got {limit:,}")
    for whole, part in (("model_name", "model_version"), ("experiment", "variant")):
        if getattr(which, part) is not None and getattr(which, whole) is None:
            raise InvalidInput(f"{part} was given without {whole}; give both")
    given = {name: getattr(which, name) for name in PredictionFilter.__dataclass_fields__}
    rows = Prediction.objects.filter(**{name: value for name, value in given.items() if value is not None})
    for name in ("symbol", "experiment", "request_id"):
        if given[name]:  # said once more, as the condition of the partial index
            rows = rows.exclude(**{name: ""})
    return rows.order_by("-made_at", "-id")[:limit]
