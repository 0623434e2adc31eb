"""An operation on a running platform instead of here: files brought there, the result and files fetched."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import MISSING, Field, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from augury.cli.job_bar import JobBar
from augury.errors import AuguryError, Conflict, InvalidInput, Refused
from augury.operations.operation import Operation, Place, place_of
from augury.spec import Spec

if TYPE_CHECKING:
    from augury.client.client import Client

__all__ = ["RemoteResult", "run_there"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteResult:
    """What the platform gave: plain values, and 1 where the operation found something wrong itself."""

    title: str
    result: dict[str, Any]
    exit_code: int = 0

    def to_dict(self) -> dict[str, Any]:
        """The result as plain values."""
        return self.result


@dataclass
class _Luggage:
    """Files of one call: those that were brought, and those that are to be fetched, by their names there."""

    client: Client
    brought: dict[str, Path] = field(default_factory=dict)
    wanted: dict[str, str] = field(default_factory=dict)
    lent: dict[str, str] = field(default_factory=dict)


def run_there(url: str, entry: Operation, spec: Spec, console: Console) -> RemoteResult:
    """Run an operation on the platform at a URL, with the key in AUGURY_API_KEY.

    Raises what the platform answers as the library's errors, Refused for what makes sense only at this machine.
    """
    if entry.local:
        raise Refused(f"it is not done on another platform: {entry.local}; leave --server (AUGURY_SERVER) out")
    from augury.client import Client

    with Client(url) as client:
        luggage = _Luggage(client)
        try:
            options = {name: _sent(luggage, item, value) for name, item, value in _given(entry, spec)}
            with JobBar(console, entry.words) as bar:
                try:
                    done = client.run(entry.name, progress=bar.show, **options)
                except KeyboardInterrupt:
                    bar.tell_what_goes_on(url)
                    raise
            kept = _fetch(luggage)
        finally:
            _clear(luggage)
        result = _with_names_here(done.result, {**luggage.wanted, **luggage.lent})
        notes = [*result.get("notes", ()), *kept]
        return RemoteResult(
            title=f"{entry.words} at {client.address.url}",
            result={**result, "notes": notes} if kept else result,
            exit_code=done.exit_code,
        )


def _given(entry: Operation, spec: Spec) -> list[tuple[str, Field[Any], Any]]:
    """Options that are not as they are by themselves, so that the platform's own defaults hold for the rest."""
    found = []
    for item in fields(entry.spec_type):
        value = getattr(spec, item.name)
        if item.default is not MISSING and value == item.default:
            continue
        local, place = item.metadata.get("local", ""), place_of(item)
        if local and not (place is not None and isinstance(value, str) and place.is_name(value)):
            raise Refused(f"{item.name} is not taken over a network: {local}")
        found.append((item.name, item, value))
    return found


def _sent(luggage: _Luggage, item: Field[Any], value: Any) -> Any:
    """The value of an option as it is sent: files of this machine by their names there."""
    place = place_of(item)
    if place is None:
        return value
    if isinstance(value, tuple):
        return [_sent_text(luggage, place, text) if isinstance(text, str) else text for text in value]
    return _sent_text(luggage, place, value) if isinstance(value, str) else value


def _sent_text(luggage: _Luggage, place: Place, text: str) -> str:
    if place.is_name(text):
        return text
    label = re.match(place.before, text) if place.before else None
    before, path = (label[0], text[label.end() :]) if label else ("", text)
    if place.is_name(path):
        return text
    return before + (_name_to_write(luggage, path) if place.written else _name_to_read(luggage, path))


def _name_to_write(luggage: _Luggage, text: str) -> str:
    """A name there for what is written here: of its own for a file, which is fetched; as it is for a folder."""
    path = Path(text)
    if not path.suffix:
        return text
    if not path.absolute().parent.is_dir():
        raise InvalidInput(f"there is no folder {path.absolute().parent} to write {path.name} to; make it first")
    name = f"{uuid.uuid4().hex[:8]}-{path.name}"
    luggage.wanted[name] = text
    return name


def _name_to_read(luggage: _Luggage, text: str) -> str:
    """The name there of a file here, which is brought unless it is there already; other names are the platform's."""
    path = Path(text)
    if path.is_dir():
        raise Refused(f"{text} is a folder, and only files are brought to a platform; register a model there instead")
    if not path.is_file():
        return text
    from augury.client.files import digest_of

    files, here = luggage.client.files, path.absolute()
    if luggage.brought.get(path.name) == here:
        return path.name
    try:
        files.upload(here, replace=False)
        luggage.brought[path.name] = here
    except Conflict:
        if (files.look(path.name).etag or "").strip('"') != digest_of(here):
            raise Conflict(
                f"the platform has another file named {path.name}; rename this one, or delete that one "
                f"(DELETE /v1/files/{path.name})"
            ) from None
    luggage.lent[path.name] = text
    return path.name


def _fetch(luggage: _Luggage) -> list[str]:
    """Fetch what was written; what cannot be fetched stays there, which is said."""
    kept = []
    for name, target in luggage.wanted.items():
        try:
            luggage.client.files.download(name, target)
        except (LookupError, Conflict):
            kept.append(f"{target} was not written by the platform as a file of its own")
    return kept


def _clear(luggage: _Luggage) -> None:
    """Remove what this call brought or had written, as far as the platform lets it."""
    for name in (*luggage.brought, *luggage.wanted):
        with suppress(AuguryError):
            luggage.client.files.delete(name)


def _with_names_here(value: Any, names: Mapping[str, str]) -> Any:
    """The result with files called as they were on the command line."""
    if isinstance(value, dict):
        return {key: _with_names_here(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_names_here(item, names) for item in value]
    if isinstance(value, str):
        for name, here in names.items():
            value = re.sub(rf"(?<![\w/.-]){re.escape(name)}(?![\w.-])", here.replace("\\", r"\\"), value)
    return value
