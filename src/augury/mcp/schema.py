"""The options of an operation as JSON Schema, as an agent reads them."""

from __future__ import annotations

from dataclasses import Field, fields
from typing import Any

import msgspec

from augury.operations.operation import Operation, place_of

__all__ = ["COMMAND_LINE_ONLY", "offered_options", "options_schema"]

COMMAND_LINE_ONLY = frozenset({"config", "set"})
"""Options that say which platform a command is for; an agent works with the one it was given."""


def offered_options(entry: Operation, *, writes: bool) -> dict[str, Field[Any]]:
    """The options that an agent may give, by name; those that name files to write only where it `writes`."""
    found = {item.name: item for item in fields(entry.spec_type) if item.name not in COMMAND_LINE_ONLY}
    return {name: item for name, item in found.items() if writes or not _is_written(item)}


def options_schema(entry: Operation, *, writes: bool) -> dict[str, Any]:
    """JSON Schema (2020-12) of those options, with their descriptions, bounds and defaults."""
    (schema,), definitions = msgspec.json.schema_components([entry.spec_type], ref_template="#/$defs/{name}")
    if "$ref" in schema:
        schema = definitions.pop(schema["$ref"].rpartition("/")[2])
    offered = offered_options(entry, writes=writes)
    made: dict[str, Any] = {
        "type": "object",
        "properties": {name: found for name, found in schema.get("properties", {}).items() if name in offered},
        "additionalProperties": False,
    }
    required = [name for name in schema.get("required", ()) if name in offered]
    return {**made, **({"required": required} if required else {}), **({"$defs": definitions} if definitions else {})}


def _is_written(item: Field[Any]) -> bool:
    place = place_of(item)
    return place is not None and place.written
