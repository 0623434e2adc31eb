"""A reader from what a command line, a schedule or a dead letter says: a name, an argument, plain options."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from augury.errors import InvalidInput, NotFound, nearest
from augury.market.sources.file_source import FileSource
from augury.market.sources.protocol import Source
from augury.market.sources.registry import SOURCE_NAMES
from augury.market.sources.registry import source as named_source
from augury_server.ingest.file_reader import FileReader
from augury_server.ingest.patience import jittered, retry_spec
from augury_server.ingest.reader import Reader
from augury_server.ingest.secret_options import refuse_secrets
from augury_server.ingest.source_reader import SourceReader

__all__ = ["parsed_options", "reader_of"]

_ARGUMENT = {"ccxt": "exchange", "store": "store", "file": "path"}


def reader_of(
    source: str | Source,
    *,
    files: Sequence[str] = (),
    zone: str | None = None,
    stamp: Any = "open",
    options: Mapping[str, Any] | None = None,
) -> Reader:
    """The reader of a source: an object, or a name with its main argument such as "store:bars" or "ccxt:kraken".

    `options` are the source's fields as plain values. Raises NotFound for an unknown source, InvalidInput for unknown
    options, files given to something that reads none, and secrets given as options: those come from the environment.
    """
    if isinstance(source, FileSource):
        return FileReader([source.path], zone=source.zone, stamp=source.stamp)
    if not isinstance(source, str):
        return SourceReader(source)
    name, _, argument = source.partition(":")
    given = dict(options or {})
    if name == "file":
        if given:
            raise InvalidInput(f"files have no options {', '.join(given)}; zone and stamp are arguments of their own")
        paths = [*([argument] if argument else []), *files]
        if not paths:
            raise InvalidInput("expected files or folders of bars, got none")
        return FileReader(paths, zone=zone, stamp=stamp)
    if files:
        if name not in SOURCE_NAMES:
            raise NotFound(f"no source {name!r}; {nearest(name, SOURCE_NAMES)}")
        raise InvalidInput(f"the source {name!r} reads no files, got {', '.join(files[:3])}; name its symbols instead")
    refuse_secrets(given)
    origin = {"source": source, "options": dict(given)}
    if argument:
        if name not in _ARGUMENT:
            raise InvalidInput(f"the source {name!r} takes nothing after a colon, got {argument!r}")
        given[_ARGUMENT[name]] = argument
    made = named_source(name, **given)
    own = {item.name for item in fields(made)}  # type: ignore[arg-type]
    if {"retry", "sleep"} <= own:
        made = named_source(name, **{"retry": retry_spec(), "sleep": jittered, **given})
    return SourceReader(made, name=f"ccxt:{argument}" if name == "ccxt" else name, origin=origin)


def parsed_options(texts: Sequence[str]) -> dict[str, Any]:
    """Options written as name=value; a value that is JSON is taken as such, any other as text.

    >>> parsed_options(["adjusted=false", "feed=iex"])
    {'adjusted': False, 'feed': 'iex'}
    """
    found: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise InvalidInput(f"expected name=value, got {text!r}, for instance adjusted=false")
        try:
            found[name.strip()] = json.loads(value)
        except ValueError:
            found[name.strip()] = value
    return found
