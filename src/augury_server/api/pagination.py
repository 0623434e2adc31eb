"""Pages of a list by cursor: a place in the list, not a number of rows, so that rows that come do not move pages."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeVar
from urllib.parse import parse_qsl, urlencode

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.datastructures import URL

from augury.errors import InvalidInput

__all__ = ["LONGEST_CURSOR", "MOST_ROWS", "PageQuery", "PlainText", "cursor_of", "next_link", "place_of_cursor"]

T = TypeVar("T")
MOST_ROWS = 1_000
LONGEST_CURSOR = 400
PlainText = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]*$")]
"""Text of a query: no control characters, which databases refuse."""


class PageQuery(BaseModel):
    """What every list takes."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(100, ge=1, le=MOST_ROWS, description="How many on a page.")
    cursor: PlainText | None = Field(
        None, max_length=LONGEST_CURSOR, description="Where the page begins: the `next` of another."
    )


def cursor_of(*parts: str | int) -> str:
    """An opaque text for a place in a list."""
    return base64.urlsafe_b64encode(json.dumps(parts, separators=(",", ":")).encode()).decode().rstrip("=")


def place_of_cursor(cursor: str | None, read: Callable[[Sequence[Any]], T]) -> T | None:
    """The place that a cursor names, as `read` makes it of its parts; InvalidInput for a text that is no cursor."""
    if cursor is None:
        return None
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        return read(list(json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))))
    except (AttributeError, ValueError, TypeError, IndexError, OverflowError, RecursionError, binascii.Error) as error:
        raise InvalidInput(f"cursor = {cursor[:80]!r} is none of this list; take the one of its Link header") from error


def next_link(url: URL, cursor: str | None) -> dict[str, str]:
    """The header `Link` to the next page (RFC 8288), relative to this one; none after the last."""
    if cursor is None:
        return {}
    kept = [(name, value) for name, value in parse_qsl(url.query, keep_blank_values=True) if name != "cursor"]
    return {"link": f'<{url.path}?{urlencode([*kept, ("cursor", cursor)])}>; rel="next"'}
