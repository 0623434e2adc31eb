"""Questions as JSON: decoded into closed records with the path of what does not fit; answers keep every bit.

`bodies.decode_json` looks at every bracket of a body first, for decoders that take anything. These take records without
unknown fields only, whose decoder stops at the first bracket that does not belong: of 1,000 rows that look would take
as long as decoding them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

import msgspec

from augury.errors import InvalidInput
from augury_server.api.bodies import expect_json, read_body
from augury_server.api.call import Receive, Scope, Send
from augury_server.api.headers import Pair
from augury_server.api.problems import ProblemError

__all__ = ["JSON", "decoded", "encoded", "read_record", "send_body", "send_json"]

T = TypeVar("T")

JSON = "application/json"

_TYPE: Pair = (b"content-type", JSON.encode())
_encoder = msgspec.json.Encoder()


def encoded(value: Any) -> bytes:
    """JSON of records and plain values: floats as the shortest text that reads back to the same bits, NaN as null."""
    return _encoder.encode(value)


async def read_record(scope: Scope, receive: Receive, decoder: msgspec.json.Decoder[T]) -> T:
    """The body of a request as a record. Raises as `decoded`, and a problem with status 415 for another type."""
    expect_json(scope)
    return decoded(decoder, await read_body(scope, receive))


async def send_json(send: Send, value: Any, *, status: int = 200, headers: Iterable[Pair] = ()) -> None:
    """Send a whole response that holds `encoded(value)`."""
    await send_body(send, _encoder.encode(value), status=status, headers=headers)


async def send_body(send: Send, body: bytes, *, status: int = 200, headers: Iterable[Pair] = ()) -> None:
    """Send a whole response that holds JSON."""
    start = [_TYPE, (b"content-length", b"%d" % len(body)), *headers]
    await send({"type": "http.response.start", "status": status, "headers": start})
    await send({"type": "http.response.body", "body": body})


def decoded(decoder: msgspec.json.Decoder[T], body: bytes | bytearray | memoryview, *, what: str = "the body") -> T:
    """The record that a JSON text holds.

    Raises InvalidInput for unknown fields and values of another type, with the path of the first, such as `$.row[3]`;
    and a problem with status 400 for text that is no JSON, which has neither NaN nor Infinity.
    """
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise InvalidInput(f"{what} does not fit: {error}") from error
    except msgspec.DecodeError as error:
        raise ProblemError("malformed-request", f"{what} should be JSON: {error}") from error
    except UnicodeDecodeError as error:
        where = f"{error.reason} at byte {error.start}"
        raise ProblemError("malformed-request", f"{what} should be JSON in UTF-8: {where}") from error
    except RecursionError as error:
        raise ProblemError("malformed-request", f"{what} is nested too deeply; a few levels are enough") from error
