"""GET /: what this is and where to go on, for programs and for people."""

from __future__ import annotations

import base64
import hashlib
from html import escape
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from augury.version import __version__
from augury_server.api.described_paths import described
from augury_server.api.json_bodies import JSON, encoded

__all__ = ["Root", "openapi", "routes"]

LINKS = {
    "docs": ("/docs", "every path, described"),
    "openapi": ("/openapi.json", "the same for programs"),
    "health": ("/health", "how every part stands"),
    "alerts": ("/alerts", "what needs somebody now"),
    "metrics": ("/metrics", "counts and times for Prometheus"),
    "models": ("/models", "what answers here, with its evidence"),
    "predict": ("/predict", "POST: ask a model"),
    "inference": ("/v2", "the Open Inference Protocol"),
    "streams": ("/streams", "sessions over values that come one by one"),
    "operations": ("/v1/operations", "every verb of the platform"),
    "signals": ("/signals", "stored signals"),
    "agents": ("/mcp", "the same for agents"),
    "administration": ("/admin/", "pages for people"),
}
_DESCRIPTION = "Augury: trading signals, models and backtests that prove what they say."
_STYLE = (
    ":root{color-scheme:light dark}body{font:16px/1.6 system-ui,sans-serif;max-width:44rem;margin:3rem auto;"
    "padding:0 1rem}dt{font-weight:600}dd{margin:0 0 .6rem}"
)
_DIGEST = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY = f"default-src 'none'; style-src 'sha256-{_DIGEST}'; frame-ancestors 'none'; base-uri 'none'"


class Root(msgspec.Struct, frozen=True, kw_only=True):
    """What answers here, and its paths by what they are for."""

    name: str
    version: str
    description: str
    links: dict[str, str]


_ROOT = encoded(
    Root(
        name="augury",
        version=__version__,
        description=_DESCRIPTION,
        links={name: path for name, (path, _) in LINKS.items()},
    )
)
_ITEMS = "".join(f'<dt><a href="{path}">{path}</a></dt><dd>{escape(text)}</dd>' for path, text in LINKS.values())
_PAGE = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    f"<title>Augury</title><style>{_STYLE}</style><h1>Augury {escape(__version__)}</h1><p>{_DESCRIPTION}</p>"
    f"<dl>{_ITEMS}</dl></html>"
)


async def root(request: Request) -> Response:
    """A page where a browser asks, JSON for everything else."""
    headers = {"vary": "accept", "cache-control": "no-cache"}
    if "text/html" in request.headers.get("accept", ""):
        return HTMLResponse(_PAGE, headers={"content-security-policy": _POLICY, **headers})
    return Response(_ROOT, media_type=JSON, headers=headers)


routes = [Route("/", root)]

openapi: dict[str, dict[str, Any]] = {
    "/": {"get": described("root", "What this is, and where to go on.", tag="health", reply=Root)}
}
openapi["/"]["get"]["responses"]["200"]["content"]["text/html"] = {"schema": {"type": "string"}}
