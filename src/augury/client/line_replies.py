"""Lines of an NDJSON reply: a record each, or the problem that there is none."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from augury.client.problems import problem_kind
from augury.errors import Unavailable

__all__ = ["line_of"]

Record = TypeVar("Record")


def line_of(line: bytes, kind: type[Record], what: str) -> Record:
    """The record of a line; raises the error that a problem document in its place names."""
    try:
        found = msgspec.json.decode(line)
        problem = found.get("error", found) if isinstance(found, dict) else None
        if isinstance(problem, dict) and "title" in problem and "status" in problem:
            raise problem_kind(str(problem.get("type", "")), int(problem["status"]))(
                str(problem.get("detail") or problem["title"])
            )
        return msgspec.convert(found, kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Unavailable(f"expected {what} from the platform, got something else: {error}") from error
