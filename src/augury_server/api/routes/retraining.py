"""Retraining: the operation `retraining.start` as a job, on uploaded files of bars."""

from __future__ import annotations

from fastapi import APIRouter, Query, Request, Response

from augury_server.api.routes.operations import answer_operation, described_job

__all__ = ["router"]

router = APIRouter(prefix="/retraining", tags=["models"])


@router.post(
    "",
    summary="Train a model again",
    **described_job(
        "retraining.start",
        required={
            "name": {"type": "string", "description": "The registered model."},
            "files": {"type": "array", "items": {"type": "string"}, "description": "Uploaded files of bars."},
            "reason": {"type": "string", "description": "Why; it is kept in the history."},
        },
        example={"name": "trend", "files": ["AAPL.csv", "MSFT.csv"], "reason": "bars up to June"},
    ),
)
async def retrain(
    request: Request, dry_run: bool = Query(False, description="Say what would be trained, and do nothing.")
) -> Response:
    """Train a version of a model again, as it was trained, on other bars; the result is registered as a candidate."""
    return await answer_operation(request, "retraining.start", dry_run=dry_run)
