"""GET /health, /health/live, /health/ready and /alerts: how every part stands, and what needs somebody now."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Literal

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from augury.version import __version__
from augury_server.api.conditions import Finding, Level, PartState
from augury_server.api.described_paths import content, described
from augury_server.api.health_watch import HealthWatch, watch_of
from augury_server.api.json_bodies import JSON, encoded
from augury_server.api.state import State

__all__ = ["Alert", "Alerts", "Health", "Part", "lifespan", "openapi", "routes"]

_LEVELS: tuple[Level, ...] = ("critical", "error", "warning", "info")


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """How one part stands; `since` when it is not up. Unknown is what could not be looked at."""

    name: str
    state: PartState
    text: str
    latency_ms: float | None = None
    since: str | None = None


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """`status` is ok, degraded (it answers, and something is not as it should be), or down (it cannot answer: 503)."""

    status: Literal["ok", "degraded", "down"]
    version: str
    started_at: str
    parts: tuple[Part, ...]


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """Something that needs somebody: what, how urgent, since when this process knows, and what to do."""

    name: str
    level: Level
    state: PartState
    since: str
    text: str


class Alerts(msgspec.Struct, frozen=True, kw_only=True):
    """What needs somebody now, the most urgent first."""

    alerts: tuple[Alert, ...]


async def health(request: Request) -> Response:
    """Every part; 503 where nothing can be answered. Without a key, the parts' names and states alone."""
    watch = watch_of(request.app.state.augury)
    found = await watch.findings()
    down = any(one.needed and one.state != "up" for one in found)
    degraded = any(one.calls or one.state == "degraded" for one in found)
    known = request.scope["augury"].principal is not None
    told = Health(
        status="down" if down else "degraded" if degraded else "ok",
        version=__version__,
        started_at=_iso(request.app.state.augury.started_at),
        parts=tuple(_part(one, watch, known=known) for one in found),
    )
    return Response(encoded(told), 503 if down else 200, media_type=JSON, headers={"cache-control": "no-store"})


async def live(request: Request) -> Response:  # noqa: ARG001 - as every path
    """The process answers; nothing else is looked at."""
    return Response(b'{"status":"ok"}', media_type=JSON)


async def ready(request: Request) -> Response:
    """Whether requests may come: keys are read, models are warm; 503 until then."""
    if request.app.state.augury.ready:
        return Response(b'{"status":"ok"}', media_type=JSON)
    return Response(b'{"status":"not ready"}', 503, media_type=JSON, headers={"retry-after": "1"})


async def alerts(request: Request) -> Response:
    """What needs somebody now."""
    watch = watch_of(request.app.state.augury)
    found = [one for one in await watch.findings() if one.calls]
    found.sort(key=lambda one: (_LEVELS.index(one.level), one.name))
    told = tuple(
        Alert(name=one.name, level=one.level, state=one.state, since=_since(one, watch) or "", text=one.text)
        for one in found
    )
    return Response(encoded(Alerts(alerts=told)), media_type=JSON)


@asynccontextmanager
async def lifespan(state: State) -> AsyncIterator[None]:
    """A look is made when somebody asks; at the end nobody waits for one any more."""
    yield
    await watch_of(state).stop()


def _part(one: Finding, watch: HealthWatch, *, known: bool) -> Part:
    latency = None if one.latency_ms is None else round(one.latency_ms, 3)
    text = one.text if known else ""
    return Part(name=one.name, state=one.state, text=text, latency_ms=latency, since=_since(one, watch))


def _since(one: Finding, watch: HealthWatch) -> str | None:
    since = watch.since.get(one.name)
    return None if since is None else _iso(since)


def _iso(moment: Any) -> str:
    return str(moment.isoformat()).replace("+00:00", "Z")


routes = [
    Route("/health", health),
    Route("/health/live", live),
    Route("/health/ready", ready),
    Route("/alerts", alerts),
]


def _probe(name: str, summary: str) -> dict[str, Any]:
    found = described(name, summary, tag="health", reply=dict[str, str])
    found["responses"]["503"] = {"description": "Not so.", "content": content(dict[str, str])}
    return found


_WHOLE = described("health", "How every part stands; without a key, without the reasons.", tag="health", reply=Health)
_WHOLE["responses"]["503"] = _WHOLE["responses"]["200"] | {"description": "Nothing can be answered."}

openapi: dict[str, dict[str, Any]] = {
    "/health": {"get": _WHOLE},
    "/health/live": {"get": _probe("health_live", "Whether the process answers.")},
    "/health/ready": {"get": _probe("health_ready", "Whether keys are read and models are warm.")},
    "/alerts": {"get": described("alerts", "What needs somebody now.", tag="health", reply=Alerts)},
}
