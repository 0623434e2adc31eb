"""Options that come over the network: paths confined to the folder of files; code, addresses and settings refused."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import Field, dataclass, fields
from typing import Any

from augury.errors import InvalidInput, NotFound, Refused, nearest
from augury.operations.operation import Operation, Place, Role, place_of
from augury.operations.registry import operation
from augury_server.accounts.roles import allows
from augury_server.api.problems import ProblemError
from augury_server.api.remote_files import place_in_files, used_bytes
from augury_server.settings.current import current_settings

__all__ = ["RoleTooLow", "confined", "offered_fields", "remote_operation"]


class RoleTooLow(ProblemError):
    """Whoever asks has not the role that it takes, which the problem names."""

    def __init__(self, detail: str, role: Role) -> None:
        super().__init__("not-allowed", detail, needed_role=role)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Option:
    """An option as it was given."""

    item: Field[Any]
    place: Place
    operation: str

    @property
    def what(self) -> str:
        return f"{self.operation}.{self.item.name}"


def remote_operation(name: str, role: Role) -> Operation:
    """The operation of that name, if it is offered over the network and the role allows it.

    Raises NotFound with the nearest names, Refused with the reason, RoleTooLow.
    """
    entry = operation(name)
    if entry.local:
        raise Refused(f"{entry.name} is not offered over the network: {entry.local}")
    if not allows(role, entry.role):
        raise RoleTooLow(f"{entry.name} needs the role {entry.role}, this key has {role}", entry.role)
    return entry


def offered_fields(entry: Operation) -> list[Field[Any]]:
    """The options of an operation that are taken over the network."""
    return [item for item in fields(entry.spec_type) if not item.metadata.get("local") or _has_names(place_of(item))]


def confined(entry: Operation, options: Mapping[str, Any], role: Role) -> dict[str, Any]:
    """The options with every path led into the folder of files, ready for the operation's spec.

    Raises InvalidInput for an unknown option, naming the nearest; Refused for what must not come over the network, the
    options of a job or schedule within included; RoleTooLow where a viewer would have a file written; NotFound for what
    is neither a known name nor there.
    """
    known = {item.name: item for item in fields(entry.spec_type)}
    offered = [item.name for item in offered_fields(entry)]
    given: dict[str, Any] = {}
    for name, value in options.items():
        if name not in known:
            raise InvalidInput(f"{entry.name} has no option {name!r}; {nearest(name, offered)}")
        given[name] = _taken(entry.name, known[name], value, role)
    for name, item in known.items():
        if name not in given and isinstance(item.default, str) and place_of(item) is not None:
            given[name] = _taken(entry.name, item, item.default, role)
    inner = given.get("operation")
    if {"operation", "option"} <= known.keys() and isinstance(inner, str):
        given["option"] = _inner(inner, given.get("option", ()), role)
    return given


def _taken(name: str, item: Field[Any], value: Any, role: Role) -> Any:
    """A value as the operation gets it."""
    for text in value if isinstance(value, list | tuple) else (value,):
        if isinstance(text, str) and "\0" in text:
            raise InvalidInput(f"{name}.{item.name} holds a null character; leave it out")
    place, local = place_of(item), item.metadata.get("local", "")
    if value is None or (value in ((), []) and item.default == ()):
        return value
    if place is None or local:
        named = place is not None and isinstance(value, str) and place.is_name(value)
        if local and not named and value != item.default:
            raise Refused(f"{name}.{item.name} is not taken over the network: {local}")
        return value
    option = _Option(item=item, place=place, operation=name)
    if isinstance(value, list | tuple):
        return [_confined_text(option, one, role) for one in value]
    return _confined_text(option, value, role)


def _confined_text(option: _Option, value: Any, role: Role) -> Any:
    if not isinstance(value, str) or option.place.is_name(value):
        return value  # no text: the spec refuses it
    before, path = _parted(option.place, value)
    found = place_in_files(path, option.what)
    if option.place.written:
        _may_write(option.what, role)
    elif not found.exists():
        names = "neither a known name nor an uploaded file" if _has_names(option.place) else "no uploaded file"
        raise NotFound(
            f"{option.what} = {path!r} is {names}; GET /v1/files lists the files, PUT /v1/files/{{name}} adds"
        )
    return before + str(found)


def _parted(place: Place, value: str) -> tuple[str, str]:
    found = re.match(place.before, value) if place.before else None
    return (found[0], value[found.end() :]) if found else ("", value)


def _has_names(place: Place | None) -> bool:
    return place is not None and place.is_name is not Place().is_name


def _may_write(what: str, role: Role) -> None:
    if not allows(role, "operator"):
        raise RoleTooLow(
            f"{what} names a file to write, which needs the role operator, this key has {role}", "operator"
        )
    most = current_settings().api.files_megabytes * 1_000_000
    if used_bytes() >= most:
        raise Refused(f"{what}: the folder of files is full ({most // 1_000_000} MB, api.files_megabytes); delete some")


def _inner(name: str, texts: Any, role: Role) -> list[str]:
    """The options of what a job or a schedule runs, confined as if it were asked for itself."""
    from augury_server.operations.running.jobs import read_options

    entry = remote_operation(name, role)
    if not isinstance(texts, list | tuple) or not all(isinstance(text, str) for text in texts):
        raise InvalidInput(f"option should be a list of texts such as name=value, got {texts!r:.80}")
    inner = confined(entry, read_options(entry, tuple(texts)), role)
    return [f"{key}={json.dumps(value)}" for key, value in inner.items()]
