"""Bodies of requests: read within limits of size and time, and JSON that is refused early when it is not plain JSON.

Refused are: text that is not UTF-8, NaN and Infinity, numbers that no double holds, halves of surrogate pairs, arrays
and objects nested deeper than 32. Of a key that comes twice in an object the last one counts. Everything takes memory
and time in proportion to the body, whose size is limited.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, TypeVar

import msgspec
import numpy as np
from starlette.requests import ClientDisconnect

from augury_server.api.compressed_bodies import inflated
from augury_server.api.problems import ProblemError

__all__ = ["DEEPEST", "check_json", "decode_json", "expect_json", "is_json", "read_body", "read_json"]

Decoded = TypeVar("Decoded")
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

DEEPEST = 32
"""How deep arrays and objects may be nested."""

_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_UNQUOTED = bytes.maketrans(b"[]{}", bytes((1, 255, 1, 255)))
_ANY = msgspec.json.Decoder()


async def read_body(scope: Mapping[str, Any], receive: Receive) -> bytes:
    """The whole body, decompressed. The frame's `receive` keeps to the limits: problems 408 and 413 come from there.

    Raises ClientDisconnect when the caller has left, and what `inflated` raises.
    """
    call = scope["augury"]
    message = await receive()
    if message["type"] == "http.disconnect":
        raise ClientDisconnect
    body: bytes = message.get("body", b"")
    if message.get("more_body", False):
        pieces = [body]
        while message.get("more_body", False):
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            pieces.append(message.get("body", b""))
        body = b"".join(pieces)
    if body and b"content-encoding" in call.headers:
        return inflated(body, call.headers[b"content-encoding"], call.allowance.size)
    return body


async def read_json(scope: Mapping[str, Any], receive: Receive, decoder: msgspec.json.Decoder[Decoded]) -> Decoded:
    """The body as the decoder's type: what a plain route calls first.

    Raises problems: 415 for another content type, 400 for what is no plain JSON, 422 for JSON of another shape.
    """
    expect_json(scope)
    return decode_json(await read_body(scope, receive), decoder)


def expect_json(scope: Mapping[str, Any]) -> None:
    """Raise a problem with status 415 for a body that says it is something else than JSON."""
    kind = scope["augury"].headers.get(b"content-type")
    if kind is not None and not is_json(kind):
        raise _wrong_type(kind)


def is_json(content_type: bytes) -> bool:
    """Whether a content type is JSON's: application/json or application/...+json, in UTF-8."""
    if content_type == b"application/json":
        return True
    kind, _, parameters = content_type.lower().partition(b";")
    kind = kind.strip()
    json = kind == b"application/json" or (kind.startswith(b"application/") and kind.endswith(b"+json"))
    charset = parameters.partition(b"charset=")[2].partition(b";")[0].strip(b' "')
    return json and charset in (b"", b"utf-8", b"utf8", b"us-ascii")


def decode_json(body: bytes, decoder: msgspec.json.Decoder[Decoded]) -> Decoded:
    """A body decoded. Raises problems: 400 for what is no plain JSON, 422 for JSON of another shape."""
    if body.count(b"[") + body.count(b"{") > DEEPEST and _depth(body) > DEEPEST:
        raise ProblemError("malformed-request", f"arrays and objects may be nested {DEEPEST} deep, these are deeper")
    try:
        if not body.isascii():
            body.decode()
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise ProblemError("invalid-input", f"the body is not as described: {error}") from None
    except msgspec.DecodeError as error:
        told = "it is empty" if not body.strip() else str(error)
        raise ProblemError("malformed-request", f"the body should be JSON: {told}") from None
    except UnicodeDecodeError as error:
        raise ProblemError("malformed-request", f"the body should be UTF-8: byte {error.start} is not") from None
    except RecursionError:
        raise ProblemError("malformed-request", f"arrays and objects may be nested {DEEPEST} deep") from None


def check_json(content_type: bytes | None, body: bytes) -> None:
    """Raise the problem that `read_json` would, for a body that something else decodes."""
    if content_type is None or not is_json(content_type):
        raise _wrong_type(content_type or b"")
    decode_json(body, _ANY)


def _wrong_type(content_type: bytes) -> ProblemError:
    given = content_type.decode("latin-1") or "none"
    return ProblemError("unsupported-media-type", f"the body should be application/json in UTF-8, got {given!r:.100}")


def _depth(body: bytes) -> int:
    """How deep brackets are nested outside of strings; found without looking at each byte in Python."""
    if b"\\" in body:
        body = body.replace(b"\\\\", b"").replace(b'\\"', b"")
    outside = b"".join(body.split(b'"')[::2]).translate(_UNQUOTED, _NOT_BRACKETS)
    if not outside:
        return 0
    return int(np.frombuffer(outside, dtype=np.int8).cumsum(dtype=np.int64).max())
