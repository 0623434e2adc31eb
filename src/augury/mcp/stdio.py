"""Tools over standard input and output, for an agent that started this process."""

from __future__ import annotations

import signal

import anyio

from augury.extras import require
from augury.mcp.local_tools import LocalTools
from augury.mcp.serving import tool_server
from augury.operations.operation import Role

__all__ = ["serve"]

INSTRUCTIONS = (
    "Augury judges trading strategies and makes signals, models and proofs that can be trusted. Each tool is an "
    "operation of its command line; files are paths on this machine. Fractions are fractions, times are UTC. Tools "
    "that change state say so; those with dry_run can say first what they would do."
)


def serve(role: Role) -> None:
    """Answer until the agent closes the input. Standard output carries the protocol alone: prints go to errors."""
    require("mcp", extra="mcp")
    from mcp.server.stdio import stdio_server

    signal.signal(signal.SIGINT, signal.SIG_DFL)  # the input is read in a thread, which only the end of it wakes

    async def answer() -> None:
        server = tool_server(LocalTools(role), INSTRUCTIONS)
        async with stdio_server() as (read, write):
            await server.run(read, write, server.create_initialization_options())

    anyio.run(answer)
