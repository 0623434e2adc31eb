"""Agents at /mcp: the protocol's own client over real HTTP, with keys of every role."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

pytest.importorskip("mcp")

from mcp.client.streamable_http import streamable_http_client

from augury.mcp import tool_name
from augury.operations.registry import operations
from augury_server.accounts.models import AuditEntry
from mcp import Client

ROLES = ("viewer", "operator", "administrator")


def ask(api: Any, role: str, talk: Callable[[Client], Awaitable[Any]], mode: str = "auto") -> Any:
    """What a conversation gives, under the key of a role."""
    import httpx2

    async def converse() -> Any:
        async with httpx2.AsyncClient(headers=api.headers(role), timeout=60) as http:
            transport = streamable_http_client(f"{api.url}/mcp", http_client=http)
            async with Client(transport, mode=mode, read_timeout_seconds=60) as client:
                return await talk(client)

    return asyncio.run(converse())


async def every_tool(client: Client) -> dict[str, Any]:
    return {tool.name: tool for tool in (await client.list_tools()).tools}


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_each_key_is_offered_what_its_role_may_run_over_the_network(api: Any, mode: str) -> None:
    for role in ROLES:
        allowed = ROLES[: ROLES.index(role) + 1]
        expected = {tool_name(entry) for entry in operations().values() if entry.role in allowed and not entry.local}
        tools = ask(api, role, every_tool, mode)
        assert tools.keys() == expected, role
        assert "server_up" not in tools
        assert ("accounts_add" in tools) is (role == "administrator")
        for tool in tools.values():
            assert not {"config", "set"} & tool.input_schema["properties"].keys() or tool.name == "nothing"


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_a_tool_gives_what_rest_gives(api: Any, mode: str) -> None:
    result = ask(api, "viewer", lambda client: client.call_tool("registry_list", {}), mode)
    assert not result.is_error
    reply = api.client("viewer").post("/v1/operations/registry.list", json={}).json()
    assert result.structured_content == {name: value for name, value in reply.items() if name != "exit_code"}
    assert result.content[0].text


def test_a_key_that_is_too_low_is_refused_and_the_refusal_is_recorded(api: Any) -> None:
    result = ask(api, "viewer", lambda client: client.call_tool("accounts_add", {"name": "eve"}))
    assert result.is_error
    assert "needs the role administrator" in result.content[0].text
    entry = AuditEntry.objects.get(action="accounts.add")
    assert (entry.actor, entry.outcome) == ("key:viewer-key", "refused")


def test_a_change_is_recorded_under_the_name_of_the_key(api: Any) -> None:
    options = {"name": "tech", "symbols": ["AAPL"], "timeframe": "1d"}

    async def talk(client: Client) -> Any:
        dry = await client.call_tool("universe_add", {**options, "dry_run": True})
        before = await client.call_tool("universe_list", {})
        return dry, before, await client.call_tool("universe_add", options), await client.call_tool("universe_list", {})

    dry, before, made, after = ask(api, "operator", talk)
    assert not dry.is_error, dry.content
    assert before.structured_content["rows"] == [], "a dry run changes nothing"
    assert not made.is_error, made.content
    assert len(after.structured_content["rows"]) == 1
    entry = AuditEntry.objects.get(action="universe.add")
    assert (entry.actor, entry.outcome) == ("key:operator-key", "done")


@pytest.mark.parametrize("file", ["/etc/passwd", "../secret.csv", "a/../../b.csv", "https://example.com/a.csv", "x.py"])
def test_files_are_confined_as_under_rest(api: Any, file: str) -> None:
    result = ask(api, "operator", lambda client: client.call_tool("quality", {"files": [file]}))
    assert result.is_error
    reply = api.client("operator").post("/v1/operations/quality", json={"files": [file]}).json()
    assert result.content[0].text == reply["detail"]


def test_what_makes_no_sense_over_a_network_is_refused_with_its_reason(api: Any) -> None:
    result = ask(api, "administrator", lambda client: client.call_tool("server_up", {}))
    assert result.is_error
    assert "not offered over the network" in result.content[0].text


def test_an_unknown_tool_is_told_with_the_nearest(api: Any) -> None:
    result = ask(api, "viewer", lambda client: client.call_tool("registry_lst", {}))
    assert result.is_error
    assert "did you mean 'registry_list'" in result.content[0].text


def test_long_work_runs_as_a_job_whose_result_comes_back(api: Any, working: Any) -> None:
    told: list[float] = []

    async def watch(done: float, total: float | None, text: str | None) -> None:
        told.append(done)

    with working():
        result = ask(api, "operator", lambda client: client.call_tool("db_retain", {}, progress_callback=watch))
    assert not result.is_error, result.content
    assert result.structured_content
    assert told == sorted(told)


def test_a_job_that_takes_longer_than_an_agent_waits_is_named(api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from augury_server.api import agent_tools
    from augury_server.api.routes import mcp as door

    monkeypatch.setattr(door.routes[0].endpoint, "_server", None)
    monkeypatch.setattr(door, "AgentTools", lambda: agent_tools.AgentTools(wait_seconds=0.1))

    async def talk(client: Client) -> Any:
        going = await client.call_tool("db_retain", {})
        return going, await client.call_tool("jobs_show", {"job": going.structured_content["job"]})

    going, shown = ask(api, "operator", talk)
    assert going.structured_content["state"] == "queued"
    assert not shown.is_error


def test_nobody_without_a_key_gets_an_answer(api: Any) -> None:
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
    headers = {"accept": "application/json, text/event-stream"}
    reply = httpx.post(f"{api.url}/mcp", json=message, headers=headers)
    assert reply.status_code == 401
    assert reply.headers["www-authenticate"].startswith("Bearer")
    for method in ("GET", "DELETE"):
        assert httpx.request(method, f"{api.url}/mcp", headers=api.headers("viewer")).status_code == 405


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b'{"jsonrpc": "2.0"}', b"\xff\xfe", b"[" * 10_000])
def test_what_is_no_message_is_refused_without_a_crash(api: Any, body: bytes) -> None:
    headers = {
        "accept": "application/json, text/event-stream", "content-type": "application/json", **api.headers("viewer"),
    }  # fmt: skip
    reply = httpx.post(f"{api.url}/mcp", content=body, headers=headers)
    assert 400 <= reply.status_code < 500, reply.text
