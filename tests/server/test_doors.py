"""Five doors, one list: the command line, Python, REST, the admin and agents offer the operations of one registry."""

from __future__ import annotations

import importlib
from dataclasses import fields
from typing import Any

import pytest
from typer.main import get_command

import augury
from augury.cli.main import app
from augury.mcp.schema import COMMAND_LINE_ONLY, offered_options
from augury.mcp.tools import offered_operations, tool_name
from augury.operations import registry
from augury_server.accounts.roles import ROLES, allows
from augury_server.operations.platform import PLATFORM_OPTIONS


def commands() -> set[str]:
    """Every command that does an operation, as an operation is named."""
    top: Any = get_command(app)
    found = set()
    for name, command in top.commands.items():
        inner = getattr(command, "commands", None)
        found |= {f"{name}.{verb}" for verb in inner} if inner else {name}
    return found - {"mcp"}  # a door itself


def test_the_command_line_has_every_operation_and_nothing_else() -> None:
    assert commands() == set(registry.operations())


def test_python_runs_every_operation_by_its_name() -> None:
    for name, entry in registry.operations().items():
        assert registry.operation(name) is entry
    assert augury.operations.run is registry.run


def test_rest_describes_every_operation_with_its_role_and_options() -> None:
    described = importlib.import_module("augury_server.api.routes.operations")._view
    for name, entry in registry.operations().items():
        view = described(entry)
        assert (view.name, view.role, view.changes_state) == (name, entry.role, entry.changes_state)
        assert view.offered is (not entry.local)
        assert not PLATFORM_OPTIONS & view.options["properties"].keys(), name


def test_the_admin_knows_every_operation() -> None:
    known = importlib.import_module("augury_server.web.operating").known_operation
    for name, entry in registry.operations().items():
        assert known(name) is entry


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("remote", [False, True])
def test_agents_are_offered_what_the_registry_allows_their_role(role: Any, remote: bool) -> None:
    expected = {
        tool_name(entry): entry
        for entry in registry.operations().values()
        if allows(role, entry.role) and not (entry.local if remote else entry.name == "server.up")
    }
    assert offered_operations(role, remote=remote) == expected


def test_an_agents_options_are_the_command_lines_but_for_those_that_choose_the_platform() -> None:
    assert COMMAND_LINE_ONLY == PLATFORM_OPTIONS
    for entry in registry.operations().values():
        names = {item.name for item in fields(entry.spec_type)}
        assert offered_options(entry, writes=True).keys() == names - PLATFORM_OPTIONS
