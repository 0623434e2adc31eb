"""What a serialised ONNX graph asks for, read from its bytes alone: the serving side needs no ONNX package for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from augury.errors import InvalidArtefact

__all__ = ["GraphFacts", "graph_facts"]

_DEEPEST = 32
# Field numbers of onnx.proto (ONNX 1.17, unchanged since IR version 3): which nested messages to walk into.
_WALKED: dict[str, dict[int, str]] = {
    "model": {7: "graph", 8: "opset", 25: "function"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "function": {7: "node", 9: "opset", 11: "attribute"},
}
_TENSOR_EXTERNAL_DATA = 13
_TENSOR_DATA_LOCATION = 14


@dataclass(slots=True)
class GraphFacts:
    """Operators used, the domains that they and the graph name ("" is ONNX's own), and whether files are referred to.

    `functions` counts operators that the model defines itself.
    """

    operators: set[str] = field(default_factory=set)
    domains: set[str] = field(default_factory=set)
    external_data: bool = False
    functions: int = 0


def graph_facts(data: bytes) -> GraphFacts:
    """The facts of a serialised ModelProto. Raises InvalidArtefact for bytes that are no such message."""
    facts = GraphFacts()
    try:
        _walk(memoryview(data), "model", facts, 0)
    except (IndexError, UnicodeDecodeError) as error:
        raise InvalidArtefact(_damaged("it ends in the middle of a field")) from error
    if not facts.operators:
        raise InvalidArtefact(_damaged("it holds no operator"))
    return facts


def _walk(data: memoryview, kind: str, facts: GraphFacts, depth: int) -> None:
    if depth > _DEEPEST:
        raise InvalidArtefact(_damaged(f"its messages are nested more than {_DEEPEST} deep"))
    facts.functions += kind == "function"
    domain = ""
    for number, value in _fields(data):
        if kind == "tensor" and number in (_TENSOR_EXTERNAL_DATA, _TENSOR_DATA_LOCATION) and value != 0:
            facts.external_data = True
        if not isinstance(value, memoryview):
            continue
        if kind == "node" and number == 4:
            facts.operators.add(bytes(value).decode())
        if (kind == "node" and number == 7) or (kind == "opset" and number == 1) or (kind, number) == ("function", 10):
            domain = bytes(value).decode()
        inner = _WALKED.get(kind, {}).get(number)
        if inner is not None:
            _walk(value, inner, facts, depth + 1)
    if kind in ("node", "opset", "function"):
        facts.domains.add(domain)


def _fields(data: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """The fields of one protobuf message: (number, integer or bytes)."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        number, wire = key >> 3, key & 7
        if wire == 0:
            value, at = _varint(data, at)
            yield number, value
            continue
        if wire == 2:
            size, at = _varint(data, at)
        elif wire in (1, 5):
            size = 8 if wire == 1 else 4
        else:
            raise InvalidArtefact(_damaged(f"it has a field of wire type {wire}"))
        if number == 0 or at + size > len(data):
            raise InvalidArtefact(_damaged("it ends in the middle of a field"))
        yield number, data[at : at + size]
        at += size


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
        if shift > 63:
            raise InvalidArtefact(_damaged("it has a number of more than 64 bits"))


def _damaged(what: str) -> str:
    return f"the graph is no ONNX model: {what}; export the model again"
