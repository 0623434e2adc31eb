"""Problem documents of the platform become the errors of the library."""

from __future__ import annotations

import re

import msgspec

from augury import errors
from augury.client.steps import Call, Failure, Reply
from augury.errors import (
    AuguryError,
    Conflict,
    InvalidInput,
    LookAheadError,
    Misconfigured,
    NotFound,
    Refused,
    Unavailable,
)

__all__ = ["error_of", "problem_kind"]

_LONGEST = 2000

_BY_STATUS: dict[int, type[AuguryError]] = {
    301: Misconfigured, 302: Misconfigured, 303: Misconfigured, 307: Misconfigured, 308: Misconfigured,
    400: InvalidInput, 401: Refused, 403: Refused, 404: NotFound, 405: Refused, 406: InvalidInput, 408: Unavailable,
    409: Conflict, 410: NotFound, 411: InvalidInput, 412: Conflict, 413: InvalidInput, 415: InvalidInput,
    422: InvalidInput, 425: Unavailable, 428: Refused, 429: Unavailable, 501: Misconfigured, 502: Unavailable,
    503: Unavailable, 504: Unavailable, 507: Refused,
}  # fmt: skip
"""What a status calls for where the document names no kind of error that is known here."""


class _Problem(msgspec.Struct):
    type: str = ""
    title: str = ""
    detail: str = ""
    request_id: str = ""


def problem_kind(urn: str, status: int) -> type[AuguryError]:
    """The error that a problem's type names ("...:not-found" is NotFound); else the one for its status."""
    name = re.split(r"[:/#]", urn)[-1]
    if name == "look-ahead":
        return LookAheadError
    kind = getattr(errors, "".join(part[:1].upper() + part[1:] for part in re.split(r"[-_]", name)), None)
    if isinstance(kind, type) and issubclass(kind, AuguryError) and kind is not errors.MissingExtra:
        return kind
    return _BY_STATUS.get(status, AuguryError)


def error_of(call: Call, outcome: Reply | Failure, tried: int) -> AuguryError:
    """The error for a call that did not succeed, with what the platform said and the request's id."""
    often = f" ({tried} attempts)" if tried > 1 else ""
    if isinstance(outcome, Failure):
        unsure = "" if call.safe or not outcome.sent else "; it may be done all the same, so it is not repeated"
        return Unavailable(f"no answer from the platform to {call.method} {call.path}{often}: {outcome.reason}{unsure}")
    problem = _problem(outcome)
    kind = problem_kind(problem.type, outcome.status)
    if kind is Misconfigured and 300 <= outcome.status < 400:
        place = outcome.headers.get("location", "nowhere")[:200]
        return kind(f"the platform sends on to {place}; give that URL instead")
    said = (problem.detail or problem.title or _text(outcome.body) or "no reason was given")[:_LONGEST].rstrip(". ")
    request = problem.request_id or outcome.headers.get("x-request-id", "")
    facts = [f"HTTP {outcome.status}", *([f"request {request[:200]}"] if request else [])]
    return kind(f"{said}{often} ({', '.join(facts)})")


def _problem(reply: Reply) -> _Problem:
    if "json" not in reply.headers.get("content-type", ""):
        return _Problem()
    try:
        return msgspec.json.decode(reply.body, type=_Problem)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _Problem()


def _text(body: bytes) -> str:
    """A body that is no problem document, as far as it says something to a reader: a proxy's page is not repeated."""
    text = body[:_LONGEST].decode("utf-8", "replace").strip()
    return "" if text.startswith("<") else " ".join(text.split())[:300]
