"""The protocol's side: tools listed and called for an agent, whatever box of tools stands behind."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from augury.errors import AuguryError
from augury.extras import require
from augury.mcp.results import short_text, structured
from augury.mcp.tools import ToolFacts
from augury.version import __version__

if TYPE_CHECKING:
    from mcp.server.context import ServerRequestContext
    from mcp.server.lowlevel import Server

    from mcp import types

__all__ = ["Report", "ToolAnswer", "Toolbox", "tool_server"]

Report: TypeAlias = Callable[[float, str], Coroutine[Any, Any, None]]
"""Tells the agent that waits how far it is: a number that grows, and what is being done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolAnswer:
    """What a tool gave: the title of the short text, plain values, and 1 where it found something wrong itself."""

    title: str
    result: Mapping[str, Any]
    exit_code: int = 0


class Toolbox(Protocol):
    """Tools for whoever asks; `request` is the HTTP request, None where there is none."""

    async def tools(self, request: Any) -> Sequence[ToolFacts]:
        """The tools that are offered to them."""
        ...

    async def call(self, request: Any, name: str, arguments: Mapping[str, Any], report: Report) -> ToolAnswer:
        """Call one; refusals are AuguryErrors, whose text the agent reads."""
        ...


def tool_server(toolbox: Toolbox, instructions: str) -> Server[Any]:
    """A server of the protocol over a box of tools."""
    types: Any = require("mcp.types", extra="mcp")
    lowlevel: Any = require("mcp.server.lowlevel", extra="mcp")

    async def listed(context: ServerRequestContext[Any], _: Any) -> types.ListToolsResult:
        tools = [_tool(facts) for facts in await toolbox.tools(context.request)]
        return types.ListToolsResult(tools=tools)

    async def called(context: ServerRequestContext[Any], asked: types.CallToolRequestParams) -> types.CallToolResult:
        async def report(done: float, text: str) -> None:
            await context.session.report_progress(done, None, text)

        try:
            answer = await toolbox.call(context.request, asked.name, asked.arguments or {}, report)
        except AuguryError as error:
            return _failed(str(error))
        except Exception as error:  # the outermost door: a bug is told as such, and the session goes on
            if os.environ.get("AUGURY_DEBUG"):
                raise
            sys.stderr.write(f"augury mcp: internal error in {asked.name} ({type(error).__name__}: {error})\n")
            return _failed(f"internal error ({type(error).__name__}); this is a bug of Augury, report it")
        return _answered(answer)

    server: Server[Any] = lowlevel.Server(
        "augury", version=__version__, instructions=instructions, on_list_tools=listed, on_call_tool=called
    )
    return server


def _tool(facts: ToolFacts) -> types.Tool:
    from mcp import types

    hints = types.ToolAnnotations(
        title=facts.title,
        read_only_hint=facts.read_only,
        destructive_hint=not facts.read_only,
        idempotent_hint=facts.read_only,
    )
    return types.Tool(
        name=facts.name, title=facts.title, description=facts.description, input_schema=facts.schema, annotations=hints
    )


def _answered(answer: ToolAnswer) -> types.CallToolResult:
    from mcp import types

    found = structured(dict(answer.result), answer.exit_code)
    text = types.TextContent(type="text", text=short_text(answer.title, found))
    return types.CallToolResult(content=[text], structured_content=found)


def _failed(message: str) -> types.CallToolResult:
    from mcp import types

    return types.CallToolResult(content=[types.TextContent(type="text", text=message)], is_error=True)
