"""The OpenAPI document: what FastAPI knows of its routes, with the plain routes and what all of them share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from augury_server.api.problems import CONTENT_TYPE
from augury_server.api.security import OPEN_PATHS

__all__ = ["describe"]

_METHODS = ("get", "put", "post", "delete", "patch", "head", "options")
_DESCRIPTION = """\
Predictions, streams, models, signals, jobs and every operation of the platform.

**Keys.** Send `Authorization: Bearer aug_...` or `X-API-Key`. A key has a role (viewer, operator, administrator) and is
for some parts of the API (predict, stream, inference, operations). `augury keys add` makes one.

**Problems.** Whatever goes wrong is told as `application/problem+json` (RFC 9457), with a stable `type` and the
`request_id` that is also in the header `X-Request-ID` of every response.

**Limits.** `RateLimit-Limit`, `RateLimit-Remaining` and `RateLimit-Reset` say what a key has left; after 429, wait as
long as `Retry-After` says.

**JSON.** UTF-8, without NaN and Infinity, nested at most 32 deep; of a key that comes twice the last one counts.
"""
_PROBLEM = {
    "title": "Problem",
    "type": "object",
    "required": ["type", "title", "status", "detail", "instance", "request_id"],
    "properties": {
        "type": {"type": "string", "description": "A stable URN of the kind of problem."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What was expected, what came, what to do."},
        "instance": {"type": "string", "description": "The path that was asked for."},
        "request_id": {"type": "string"},
    },
}
_SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "aug_..."},
    "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
}


def describe(inner: FastAPI, modules: Sequence[ModuleType]) -> dict[str, Any]:
    """The document. A module's `openapi` is path items by path, or a part of one with `paths` and `components`."""
    document: dict[str, Any] = get_openapi(
        title="Augury", version=inner.version, description=_DESCRIPTION, routes=inner.routes
    )
    components = document.setdefault("components", {})
    for module in modules:
        part: Mapping[str, Any] = getattr(module, "openapi", None) or {}
        whole = "paths" in part
        for path, item in (part["paths"] if whole else part).items():
            document.setdefault("paths", {}).setdefault(path, {}).update(item)
        for section, entries in (part.get("components", {}) if whole else {}).items():
            components.setdefault(section, {}).update(entries)
        components.setdefault("schemas", {}).update(getattr(module, "openapi_schemas", None) or {})
    components.setdefault("schemas", {})["Problem"] = _PROBLEM
    components["securitySchemes"] = _SCHEMES
    _share(document)
    return document


def _share(document: dict[str, Any]) -> None:
    """Every operation may answer with a problem, and needs a key unless its path is open."""
    document["paths"] = dict(sorted(document.get("paths", {}).items()))
    problem = {
        "description": "A problem",
        "content": {CONTENT_TYPE.decode(): {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method not in _METHODS:
                continue
            operation.setdefault("responses", {})["default"] = problem
            operation["responses"].pop("422", None) if _is_fastapis(operation["responses"].get("422")) else None
            operation["security"] = [] if path in OPEN_PATHS else [{"bearer": []}, {"header": []}]
    schemas = document["components"]["schemas"]
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)


def _is_fastapis(response: Any) -> bool:
    return "HTTPValidationError" in str(response)
