"""All routes in one application: found in the package `routes`, hot ones by a look-up, the rest by FastAPI."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, MutableMapping
from types import ModuleType
from typing import Any

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Match, Route

from augury_server.api.answers_now import RouteNow
from augury_server.api.bodies import check_json, read_body
from augury_server.api.call import Call, Message, Receive, Scope, Send

__all__ = ["Doors", "route_modules"]

_CHECKED = frozenset({"POST", "PUT", "PATCH", "DELETE"})


def route_modules() -> tuple[ModuleType, ...]:
    """The modules of the package `routes`, sorted by name."""
    package = importlib.import_module("augury_server.api.routes")
    names = sorted(module.name for module in pkgutil.iter_modules(package.__path__))
    return tuple(importlib.import_module(f"{package.__name__}.{name}") for name in names)


class Doors:
    """Plain routes first, those without parameters by their path; FastAPI answers what is left.

    Plain routes get the scope with `app`, `path_params` and `endpoint`, and nothing between them and the frame. For
    FastAPI a JSON body is read and checked here, by the same rules as plain routes have.
    """

    def __init__(self, plain: Iterable[BaseRoute], rest: FastAPI) -> None:
        self._rest: Any = rest
        self._exact: dict[str, dict[str, Route]] = {}
        self._patterns: list[BaseRoute] = []
        for route in plain:
            if isinstance(route, Route) and not route.param_convertors and route.methods:
                self._exact.setdefault(route.path, {}).update(dict.fromkeys(route.methods, route))
            else:
                self._patterns.append(route)

    def answering_now(self) -> dict[str, RouteNow]:
        """What routes that take POST offer as `now`, by their path."""
        posts = {path: here["POST"].endpoint for path, here in self._exact.items() if "POST" in here}
        return {path: endpoint.now for path, endpoint in posts.items() if hasattr(endpoint, "now")}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer by the first route that fits. Raises HTTPException 404 or 405 where none does."""
        if scope["type"] == "lifespan":
            await self._rest(scope, receive, send)
            return
        call: Call = scope["augury"]
        scope["app"] = self._rest
        path = call.path
        offered: set[str] = set()
        here = self._exact.get(path)
        if here is not None and scope["type"] == "http":
            route = here.get(scope["method"])
            if route is not None:
                call.route = path
                scope["path_params"] = {}
                scope["endpoint"] = route.endpoint
                await route.app(scope, receive, send)
                return
            offered.update(here)
        for pattern in self._patterns:
            match, child = pattern.matches(scope)
            if match is Match.FULL:
                call.route = getattr(pattern, "path", path)
                scope.update(child)
                await pattern.handle(scope, receive, send)
                return
            if match is Match.PARTIAL:
                offered.update(getattr(pattern, "methods", None) or ())
        await self._by_fastapi(scope, receive, send, offered)

    async def _by_fastapi(self, scope: Scope, receive: Receive, send: Send, offered: set[str]) -> None:
        call: Call = scope["augury"]
        if scope["type"] == "websocket" and all(each.matches(scope)[0] is Match.NONE for each in self._rest.routes):
            raise HTTPException(404, f"no web socket {call.path[:200]!r}")
        if self._is_checked(call, scope):
            receive = await _checked(call, receive)
        try:
            await self._rest(scope, receive, send)
        except HTTPException as error:
            if error.status_code not in (404, 405) or ("route" in scope and error.status_code == 404):
                raise
            allowed = offered | {each.strip() for each in (error.headers or {}).get("Allow", "").split(",") if each}
            if not allowed:
                raise HTTPException(404, f"no path {call.path[:200]!r}; GET / lists what there is") from None
            told = f"{scope.get('method')} is not offered here; {', '.join(sorted(allowed))} is"
            raise HTTPException(405, told, {"allow": ", ".join(sorted(allowed))}) from None
        finally:
            route = scope.get("route")
            if route is not None:
                call.route = getattr(route, "path", "none")

    def _is_checked(self, call: Call, scope: Scope) -> bool:
        """Whether the body is for a route that is there and reads JSON."""
        if not call.has_body or scope.get("method") not in _CHECKED or call.path.startswith("/v1/files"):
            return False
        return any(each.matches(scope)[0] is Match.FULL for each in self._rest.routes)


async def _checked(call: Call, receive: Receive) -> Receive:
    """A `receive` that gives the body again, once it is here and known to be plain JSON."""
    body = await read_body(call.scope, receive)
    if body:
        check_json(call.headers.get(b"content-type"), body)
    given: list[MutableMapping[str, Any]] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return given.pop() if given else await receive()

    return again
