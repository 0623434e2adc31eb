"""Problem documents (RFC 9457): one table from errors to what a caller is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from django.db import InterfaceError, OperationalError
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from augury.errors import (
    AuguryError,
    Conflict,
    InvalidArtefact,
    InvalidBars,
    InvalidInput,
    InvalidNews,
    LookAheadError,
    Misconfigured,
    MissingExtra,
    NotEnoughData,
    NotFound,
    Refused,
    Unavailable,
    WrongState,
)

__all__ = [
    "CONTENT_TYPE",
    "ERRORS",
    "KINDS",
    "Kind",
    "Problem",
    "ProblemError",
    "document",
    "kind_named",
    "problem_of",
]

CONTENT_TYPE = b"application/problem+json"
_URN = "urn:augury:problem:"
_LONGEST_DETAIL = 2_000


@dataclass(frozen=True, slots=True)
class Kind:
    """A sort of problem: its name (the end of its URN), its status and its title, all of them stable."""

    name: str
    status: int
    title: str

    @property
    def urn(self) -> str:
        """The `type` of its documents."""
        return _URN + self.name


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("malformed-request", 400, "The request is malformed"),
        Kind("key-needed", 401, "A valid API key is needed"),
        Kind("not-allowed", 403, "The key is not allowed to do this"),
        Kind("refused", 403, "The request is declined"),
        Kind("not-found", 404, "There is no such thing"),
        Kind("method-not-allowed", 405, "The method is not offered here"),
        Kind("not-acceptable", 406, "What is asked for is not offered"),
        Kind("body-too-slow", 408, "The body took too long to arrive"),
        Kind("conflict", 409, "Something else changed the same thing"),
        Kind("wrong-state", 409, "It is in a state in which this is not done"),
        Kind("body-too-large", 413, "The body is too large"),
        Kind("unsupported-media-type", 415, "The body's type is not taken here"),
        Kind("precondition-failed", 412, "It is not in the state that was expected"),
        Kind("invalid-input", 422, "The input breaks a rule"),
        Kind("invalid-bars", 422, "The bars break a rule"),
        Kind("invalid-news", 422, "The news break a rule"),
        Kind("invalid-artefact", 422, "The model artefact is not whole"),
        Kind("not-enough-data", 422, "The history is too short"),
        Kind("look-ahead", 422, "A value depends on what was not known yet"),
        Kind("too-many-requests", 429, "Too many requests"),
        Kind("failed", 500, "The request failed"),
        Kind("misconfigured", 500, "The platform is set up wrongly"),
        Kind("missing-extra", 501, "An optional part is not installed"),
        Kind("unavailable", 503, "A part of the platform is away for now"),
        Kind("overloaded", 503, "There is more to do than there is room for"),
    )
}
"""Every problem that a caller may meet, by name."""

ERRORS: dict[type[Exception], str] = {
    AuguryError: "failed",
    InvalidInput: "invalid-input",
    InvalidBars: "invalid-bars",
    InvalidNews: "invalid-news",
    InvalidArtefact: "invalid-artefact",
    NotEnoughData: "not-enough-data",
    LookAheadError: "look-ahead",
    Refused: "refused",
    WrongState: "wrong-state",
    NotFound: "not-found",
    Conflict: "conflict",
    Unavailable: "unavailable",
    Misconfigured: "misconfigured",
    MissingExtra: "missing-extra",
}
"""The table: which problem an error of Augury is. A subclass that is not named here is what its parent is."""

_OF_STATUS = {
    400: "malformed-request", 401: "key-needed", 403: "not-allowed", 404: "not-found", 405: "method-not-allowed",
    406: "not-acceptable", 408: "body-too-slow", 409: "conflict", 412: "precondition-failed", 413: "body-too-large",
    415: "unsupported-media-type", 422: "invalid-input", 429: "too-many-requests", 503: "unavailable",
}  # fmt: skip
_RETRY_SECONDS = {"unavailable": "2", "overloaded": "1"}


class ProblemError(AuguryError):
    """An error of the API itself: which problem it is, by name, what to tell and which headers go with it."""

    def __init__(self, kind: str, detail: str, headers: Mapping[str, str] | None = None, **more: Any) -> None:
        super().__init__(detail)
        self.kind = KINDS[kind]
        self.headers = dict(headers or {})
        self.more = more


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What a caller is told: `expected` is False for what somebody here should look at."""

    kind: Kind
    detail: str
    headers: dict[str, str] = field(default_factory=dict)
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def expected(self) -> bool:
        """Whether it is a matter of the caller or of a dependency, and not of this program."""
        return self.kind.status < 500 or self.kind.status in (501, 503)


def kind_named(name: str) -> Kind:
    """The problem of that name."""
    return KINDS[name]


def problem_of(error: BaseException) -> Problem:
    """The table applied. What is not an error on purpose tells nothing of itself, but that it happened."""
    if isinstance(error, ProblemError):
        return Problem(
            kind=error.kind, detail=_text(error), headers=_headers(error.kind, error.headers), more=error.more
        )
    if isinstance(error, AuguryError):
        name = next(ERRORS[each] for each in type(error).__mro__ if each in ERRORS)
        return Problem(kind=KINDS[name], detail=_text(error), headers=_headers(KINDS[name], {}))
    if isinstance(error, RequestValidationError):
        return _validation(error)
    if isinstance(error, HTTPException):
        return _http(error)
    if isinstance(error, msgspec.ValidationError):
        return Problem(kind=KINDS["invalid-input"], detail=_text(error))
    if isinstance(error, OperationalError | InterfaceError):
        kind = KINDS["unavailable"]
        return Problem(kind=kind, detail="the database is away for now; retry", headers=_headers(kind, {}))
    return Problem(kind=KINDS["failed"], detail="an error here, which is recorded under this request's id")


def document(problem: Problem, instance: str, request_id: str) -> bytes:
    """The problem as JSON: `type`, `title`, `status`, `detail`, `instance`, `request_id` and what it adds."""
    kind = problem.kind
    told = {
        "type": kind.urn,
        "title": kind.title,
        "status": kind.status,
        "detail": problem.detail,
        "instance": instance,
        "request_id": request_id,
        **problem.more,
    }
    return msgspec.json.encode(told)


def _headers(kind: Kind, given: Mapping[str, str]) -> dict[str, str]:
    wait = _RETRY_SECONDS.get(kind.name)
    return {**({"retry-after": wait} if wait else {}), **given}


def _validation(error: RequestValidationError) -> Problem:
    found = [
        {"at": ".".join(str(part) for part in item.get("loc", ())), "problem": _clean(str(item.get("msg", "")))}
        for item in error.errors()[:20]
    ]
    malformed = any(item.get("type") == "json_invalid" for item in error.errors())
    detail = "; ".join(f"{item['at']}: {item['problem']}" for item in found[:5]) or "the request breaks a rule"
    kind = KINDS["malformed-request" if malformed else "invalid-input"]
    return Problem(kind=kind, detail=_clean(detail), more={"errors": found})


def _http(error: HTTPException) -> Problem:
    name = _OF_STATUS.get(error.status_code, "failed" if error.status_code >= 500 else "malformed-request")
    known = KINDS[name]
    kind = known if known.status == error.status_code else Kind(name, error.status_code, known.title)
    return Problem(kind=kind, detail=_clean(str(error.detail)), headers=_headers(kind, dict(error.headers or {})))


def _text(error: BaseException) -> str:
    return _clean(str(error)) or type(error).__name__


def _clean(text: str) -> str:
    """Text that JSON can hold, of a bounded length."""
    clean = text.encode("utf-8", "replace").decode()
    return clean if len(clean) <= _LONGEST_DETAIL else clean[: _LONGEST_DETAIL - 1] + "…"
