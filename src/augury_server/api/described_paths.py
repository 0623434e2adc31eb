"""How paths that FastAPI does not know are described in the API's document, from the records they read and write."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from augury_server.api.json_bodies import JSON
from augury_server.api.problem_responses import problem_responses

__all__ = ["content", "described", "plain_schema"]

_REFERENCE = "#/$defs/"


def plain_schema(kind: Any) -> dict[str, Any]:
    """The JSON schema of a record or type with nothing left to look up elsewhere; no record here holds itself."""
    (found,), parts = msgspec.json.schema_components([kind], ref_template=_REFERENCE + "{name}")
    inlined: dict[str, Any] = _inline(found, parts)
    return inlined


def content(kind: Any) -> dict[str, Any]:
    """A body of JSON."""
    return {JSON: {"schema": plain_schema(kind)}}


def described(
    name: str, summary: str, *, tag: str, body: Any = None, reply: Any = None, problems: Sequence[str] = ()
) -> dict[str, Any]:
    """One method of a path: what it takes and gives, and the problems that may come instead."""
    answer: dict[str, Any] = {"description": "The answer."}
    if reply is not None:
        answer["content"] = _written(content(reply))
    of_bodies = () if body is None else ("body-too-slow", "body-too-large", "unsupported-media-type")
    others = {str(status): told for status, told in problem_responses(*of_bodies, *problems).items()}
    found: dict[str, Any] = {
        "operationId": name,
        "summary": summary,
        "tags": [tag],
        "responses": {"200": answer, **others},
    }
    if body is not None:
        found["requestBody"] = {"required": True, "content": content(body)}
    return found


def _written(schema: Any) -> Any:
    """What is written may be null wherever it is a number: NaN has no other form in JSON."""
    if isinstance(schema, list):
        return [_written(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    told = {name: _written(value) for name, value in schema.items()}
    return told | {"type": ["number", "null"]} if told.get("type") == "number" else told


def _inline(schema: Any, parts: dict[str, Any]) -> Any:
    if isinstance(schema, list):
        return [_inline(item, parts) for item in schema]
    if not isinstance(schema, dict):
        return schema
    reference = schema.get("$ref")
    if isinstance(reference, str):
        return _inline(parts[reference.removeprefix(_REFERENCE)], parts)
    return {name: _inline(value, parts) for name, value in schema.items()}
