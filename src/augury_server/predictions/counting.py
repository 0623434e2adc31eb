"""How many predictions there are, and how often they were right."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Avg, Count, F, Q

from augury.errors import InvalidInput
from augury_server.predictions.models import Prediction

__all__ = ["PredictionCount", "count_predictions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictionCount:
    """Predictions of one model version in a span of time.

    `decided`: those where the model did not abstain; `judged`: the decided ones whose class is known by now; `right`:
    of those, where it was the class decided on. `mean_latency_us` in microseconds.
    """

    model_name: str
    model_version: int
    predictions: int
    decided: int
    judged: int
    right: int
    mean_latency_us: float

    @property
    def hit_rate(self) -> float | None:
        """Share of the judged predictions that were right; None where nothing is judged yet."""
        return self.right / self.judged if self.judged else None


def count_predictions(
    *, since: datetime, until: datetime, model_name: str | None = None, known_by_ns: int | None = None
) -> tuple[PredictionCount, ...]:
    """Counts by model version of predictions made in [since, until), by name and version; one query.

    `known_by_ns`: count only outcomes that were known by then (int64 ns UTC). Raises InvalidInput for times without a
    zone or in the wrong order.
    """
    if since.tzinfo is None or until.tzinfo is None or since >= until:
        raise InvalidInput(f"expected two times with zones, the first before the second; got {since} and {until}")
    rows = Prediction.objects.filter(made_at__gte=since, made_at__lt=until)
    if model_name is not None:
        rows = rows.filter(model_name=model_name)
    decided = ~Q(decision="")
    judged = decided & Q(outcome__isnull=False)
    if known_by_ns is not None:
        judged &= Q(outcome_known_at_ns__lte=known_by_ns)
    found = (
        rows.order_by("model_name", "model_version")
        .values("model_name", "model_version")
        .annotate(
            predictions=Count("id"),
            decided=Count("id", filter=decided),
            judged=Count("id", filter=judged),
            right=Count("id", filter=judged & Q(outcome=F("decision"))),
            mean_latency_us=Avg("latency_us"),
        )
    )
    return tuple(PredictionCount(**row) for row in found)
