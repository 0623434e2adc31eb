"""The operations as tools over a real process's standard input and output, with the protocol's own client."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("mcp")

from augury.mcp import tool_name
from augury.operations.registry import operations
from mcp import Client

ROLES = ("viewer", "operator", "administrator")


async def every_tool(client: Client) -> dict[str, Any]:
    return {tool.name: tool for tool in (await client.list_tools()).tools}


@pytest.mark.parametrize("role", ROLES)
def test_the_tools_are_the_registrys_operations_for_each_role(ask: Callable[..., Any], role: str) -> None:
    allowed = ROLES[: ROLES.index(role) + 1]
    expected = {
        tool_name(entry): entry
        for entry in operations().values()
        if entry.role in allowed and entry.name != "server.up"
    }
    tools = ask(every_tool, role)
    assert tools.keys() == expected.keys()
    for name, tool in tools.items():
        entry = expected[name]
        assert tool.description.startswith(entry.summary)
        assert tool.annotations.read_only_hint is (not entry.changes_state)
        assert tool.annotations.destructive_hint is entry.changes_state
        assert tool.input_schema["type"] == "object"
        assert tool.input_schema["additionalProperties"] is False
        assert all(found.get("description") for found in tool.input_schema["properties"].values()), name


def test_every_operation_has_a_tool_name_of_its_own() -> None:
    names = [tool_name(entry) for entry in operations().values()]
    assert len(set(names)) == len(names)
    assert all(name.replace("_", "").isalnum() and len(name) <= 64 for name in names)


def test_without_a_role_an_agent_may_only_read(ask: Callable[..., Any], tmp_path: Path) -> None:
    target = tmp_path / "out.csv"

    async def talk(client: Client) -> Any:
        tools = await every_tool(client)
        refused = await client.call_tool("backtest", {"strategy": "sma_crossover", "file": "x.csv"})
        return tools, refused, await client.call_tool("features", {"output": str(target)})

    tools, refused, written = ask(talk)
    assert "backtest" not in tools
    assert "accounts_add" not in tools
    assert refused.is_error
    assert refused.content[0].text == "backtest needs the role operator, this session has viewer"
    assert "output" not in tools["features"].input_schema["properties"]
    assert written.is_error
    assert "needs the role operator" in written.content[0].text
    assert not target.exists()


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_a_result_is_structured_and_told_in_short(ask: Callable[..., Any], mode: str) -> None:
    async def talk(client: Client) -> Any:
        return await client.call_tool("features", {})

    result = ask(talk, mode=mode)
    here = json.loads(json.dumps(operations()["features"].run(operations()["features"].spec_type(), None).to_dict()))
    assert not result.is_error
    assert result.structured_content.keys() == here.keys()
    assert len(result.content[0].text) < 5000


def test_mistakes_are_tool_errors_that_say_what_to_do(ask: Callable[..., Any]) -> None:
    async def talk(client: Client) -> Any:
        return [
            await client.call_tool("qualty", {}),
            await client.call_tool("quality", {"files": ["nowhere.csv"]}),
            await client.call_tool("quality", {"fils": ["a.csv"]}),
            await client.call_tool("features", {"rows": 0}),
            await client.call_tool("features", {"config": "/etc/passwd"}),
            await client.call_tool("jobs_list", {"set": ["web.port=1"]}),
        ]

    results = ask(talk)
    assert all(result.is_error for result in results)
    texts = [result.content[0].text for result in results]
    assert "did you mean 'quality'" in texts[0]
    assert "nowhere.csv" in texts[1]
    assert "did you mean 'files'" in texts[2]
    assert "rows" in texts[3]
    assert "no option 'config'" in texts[4]
    assert "no option 'set'" in texts[5]


def test_an_unknown_role_is_refused_at_the_start(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "augury", "mcp", "--role", "king"], cwd=tmp_path, capture_output=True, text=True,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stdout == ""
