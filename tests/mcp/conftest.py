"""Conversations with `augury mcp` in a process of its own."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def ask(tmp_path: Path) -> Callable[..., Any]:
    """Runs a conversation with `augury mcp` in a folder of its own."""

    mcp = pytest.importorskip("mcp")

    def run(talk: Callable[[Any], Awaitable[Any]], role: str | None = None, mode: str = "auto") -> Any:
        environment = {**os.environ, "AUGURY_HOME": str(tmp_path / "home"), "AUGURY_LEDGER": str(tmp_path / "l.sqlite")}
        server = mcp.StdioServerParameters(
            command=sys.executable,
            args=["-m", "augury", "mcp", *(["--role", role] if role else [])],
            env=environment,
            cwd=tmp_path,
        )

        async def converse() -> Any:
            async with mcp.Client(server, mode=mode, read_timeout_seconds=120) as client:
                return await talk(client)

        return asyncio.run(converse())

    return run
