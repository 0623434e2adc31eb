"""The frame around every route: ids, keys, limits, bodies, headers, errors, metrics and the log, in one class."""

from __future__ import annotations

from dataclasses import replace
from time import perf_counter
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.websockets import WebSocketDisconnect

from augury_server.api.answers_now import VERDICT, AnswersNow
from augury_server.api.call import Call, Receive, Scope, Send, too_large
from augury_server.api.composing import Doors
from augury_server.api.headers import Cors, security_headers
from augury_server.api.intake import Allowances
from augury_server.api.limits import address_group
from augury_server.api.logs import Entry, RequestLog
from augury_server.api.problems import CONTENT_TYPE, Problem, ProblemError, document, problem_of
from augury_server.api.protocol import ANSWERS_NOW
from augury_server.api.request_ids import make_ids, sane_id
from augury_server.api.security import CHALLENGE, OPEN_PATHS, UNLIMITED_PATHS, scope_of, token_of
from augury_server.api.standing import too_many
from augury_server.api.state import State
from augury_server.api.watch import Watch

__all__ = ["Frame"]

_INFERENCE = "/v2/"
_READS = frozenset({"GET", "HEAD"})
_LEFT = 499
"""Of a caller who did not wait for the answer, as the log and the metrics have it."""


class Frame:
    """An ASGI application that lets through to another what may pass, and answers every error with its problem.

    Nothing here waits: keys and limits are in memory. A refused key counts against its address. Errors of all kinds
    end here, in one table; what is no error on purpose is logged with its traceback and told as no more than that.
    """

    def __init__(self, app: Doors, state: State) -> None:
        settings = state.settings
        self._app = app
        self.state = self._state = state
        self._ids = make_ids()
        self._fixed = security_headers(settings)
        self._cors = Cors.of(settings)
        self._allowances = Allowances.of(settings)
        self._log = RequestLog(settings.api.log_requests, settings.api.slow_seconds)
        self._watch = Watch()
        self.now = AnswersNow(
            state,
            app.answering_now(),
            ids=self._ids,
            log=self._log,
            fixed=self._fixed,
            largest=self._allowances.plain.size or 0,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, connection or lifespan."""
        kind = scope["type"]
        if kind == "lifespan":
            scope.setdefault("state", {})[ANSWERS_NOW] = self.now
            await self._app(scope, receive, send)
            return
        began = perf_counter()
        call = Call(scope, receive, send, "", self._fixed)
        call.request_id = sane_id(call.headers.get(b"x-request-id")) or self._ids()
        scope["augury"] = call
        metrics = self._state.metrics
        metrics.running += 1
        try:
            if b"origin" in call.headers and await self._passed_over(call):
                return
            self._admit(call)
            await self._app(scope, call.receive, call.send)
        except (ClientDisconnect, WebSocketDisconnect):
            call.status = call.status or _LEFT
        except Exception as error:  # noqa: BLE001 - the door: every error becomes a problem
            await self._tell(call, error, began)
        finally:
            metrics.running -= 1
            seconds = perf_counter() - began
            method = scope["method"] if kind == "http" else "WEBSOCKET"
            status = call.status or _LEFT
            metrics.add(call.route, method, status, seconds)
            if self._log.wants(status, seconds):
                self._log.write(_entry(call, method, status, seconds))
            del scope["augury"]  # each holds the other: the collector would have to find them

    # --- before ---------------------------------------------------------------------------------------------

    async def _passed_over(self, call: Call) -> bool:
        """What pages of other origins get: the answer to a preflight, or headers that let them read."""
        origin = call.headers[b"origin"]
        if not self._cors.origins:
            return False
        if call.scope["type"] != "http" or not self._cors.is_preflight(call.scope["method"], call.headers):
            call.ours = self._cors.granted(origin)
            return False
        answer = self._cors.preflight(origin)
        if not answer:
            raise ProblemError("not-allowed", "pages of this origin may not call; api.cors_origins says which may")
        call.route = "preflight"
        headers = [*answer, (b"content-length", b"0")]
        await call.send({"type": "http.response.start", "status": 204, "headers": headers})
        await call.send({"type": "http.response.body", "body": b""})
        return True

    def _admit(self, call: Call) -> None:
        """Say who calls, take a token of their limit, look at what they may ask and at the size of what they send."""
        headers, path, state = call.headers, call.path, self._state
        if b"content-length" in headers or b"transfer-encoding" in headers:
            self._expect(call)
        token = token_of(headers)
        principal = None if token is None else state.keys.find(token)
        if principal is None:
            self._admit_anybody(call, token)
            return
        call.principal = principal
        verdict = call.verdict = call.scope.pop(VERDICT, None) or state.limits.take(principal.key_id)
        if not verdict.allowed:
            state.metrics.limited += 1
            raise too_many(verdict, f"the key {principal.name!r} has")
        needed = scope_of(path)
        if needed is not None and needed not in principal.scopes and path not in OPEN_PATHS:
            detail = f"the key {principal.name!r} is not for {needed!r}, only for {', '.join(sorted(principal.scopes))}"
            raise ProblemError("not-allowed", detail, needed_scope=needed)
        size = None if call.allowance is None else call.allowance.size
        if size is not None and call.expected > size and not call.sends_lines:  # of lines their route decides
            raise too_large(size)

    def _admit_anybody(self, call: Call, token: str | None) -> None:
        path, state = call.path, self._state
        if token is None and path in UNLIMITED_PATHS and not call.has_body and call.scope.get("method") in _READS:
            return
        if token is not None:
            state.metrics.refused_keys += 1
        verdict = call.verdict = state.anonymous.take(address_group(_address(call.scope)))
        if not verdict.allowed:
            state.metrics.limited += 1
            raise too_many(verdict, "an address has", " without a valid key")
        if token is not None:
            raise ProblemError("key-needed", "this key is unknown, wrong, expired or revoked", CHALLENGE)
        if path not in OPEN_PATHS:
            raise ProblemError("key-needed", "send a key: Authorization: Bearer aug_... (or X-API-Key)", CHALLENGE)
        if call.has_body:
            raise ProblemError("key-needed", "a body is taken only from callers with a key", CHALLENGE)

    def _expect(self, call: Call) -> None:
        given = call.headers.get(b"content-length")
        length = -1 if given is None or b"transfer-encoding" in call.headers else _length(given)
        if length:
            call.expect_body(self._allowances.of_path(call.path), length, self._watch)

    # --- errors ---------------------------------------------------------------------------------------------

    async def _tell(self, call: Call, error: Exception, began: float) -> None:
        """Answer with the error's problem; where the answer has begun already it is broken off."""
        if isinstance(error, BaseExceptionGroup):
            error = _only(error)
        if isinstance(error, ClientDisconnect | WebSocketDisconnect):
            call.status = call.status or _LEFT
            return
        call.take_back()
        problem = problem_of(error)
        method = call.scope.get("method", "WEBSOCKET")
        status = call.status or problem.kind.status
        if not problem.expected or call.status:
            self._log.failed(error, _entry(call, method, status, perf_counter() - began))
        if call.scope["type"] == "websocket":
            await self._close(call, problem)
        elif not call.status:
            await self._answer(call, problem, "http.response")

    async def _answer(self, call: Call, problem: Problem, kind: str) -> None:
        if call.path.startswith(_INFERENCE):  # its clients show this member
            problem = replace(problem, more={**problem.more, "error": problem.detail})
        body = document(problem, call.path, call.request_id)
        headers = [(b"content-type", CONTENT_TYPE), (b"content-length", b"%d" % len(body))]
        headers += [(name.lower().encode("ascii"), value.encode("latin-1")) for name, value in problem.headers.items()]
        if call.leaves_body and "connection" not in problem.headers:
            headers.append((b"connection", b"close"))
        if call.principal is None:
            headers.append((b"cache-control", b"no-store"))
        await call.send({"type": "http.response.start", "status": problem.kind.status, "headers": headers})
        await call.send({"type": f"{kind}.body", "body": body})

    async def _close(self, call: Call, problem: Problem) -> None:
        if call.status:
            code = 1008 if problem.kind.status < 500 else 1011
            await call.send({"type": "websocket.close", "code": code, "reason": problem.kind.title[:100]})
            return
        call.status = problem.kind.status
        if "websocket.http.response" not in call.scope.get("extensions", {}):
            await call.send({"type": "websocket.close", "code": 1008})
            return
        body = document(problem, call.path, call.request_id)
        headers = [(b"content-type", CONTENT_TYPE), (b"x-request-id", call.request_id.encode("ascii")), *call.fixed]
        headers += [(name.lower().encode("ascii"), value.encode("latin-1")) for name, value in problem.headers.items()]
        start = {"type": "websocket.http.response.start", "status": problem.kind.status, "headers": headers}
        await call.send(start)
        await call.send({"type": "websocket.http.response.body", "body": body})


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return "local" if client is None else str(client[0])


def _length(given: bytes) -> int:
    try:
        return max(-1, int(given))
    except ValueError:
        return -1


def _only(error: BaseExceptionGroup[Any]) -> Exception:
    """The one error in a group of tasks that failed together, or the group."""
    found: BaseException = error
    while isinstance(found, BaseExceptionGroup) and len(found.exceptions) == 1:
        found = found.exceptions[0]
    return found if isinstance(found, Exception) else HTTPException(500)


def _entry(call: Call, method: str, status: int, seconds: float) -> Entry:
    key = "" if call.principal is None else call.principal.name
    return Entry(method, call.path, status, seconds, call.request_id, key, _address(call.scope))
