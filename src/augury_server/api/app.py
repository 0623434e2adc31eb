"""The API as one ASGI application."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from types import ModuleType
from typing import Any

import anyio.to_thread
import msgspec
from fastapi import FastAPI
from fastapi.middleware.asyncexitstack import AsyncExitStackMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from augury.version import __version__
from augury_server.api.composing import Doors, route_modules
from augury_server.api.description import describe
from augury_server.api.docs_page import DOCS_POLICY, docs_page
from augury_server.api.middleware import Frame
from augury_server.api.state import State
from augury_server.settings.current import current_settings
from augury_server.settings.model import Settings

__all__ = ["create_app"]

_MOST_THREADS = 4


def create_app(settings: Settings | None = None, *, modules: Sequence[ModuleType] | None = None) -> Any:
    """The application, with the routes of every module of the package `routes`; nothing runs before its lifespan does.

    A module exports `routes` (Starlette's, answered without FastAPI in between) or `router` (an APIRouter), `openapi`
    (path items of its plain routes) and `lifespan` (an asynchronous context manager over the state). Give `modules` to
    have others.
    """
    found = tuple(modules) if modules is not None else route_modules()
    state = State(settings or current_settings())
    inner = FastAPI(
        title="Augury",
        version=__version__,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_lifespan_of(state, found),
    )
    inner.state.augury = state
    inner.middleware_stack = AsyncExitStackMiddleware(inner.router)  # errors end in the frame, all in one table
    plain: list[BaseRoute] = []
    for module in found:
        plain.extend(getattr(module, "routes", ()))
        if hasattr(module, "router"):
            inner.include_router(module.router)
    if state.settings.api.docs:
        plain += _description_routes(inner, found)
    return Frame(Doors(plain, inner), state)


def _lifespan_of(state: State, modules: Sequence[ModuleType]) -> Any:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = _MOST_THREADS
        await state.start()
        try:
            async with AsyncExitStack() as stack:
                for module in modules:
                    if hasattr(module, "lifespan"):
                        await stack.enter_async_context(module.lifespan(state))
                yield
        finally:
            await state.stop()

    return lifespan


def _description_routes(inner: FastAPI, modules: Sequence[ModuleType]) -> list[BaseRoute]:
    """/openapi.json and /docs, made when they are first asked for."""
    made: dict[str, bytes] = {}

    async def openapi(_: Request) -> Response:
        if "json" not in made:
            made["json"] = msgspec.json.encode(describe(inner, modules))
        return Response(made["json"], media_type="application/json", headers={"cache-control": "no-cache"})

    async def docs(_: Request) -> Response:
        if "page" not in made:
            made["page"] = docs_page(describe(inner, modules)).encode()
        return HTMLResponse(made["page"], headers={"content-security-policy": DOCS_POLICY, "cache-control": "no-cache"})

    return [Route("/openapi.json", openapi), Route("/docs", docs)]
