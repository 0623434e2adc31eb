"""Backtests: the operation `backtest` as a job, on an uploaded file of bars."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from augury_server.api.idempotency import IDEMPOTENCY_HEADER
from augury_server.api.json_bodies import JSON
from augury_server.api.problem_responses import problem_responses
from augury_server.api.routes.operations import SubmittedJob, answer_call, read_options_body
from augury_server.api.running_operations import Call, allowed_operation
from augury_server.api.security import require_role
from augury_server.api.work_threads import in_database

__all__ = ["router"]

router = APIRouter(prefix="/backtests", tags=["backtests"])


@router.post(
    "",
    status_code=202,
    responses={
        202: {"description": "It runs as a job, whose place is in Location.", "model": SubmittedJob},
        **problem_responses("not-found", "conflict", "body-too-large", "unsupported-media-type"),
    },
    openapi_extra={
        "parameters": [IDEMPOTENCY_HEADER],
        "requestBody": {
            "required": True,
            "content": {
                JSON: {
                    "schema": {
                        "type": "object",
                        "required": ["strategy", "file"],
                        "properties": {
                            "strategy": {"type": "string", "description": "A strategy's name, or a model's folder."},
                            "file": {"type": "string", "description": "An uploaded file of bars."},
                        },
                        "additionalProperties": True,
                        "description": "Further options: GET /v1/operations/backtest.",
                    },
                    "example": {"strategy": "sma_crossover", "file": "AAPL.csv", "parameters": ["fast=20", "slow=100"]},
                }
            },
        },
    },
    summary="Backtest a strategy",
)
async def backtest(request: Request) -> Response:
    """Submit a backtest of a strategy that ships, or of a model, on an uploaded file of bars."""
    principal = require_role(request.scope, "operator")
    entry = await in_database(allowed_operation, "backtest", principal)
    body, options = await read_options_body(request)
    return await answer_call(request, body, Call(principal=principal, entry=entry, options=options))
