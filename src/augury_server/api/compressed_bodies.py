"""Bodies that come compressed, as `Content-Encoding` says: never more than a plain body may have, however small."""

from __future__ import annotations

import zlib

from augury_server.api.call import Scope
from augury_server.api.problems import ProblemError

__all__ = ["ENCODINGS", "expect_plain", "inflated"]

_GZIP, _ZLIB = 16 + zlib.MAX_WBITS, zlib.MAX_WBITS
_FORMATS = {b"gzip": _GZIP, b"x-gzip": _GZIP, b"deflate": _ZLIB}
_PLAIN = (b"", b"identity")
_MEMBERS = 16
"""What follows a member is copied before it is read: of thousands of empty ones that would take minutes."""

ENCODINGS = "gzip, deflate"
"""What is read, as `Accept-Encoding` has it (RFC 9110, 12.5.3)."""


def inflated(body: bytes, encoding: bytes, most: int | None) -> bytes:
    """The body as it was before it was compressed, of at most `most` bytes (None: any number).

    `encoding` is gzip (of at most 16 members), deflate (which is zlib's format, RFC 9110) or identity. Raises
    problems: 415 for another one, 413 for more than `most` bytes, of which no more are made, 400 for a body that is not
    what it says, ends too soon, goes on behind its end or has more members.
    """
    name = encoding.strip().lower()
    if name in _PLAIN:
        return body
    form = _FORMATS.get(name)
    if form is None:
        raise _unknown(encoding)
    pieces: list[bytes] = []
    room = most
    for _ in range(_MEMBERS):
        one = zlib.decompressobj(form)
        try:
            pieces.append(one.decompress(body) if room is None else one.decompress(body, room + 1))
        except zlib.error:
            raise ProblemError("malformed-request", f"the body is no {name.decode()}, as its headers say") from None
        if room is not None:
            room -= len(pieces[-1])
            if room < 0:
                detail = f"a body here has at most {most:,} bytes, and this one has more when it is decompressed"
                raise ProblemError("body-too-large", detail)
        if not one.eof:
            raise ProblemError("malformed-request", f"the body ends before its {name.decode()} does")
        body = one.unused_data
        if not body:
            return b"".join(pieces)
        if form != _GZIP:
            raise ProblemError("malformed-request", f"the body goes on for {len(body):,} bytes behind its end")
    raise ProblemError("malformed-request", f"the body has more than {_MEMBERS} members of gzip; one is enough")


def expect_plain(scope: Scope) -> None:
    """Raise a problem with status 415 for a compressed body where none is read."""
    encoding = scope["augury"].headers.get(b"content-encoding", b"identity")
    if encoding.strip().lower() not in _PLAIN:
        raise ProblemError("unsupported-media-type", f"this body is taken as it is, not as {_shown(encoding)}")


def _unknown(encoding: bytes) -> ProblemError:
    detail = f"a body may come as it is or as {ENCODINGS}, not as {_shown(encoding)}"
    return ProblemError("unsupported-media-type", detail, {"accept-encoding": ENCODINGS})


def _shown(encoding: bytes) -> str:
    return f"{encoding.decode('latin-1')[:40]!r}"
