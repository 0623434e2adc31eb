"""The options of operations as JSON Schema, as far as they are taken over the network."""

from __future__ import annotations

from typing import Any

import msgspec

from augury.operations.operation import Operation, place_of
from augury_server.api.remote_options import offered_fields

__all__ = ["has_dry_run", "options_schema"]


def options_schema(entry: Operation) -> dict[str, Any]:
    """JSON Schema (2020-12) of an operation's options.

    `x-path` tells options that name a file among the uploaded ones: "read", or "write" for a file that is made.
    """
    (schema,), definitions = msgspec.json.schema_components([entry.spec_type], ref_template="#/$defs/{name}")
    if "$ref" in schema:
        schema = definitions.pop(schema["$ref"].rpartition("/")[2])
    offered = {item.name: item for item in offered_fields(entry)}
    properties: dict[str, Any] = {}
    for name, found in schema.get("properties", {}).items():
        if name in offered:
            place = place_of(offered[name])
            properties[name] = found if place is None else {**found, "x-path": "write" if place.written else "read"}
    made: dict[str, Any] = {
        "type": "object",
        "title": entry.spec_type.__name__,
        "properties": properties,
        "additionalProperties": False,
    }
    required = [name for name in schema.get("required", ()) if name in offered]
    return {**made, **({"required": required} if required else {}), **({"$defs": definitions} if definitions else {})}


def has_dry_run(entry: Operation) -> bool:
    """Whether an operation can say what it would do, and do nothing."""
    return any(item.name == "dry_run" for item in offered_fields(entry))
