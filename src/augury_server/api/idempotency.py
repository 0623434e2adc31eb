"""Idempotency keys: a change that is asked for twice under one key is made once, and answered the same."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from augury.errors import Unavailable
from augury_server.api.problems import ProblemError
from augury_server.api.security import principal_of
from augury_server.api.work_threads import in_database
from augury_server.database.explaining import explained
from augury_server.jobs.kept_answers import Answer, Question, claim_question, forget_question, keep_answer
from augury_server.telemetry.logs import get_log

__all__ = ["IDEMPOTENCY_HEADER", "answered_once"]

IDEMPOTENCY_HEADER = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same key with the same request gives the same answer for 24 hours, and the change once.",
    "schema": {"type": "string", "pattern": "^[A-Za-z0-9_.:+/=-]{1,200}$"},
}
"""The header, for the description of a route."""

_KEY = re.compile(r"[A-Za-z0-9_.:+/=-]{1,200}")
_DONE_BEFORE = b'{"notes":["This was done before; what it showed then is not kept."]}'
_KEPT_HEADERS = ("content-type", "etag", "link", "location", "preference-applied")


async def answered_once(
    request: Request,
    body: bytes,
    work: Callable[[int | None], Awaitable[Response]],
    *,
    repeatable: bool = False,
    secret: bool = False,
) -> Response:
    """The answer of `work`, or the one that was given to the same request with the same `Idempotency-Key` before.

    `work` gets the number of its claim on the key, None without a key, and gives an answer with its whole body. What it
    raises is not kept: nothing was done, and the key may be used again. `repeatable`: asking again does nothing twice,
    as with a job that is submitted under the claim's number. `secret`: that it was done is kept, what it showed is not.
    Raises Conflict while the first is being answered,
    KeyReused for another request, a problem for a key of another form.
    """
    key = request.headers.get("idempotency-key")
    if key is None:
        return await work(None)
    key = key.strip().removeprefix('"').removesuffix('"')
    if not _KEY.fullmatch(key):
        expected = "Idempotency-Key should be 1 to 200 letters, digits and . _ : + / = -, a UUID say"
        raise ProblemError("malformed-request", f"{expected}; got {key[:80]!r}")
    question = Question(
        caller=principal_of(request.scope).key_id,
        key=key,
        fingerprint=_fingerprint(request, body),
        asked=f"{request.method} {request.url.path}",
        repeatable=repeatable,
    )
    claim = await in_database(_claimed, question)
    if isinstance(claim, Answer):
        return Response(claim.body, claim.status, {**claim.headers, "idempotency-replayed": "true"})
    try:
        response = await work(claim)
    except Exception:
        await in_database(forget_question, claim)
        raise
    headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    shown = _DONE_BEFORE if secret else bytes(response.body)
    kept = Answer(status=response.status_code, headers=headers, body=shown)
    try:
        await in_database(_kept, claim, kept)
    except Unavailable as problem:  # it was done, and that is what the caller has to know
        get_log(__name__).warning("an answer could not be kept", asked=question.asked, reason=str(problem))
    return response


def _kept(claim: int, answer: Answer) -> None:
    with explained("keep the answer"):
        keep_answer(claim, answer)


def _claimed(question: Question) -> int | Answer:
    with explained("look the idempotency key up"):
        return claim_question(question)


def _fingerprint(request: Request, body: bytes) -> str:
    """What was asked: method, path, query, the preference that changes the answer, and the body."""
    parts = (request.method, request.url.path, request.url.query, request.headers.get("prefer", ""))
    running = hashlib.sha256()
    for part in (*(text.encode("utf-8", "replace") for text in parts), body):
        running.update(len(part).to_bytes(8, "big") + part)
    return running.hexdigest()
