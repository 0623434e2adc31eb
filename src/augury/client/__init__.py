"""A client of a running platform over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from augury.lazy import lazy_exports

if TYPE_CHECKING:
    from augury.client.async_client import AsyncClient
    from augury.client.client import Client
    from augury.client.questions import Question
    from augury.client.records import Health, Job, Model, OperationInfo, Prediction, RunResult, StoredFile, StreamUpdate
    from augury.client.retrying import Retries, Timeouts
    from augury.client.stream_session import AsyncStreamSession, StreamSession

__all__ = [
    "AsyncClient",
    "AsyncStreamSession",
    "Client",
    "Health",
    "Job",
    "Model",
    "OperationInfo",
    "Prediction",
    "Question",
    "Retries",
    "RunResult",
    "StoredFile",
    "StreamSession",
    "StreamUpdate",
    "Timeouts",
]

_RECORDS = ("Health", "Job", "Model", "OperationInfo", "Prediction", "RunResult", "StoredFile", "StreamUpdate")

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "AsyncClient": "augury.client.async_client",
        "AsyncStreamSession": "augury.client.stream_session",
        "Client": "augury.client.client",
        "Question": "augury.client.questions",
        "Retries": "augury.client.retrying",
        "StreamSession": "augury.client.stream_session",
        "Timeouts": "augury.client.retrying",
        **dict.fromkeys(_RECORDS, "augury.client.records"),
    },
)
