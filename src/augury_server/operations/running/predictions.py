"""What the verbs of recorded predictions do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from augury.operations.operation import Progress
from augury_server.operations.predictions import CountPredictionsOptions, ListPredictionsOptions
from augury_server.operations.table import Table
from augury_server.predictions.counting import count_predictions
from augury_server.predictions.listing import PredictionFilter, list_predictions

__all__ = ["counts", "list_newest"]


def list_newest(spec: ListPredictionsOptions, _: Progress) -> Table:
    """The newest predictions."""
    which = PredictionFilter(
        model_name=spec.model,
        model_version=spec.version,
        symbol=spec.symbol,
        experiment=spec.experiment,
        variant=spec.variant,
        request_id=spec.request,
    )
    rows = tuple(
        (
            row.made_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            f"{row.model_name}@{row.model_version}",
            row.symbol,
            datetime.fromtimestamp(row.bar_opened_at_ns // 10**9, UTC).strftime("%Y-%m-%dT%H:%MZ"),
            row.decision or None,
            max(row.probabilities, default=None),
            row.outcome if row.outcome is not None else row.outcome_value,
            f"{row.experiment}:{row.variant}" if row.experiment else None,
            row.latency_us,
            str(row.pk),
        )
        for row in list_predictions(which, limit=spec.limit)
    )
    columns = (
        "made",
        "model",
        "symbol",
        "bar",
        "decision",
        "probability",
        "outcome",
        "experiment",
        "microseconds",
        "id",
    )
    return Table(title="Predictions, newest first", columns=columns, rows=rows)


def counts(spec: CountPredictionsOptions, _: Progress) -> Table:
    """Counts by model version."""
    now = datetime.now(UTC)
    found = count_predictions(since=now - timedelta(days=spec.days), until=now, model_name=spec.model)
    rows = tuple(
        (
            f"{one.model_name}@{one.model_version}",
            one.predictions,
            one.decided,
            one.judged,
            one.right,
            one.hit_rate,
            round(one.mean_latency_us),
        )
        for one in found
    )
    columns = ("model", "predictions", "decided", "judged", "right", "hit_rate", "mean_microseconds")
    return Table(title=f"Predictions of the last {spec.days:g} days", columns=columns, rows=rows)
