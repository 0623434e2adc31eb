"""POST /mcp: the operations as tools for agents (Model Context Protocol, streamable HTTP), without sessions."""

from __future__ import annotations

from typing import Any

from starlette.routing import Route

from augury.extras import require
from augury.mcp.serving import tool_server
from augury_server.api.agent_tools import AgentTools
from augury_server.api.call import Receive, Scope, Send
from augury_server.settings.current import current_settings

__all__ = ["openapi", "routes"]

INSTRUCTIONS = (
    "A platform for trading signals: models, predictions, backtests, signals, jobs. Each tool is an operation that the "
    "key may run; files are names of uploaded files (PUT /v1/files/{name}). Fractions are fractions, times are UTC. "
    "Long work becomes a job, whose id is given when it takes longer than a call. Tools that change state say so; "
    "those with dry_run can say first what they would do."
)


class AgentDoor:
    """One request of the protocol: nothing is kept between two, so that any worker answers any of them."""

    def __init__(self) -> None:
        self._server: Any = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application of the path. Raises MissingExtra when the protocol's package is not installed."""
        managing: Any = require("mcp.server.streamable_http_manager", extra="mcp")
        if self._server is None:
            self._server = tool_server(AgentTools(), INSTRUCTIONS)
        most = int(current_settings().api.body_megabytes * 1_000_000)
        manager = managing.StreamableHTTPSessionManager(self._server, stateless=True, max_request_body_size=most)
        async with manager.run():
            await manager.handle_request(scope, receive, send)


routes = [Route("/mcp", AgentDoor(), methods=["POST"])]

openapi: dict[str, dict[str, Any]] = {
    "/mcp": {
        "post": {
            "operationId": "mcp",
            "summary": "The operations as tools for agents (Model Context Protocol, streamable HTTP).",
            "tags": ["agents"],
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": {"type": "object", "description": "A JSON-RPC message."}}},
            },
            "responses": {
                "200": {
                    "description": "The answer, as one message or as a stream of events.",
                    "content": {
                        "application/json": {"schema": {"type": "object"}},
                        "text/event-stream": {},
                    },
                },
                "202": {"description": "A notification was taken."},
                "400": {"description": "It is no message of the protocol."},
            },
        }
    }
}
