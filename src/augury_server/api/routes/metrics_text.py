"""GET /metrics: what this process counts, as Prometheus reads it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from augury_server.api.described_paths import described
from augury_server.api.metrics import METRICS_TYPE, metrics_text
from augury_server.api.platform_metrics import PlatformMetrics
from augury_server.api.state import State

__all__ = ["lifespan", "openapi", "routes"]


async def metrics(request: Request) -> Response:
    """All series of this process; each worker has its own."""
    state: State = request.app.state.augury
    return Response(metrics_text(state.registry), headers={"content-type": METRICS_TYPE, "cache-control": "no-store"})


@asynccontextmanager
async def lifespan(state: State) -> AsyncIterator[None]:
    """The platform's series are there while it runs."""
    series = PlatformMetrics(state)
    state.registry.register(series)
    try:
        yield
    finally:
        state.registry.unregister(series)


routes = [Route("/metrics", metrics)]

openapi: dict[str, dict[str, Any]] = {
    "/metrics": {"get": described("metrics", "Counts and times, as Prometheus reads them.", tag="health")}
}
openapi["/metrics"]["get"]["responses"]["200"] = {
    "description": "Series in the text format.",
    "content": {"text/plain": {"schema": {"type": "string"}}},
}
