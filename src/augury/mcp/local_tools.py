"""The operations of this machine as tools, run as the command line runs them."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import anyio
import anyio.from_thread
import anyio.to_thread

from augury.errors import InvalidInput, Refused, nearest
from augury.mcp.schema import offered_options
from augury.mcp.serving import Report, ToolAnswer
from augury.mcp.stepping import AgentProgress
from augury.mcp.tools import ToolFacts, allows, offered_operations, tool_facts, wanted_operation
from augury.operations.operation import Operation, Role

__all__ = ["LocalTools"]

_AT_ONCE = 4


class LocalTools:
    """What a role may call here. A viewer reads only: options that name files to write are not offered to it."""

    def __init__(self, role: Role) -> None:
        self._role: Role = role
        self._threads = anyio.CapacityLimiter(_AT_ONCE)

    async def tools(self, request: Any) -> Sequence[ToolFacts]:
        """The tools, by name."""
        del request
        return [tool_facts(entry, self._role) for _, entry in sorted(offered_operations(self._role).items())]

    async def call(self, request: Any, name: str, arguments: Mapping[str, Any], report: Report) -> ToolAnswer:
        """Run an operation in a thread; a call that is cancelled stops at its next step."""
        del request
        entry = wanted_operation(name, self._role)
        self._check_options(entry, arguments)
        spec = entry.spec_type.from_dict(arguments)

        def tell(steps: int, text: str) -> None:
            anyio.from_thread.run(report, float(steps), text)

        progress = AgentProgress(tell, anyio.from_thread.check_cancelled)
        result = await anyio.to_thread.run_sync(partial(_run, entry, spec, progress), limiter=self._threads)
        code = int(getattr(result, "exit_code", 0))
        return ToolAnswer(title=str(getattr(result, "title", entry.words)), result=result.to_dict(), exit_code=code)

    def _check_options(self, entry: Operation, arguments: Mapping[str, Any]) -> None:
        """Nothing that is not offered is taken either."""
        writes = allows(self._role, "operator")
        offered, every = offered_options(entry, writes=writes), offered_options(entry, writes=True)
        for name in arguments:
            if name in offered:
                continue
            if name in every:
                raise Refused(f"{entry.name}.{name} names a file to write, which needs the role operator")
            raise InvalidInput(f"{entry.name} has no option {name!r}; {nearest(name, offered)}")


def _run(entry: Operation, spec: Any, progress: AgentProgress) -> Any:
    try:
        return entry.run(spec, progress)
    finally:
        databases = sys.modules.get("django.db")  # a thread gives back what connections the platform's verbs opened
        if databases is not None:
            databases.connections.close_all()
