"""Backtests: the operation `backtest` as a job, on an uploaded file of bars."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from augury_server.api.routes.operations import answer_operation, described_job

__all__ = ["router"]

router = APIRouter(prefix="/backtests", tags=["backtests"])


@router.post(
    "",
    summary="Backtest a strategy",
    **described_job(
        "backtest",
        required={
            "strategy": {"type": "string", "description": "A strategy's name, or a model's folder."},
            "file": {"type": "string", "description": "An uploaded file of bars."},
        },
        example={"strategy": "sma_crossover", "file": "AAPL.csv", "parameters": ["fast=20", "slow=100"]},
    ),
)
async def backtest(request: Request) -> Response:
    """Submit a backtest of a strategy that ships, or of a model, on an uploaded file of bars."""
    return await answer_operation(request, "backtest")
