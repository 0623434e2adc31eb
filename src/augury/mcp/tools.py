"""Operations as tools: which are offered to which role, and how a tool is described."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, get_args

from augury.errors import InvalidInput, NotFound, Refused, nearest
from augury.mcp.schema import offered_options, options_schema
from augury.operations.operation import Operation, Role
from augury.operations.registry import operations

__all__ = [
    "ROLES",
    "ToolFacts",
    "allows",
    "known_role",
    "offered_operations",
    "tool_facts",
    "tool_name",
    "wanted_operation",
]

ROLES: tuple[Role, ...] = get_args(Role)
"""From the least to the most allowed; each may do what the ones before it may."""

_ENDLESS = {"server.up": "it goes on until it is stopped, at a terminal"}
"""Operations that give no answer, with the reason why an agent cannot call them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolFacts:
    """What an agent is told of a tool: the schema of its options, and whether it changes anything."""

    name: str
    title: str
    description: str
    schema: dict[str, Any]
    read_only: bool


def allows(have: Role, need: Role) -> bool:
    """Whether the role `have` may do what asks for the role `need`."""
    return ROLES.index(have) >= ROLES.index(need)


def known_role(name: str) -> Role:
    """The role of that name; InvalidInput with the nearest one."""
    for role in ROLES:
        if role == name:
            return role
    raise InvalidInput(f"no role is named {name!r}; {nearest(name, ROLES)}")


def tool_name(entry: Operation) -> str:
    """An operation's name as agents call it: "jobs_list" for jobs.list."""
    return entry.name.replace(".", "_").replace("-", "_")


def offered_operations(role: Role, *, remote: bool = False) -> dict[str, Operation]:
    """The operations that a role may call, by the name of their tool; `remote`: over a network."""
    found = {tool_name(entry): entry for entry in operations().values()}
    return {name: entry for name, entry in found.items() if not _withheld(entry, remote) and allows(role, entry.role)}


def wanted_operation(name: str, role: Role, *, remote: bool = False) -> Operation:
    """The operation of a tool, if it is offered to the role.

    Raises NotFound with the nearest names, Refused with the reason: the role that it takes, or why it is not offered.
    """
    found = {tool_name(entry): entry for entry in operations().values()}
    entry = found.get(name)
    if entry is None:
        raise NotFound(f"no tool is named {name!r}; {nearest(name, offered_operations(role, remote=remote))}")
    if reason := _withheld(entry, remote):
        raise Refused(f"{entry.name} is not offered to agents: {reason}")
    if not allows(role, entry.role):
        raise Refused(f"{entry.name} needs the role {entry.role}, this session has {role}")
    return entry


def tool_facts(entry: Operation, role: Role, schema: dict[str, Any] | None = None) -> ToolFacts:
    """How an operation is described to a role; another door may have another `schema` of its options."""
    writes = allows(role, "operator")
    text = [entry.summary]
    if entry.changes_state:
        text.append("Changes state.")
    if "dry_run" in offered_options(entry, writes=writes):
        text.append("With dry_run it only says what it would do.")
    return ToolFacts(
        name=tool_name(entry),
        title=entry.words,
        description=" ".join(text),
        schema=schema if schema is not None else options_schema(entry, writes=writes),
        read_only=not entry.changes_state,
    )


def _withheld(entry: Operation, remote: bool) -> str:
    """Why an operation is offered to nobody through this door; empty when it is."""
    return entry.local if remote else _ENDLESS.get(entry.name, "")
