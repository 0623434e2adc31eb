"""GET /metrics: what the web processes count, as Prometheus reads it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from augury_server.api.described_paths import described
from augury_server.api.metrics import METRICS_TYPE, metrics_text
from augury_server.api.platform_metrics import PlatformMetrics
from augury_server.api.shared_metrics import SharedMetrics
from augury_server.api.state import State

__all__ = ["lifespan", "openapi", "routes"]


async def metrics(request: Request) -> Response:
    """All series; where several processes answer, those of all, with the label `process`."""
    state: State = request.app.state.augury
    shared = state.shared_metrics
    text = metrics_text(state.registry) if shared is None else await run_in_threadpool(shared.text)
    return Response(text, headers={"content-type": METRICS_TYPE, "cache-control": "no-store"})


@asynccontextmanager
async def lifespan(state: State) -> AsyncIterator[None]:
    """The platform's series are there while it runs, for other processes too where there are some."""
    series = PlatformMetrics(state)
    state.registry.register(series)
    if state.settings.web.workers > 1:
        state.shared_metrics = SharedMetrics(state.settings.home / "web_metrics", state.registry)
        state.shared_metrics.start()
    try:
        yield
    finally:
        if state.shared_metrics is not None:
            await run_in_threadpool(state.shared_metrics.stop)
        state.registry.unregister(series)


routes = [Route("/metrics", metrics)]

openapi: dict[str, dict[str, Any]] = {
    "/metrics": {"get": described("metrics", "Counts and times, as Prometheus reads them.", tag="health")}
}
openapi["/metrics"]["get"]["responses"]["200"] = {
    "description": "Series in the text format.",
    "content": {"text/plain": {"schema": {"type": "string"}}},
}
