"""How the API's description names the problems that a route can answer with."""

from __future__ import annotations

from typing import Any

from augury_server.api.problems import CONTENT_TYPE, KINDS

__all__ = ["PROBLEM_SCHEMA", "problem_responses"]

PROBLEM_SCHEMA: dict[str, Any] = {"$ref": "#/components/schemas/Problem"}
_EVERYWHERE = (
    "malformed-request",
    "key-needed",
    "not-allowed",
    "invalid-input",
    "too-many-requests",
    "failed",
    "unavailable",
)


def problem_responses(*more: str) -> dict[int | str, dict[str, Any]]:
    """Descriptions of the problems that every route has, and of `more`, by status, for FastAPI's `responses`."""
    found: dict[int | str, dict[str, Any]] = {}
    for name in (*_EVERYWHERE, *more):
        kind = KINDS[name]
        content = {CONTENT_TYPE.decode(): {"schema": PROBLEM_SCHEMA}}
        found.setdefault(kind.status, {"description": kind.title, "content": content})
    return found
