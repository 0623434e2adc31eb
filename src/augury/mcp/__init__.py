"""The operations as tools for agents, over the Model Context Protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING

from augury.lazy import lazy_exports

if TYPE_CHECKING:
    from augury.mcp.local_tools import LocalTools
    from augury.mcp.serving import ToolAnswer, Toolbox, tool_server
    from augury.mcp.stdio import serve
    from augury.mcp.tools import ToolFacts, offered_operations, tool_facts, tool_name, wanted_operation

__all__ = [
    "LocalTools",
    "ToolAnswer",
    "ToolFacts",
    "Toolbox",
    "offered_operations",
    "serve",
    "tool_facts",
    "tool_name",
    "tool_server",
    "wanted_operation",
]

_TOOLS = ("ToolFacts", "offered_operations", "tool_facts", "tool_name", "wanted_operation")

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "LocalTools": "augury.mcp.local_tools",
        "ToolAnswer": "augury.mcp.serving",
        "Toolbox": "augury.mcp.serving",
        "serve": "augury.mcp.stdio",
        "tool_server": "augury.mcp.serving",
        **dict.fromkeys(_TOOLS, "augury.mcp.tools"),
    },
)
