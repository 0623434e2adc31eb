"""Operations at work for an agent: their progress, their prints, their end when nobody waits any more."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest

pytest.importorskip("mcp")

from mcp import Client


def test_progress_is_told_while_an_operation_works(ask: Callable[..., Any]) -> None:
    told: list[tuple[float, str]] = []

    async def watch(done: float, total: float | None, text: str | None) -> None:
        told.append((done, text or ""))

    async def talk(client: Client) -> Any:
        return await client.call_tool("demo", {"tickers": ["AAPL", "IBM"]}, progress_callback=watch)

    result = ask(talk)
    assert not result.is_error, result.content
    assert result.structured_content
    steps = [done for done, _ in told]
    assert steps == sorted(set(steps))


def test_standard_output_carries_the_protocol_alone(tmp_path: Path) -> None:
    strategy = tmp_path / "loud.py"
    strategy.write_text(
        "import os, sys\nprint('to standard output')\nos.write(1, b'and by its number\\n')\n"
        "def positions(bars):\n    print('again')\n    return bars['close'] * 0 + 1\n"
    )
    bars = tmp_path / "bars.csv"
    rows = [f"2020-{1 + day // 28:02d}-{1 + day % 28:02d},{10 + day % 7},12,8,{10 + day % 5},100" for day in range(300)]
    bars.write_text("date,open,high,low,close,volume\n" + "\n".join(rows[:336]) + "\n")
    messages = [
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
            "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "leaks", "arguments": {
            "subject": str(strategy), "file": str(bars), "depth": "quick"}}},
    ]  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "augury", "mcp", "--role", "operator"], cwd=tmp_path,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    for message in messages:
        process.stdin.write(json.dumps(message) + "\n")
    process.stdin.flush()
    lines = []
    while not any(json.loads(line).get("id") == 2 for line in lines):
        line = process.stdout.readline()
        assert line, process.stderr and process.stderr.read()
        lines.append(line)
    rest, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert all(json.loads(line)["jsonrpc"] == "2.0" for line in [*lines, *rest.splitlines()])
    assert "to standard output" in errors
    assert "and by its number" in errors


def test_a_call_that_is_cancelled_stops_and_the_session_goes_on(ask: Callable[..., Any], tmp_path: Path) -> None:
    """Training goes on for long; it is stopped at its first step that is told, and leaves no model."""

    async def talk(client: Client) -> Any:
        begun = anyio.Event()

        async def watch(done: float, total: float | None, text: str | None) -> None:
            begun.set()

        options = {"model": "linear", "files": ["sample"], "output": str(tmp_path / "model"), "importance": True}
        async with anyio.create_task_group() as tasks:

            async def train() -> None:
                await client.call_tool("train", options, progress_callback=watch)

            tasks.start_soon(train)
            with anyio.fail_after(100):
                await begun.wait()
            tasks.cancel_scope.cancel()
        with anyio.fail_after(100):
            return await client.call_tool("doctor", {})

    result = ask(talk, "operator")
    assert not result.is_error
    assert not (tmp_path / "model").exists()
