"""Groups of commands that are made when somebody asks for them: making all takes longer than most of them run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from functools import partial
from typing import Any

import typer
from typer.core import TyperGroup

__all__ = ["group_class", "made_command", "made_group"]

_LIKE_ALL: dict[str, Any] = {
    "add_completion": False, "pretty_exceptions_enable": False, "rich_markup_mode": "rich",
}  # fmt: skip


class _WhenAsked(MutableMapping[str, Any]):
    """Commands by name, each made by its maker when it is first taken; names alone make none."""

    def __init__(self, makers: Mapping[str, Callable[[], Any]]) -> None:
        self._makers = dict(makers)
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            self._made[name] = self._makers[name]()
        return self._made[name]

    def __setitem__(self, name: str, command: Any) -> None:
        self._makers[name] = lambda: command
        self._made.pop(name, None)

    def __delitem__(self, name: str) -> None:
        del self._makers[name]
        self._made.pop(name, None)

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)


def group_class(makers: Mapping[str, Callable[[], Any]]) -> type[TyperGroup]:
    """A kind of group, for Typer's `cls`, that has these commands after those that were registered with it."""

    class Group(TyperGroup):
        def __init__(self, **given: Any) -> None:
            super().__init__(**given)
            registered = self.commands
            self.commands = _WhenAsked({**{name: partial(registered.get, name) for name in registered}, **makers})

        def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - as the overridden one
            return list(self.commands)

    return Group


def made_command(name: str, function: Callable[..., None]) -> Any:
    """The command that calls a function with what was given on the command line."""
    one = typer.Typer(**_LIKE_ALL)
    one.command(name)(function)
    return typer.main.get_command(one)


def made_group(name: str, about: str, makers: Mapping[str, Callable[[], Any]]) -> Any:
    """A group of commands; alone it shows its help."""
    group = typer.main.get_group(typer.Typer(cls=group_class(makers), help=about, no_args_is_help=True, **_LIKE_ALL))
    group.name = name
    return group
