"""Tensors of the Open Inference Protocol: from JSON or bytes to the arrays that a model reads, and back."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from math import prod
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from augury.errors import InvalidInput, nearest
from augury_server.api.inference_bodies import InputTensor, OutputTensor
from augury_server.api.json_bodies import decoded

__all__ = ["DATATYPES", "output_tensor", "read_tensors"]

DATATYPES: dict[str, np.dtype[Any]] = {
    "FP32": np.dtype("<f4"),
    "FP64": np.dtype("<f8"),
    "INT8": np.dtype("<i1"),
    "INT16": np.dtype("<i2"),
    "INT32": np.dtype("<i4"),
    "INT64": np.dtype("<i8"),
    "UINT8": np.dtype("<u1"),
    "UINT16": np.dtype("<u2"),
    "UINT32": np.dtype("<u4"),
    "UINT64": np.dtype("<u8"),
}
"""What inputs may hold; a model reads FP32, and the others are converted to it."""

_REASONS = {
    "BYTES": "models here read numbers, not text",
    "BOOL": "models here read numbers; send UINT8",
    "FP16": "convert it to FP32, which holds every FP16",
    "BF16": "convert it to FP32, which holds every BF16",
}
_MOST_AXES = 4


def read_tensors(inputs: Sequence[InputTensor], binary: memoryview, *, most: int) -> dict[str, npt.NDArray[Any]]:
    """Arrays by name, of the shapes that were said; `binary` are the bytes after the JSON, in the order of the inputs.

    Raises InvalidInput for what does not agree: names twice, types, shapes, counts, sizes, bytes that nobody named, and
    more than `most` rows.
    """
    found: dict[str, npt.NDArray[Any]] = {}
    start = 0
    for tensor in inputs:
        if tensor.name in found:
            raise InvalidInput(f"input {tensor.name!r} came twice; send each once")
        kind, shape = _form(tensor, most)
        size = _binary_size(tensor, kind, shape)
        if size is None:
            found[tensor.name] = _from_json(tensor, kind, shape)
            continue
        if len(binary) - start < size:
            raise InvalidInput(
                f"input {tensor.name!r} announces {size} bytes, and {len(binary) - start} are left after the JSON; "
                "look at Inference-Header-Content-Length and binary_data_size"
            )
        found[tensor.name] = np.frombuffer(binary[start : start + size], dtype=kind).reshape(shape)
        start += size
    if start != len(binary):
        raise InvalidInput(f"{len(binary) - start} bytes after the JSON belong to no input; set binary_data_size")
    return found


def output_tensor(name: str, datatype: str, values: npt.NDArray[Any], *, binary: bool) -> tuple[OutputTensor, bytes]:
    """A tensor of an answer and the bytes that follow the JSON, none when the numbers are in it (NaN as null)."""
    shape = list(values.shape)
    if not binary:
        return OutputTensor(name=name, shape=shape, datatype=datatype, data=values.ravel().tolist()), b""
    content = np.ascontiguousarray(values, dtype=DATATYPES[datatype]).tobytes()
    said = {"binary_data_size": len(content)}
    return OutputTensor(name=name, shape=shape, datatype=datatype, parameters=said), content


def _form(tensor: InputTensor, most: int) -> tuple[np.dtype[Any], tuple[int, ...]]:
    kind = DATATYPES.get(tensor.datatype)
    if kind is None:
        reason = _REASONS.get(tensor.datatype) or nearest(tensor.datatype, DATATYPES)
        raise InvalidInput(f"input {tensor.name!r} has the datatype {tensor.datatype!r:.40}: {reason}")
    shape = tuple(tensor.shape)
    if not 1 <= len(shape) <= _MOST_AXES or any(length < 0 for length in shape):
        raise InvalidInput(f"input {tensor.name!r} should have 1 to {_MOST_AXES} axes of 0 or more, got {tensor.shape}")
    if shape[0] > most:
        raise InvalidInput(f"expected at most {most:,} rows in a request (api.rows), got {shape[0]:,}; send several")
    return kind, shape


def _binary_size(tensor: InputTensor, kind: np.dtype[Any], shape: tuple[int, ...]) -> int | None:
    """How many bytes of a tensor follow the JSON; None when its numbers are in it."""
    if "shared_memory_region" in tensor.parameters:
        raise InvalidInput(
            f"input {tensor.name!r} names shared memory, which this server does not open; send the numbers"
        )
    size = tensor.parameters.get("binary_data_size")
    if size is None:
        return None
    if tensor.data is not msgspec.UNSET:
        raise InvalidInput(f"input {tensor.name!r} has both data and binary_data_size; send one of them")
    expected = prod(shape) * kind.itemsize
    if size != expected or isinstance(size, bool):
        raise InvalidInput(
            f"input {tensor.name!r} of {tensor.datatype}{list(shape)} takes {expected} bytes, its binary_data_size is "
            f"{size!r:.40}"
        )
    return expected


def _from_json(tensor: InputTensor, kind: np.dtype[Any], shape: tuple[int, ...]) -> npt.NDArray[Any]:
    """The numbers of `data`, flat or nested like the shape; FP32 is left to the model to round, once."""
    if tensor.data is msgspec.UNSET:
        raise InvalidInput(f"input {tensor.name!r} has neither data nor binary_data_size; send one of them")
    what, said = f"data of input {tensor.name!r}", f"its shape says {list(shape)}"
    raw = memoryview(tensor.data)
    axes = _nesting(raw)
    count: int = prod(shape)
    if axes not in (1, len(shape)) and (count or not 0 < axes <= _MOST_AXES):
        raise InvalidInput(f"{what} should be a flat list, or nested like its shape {list(shape)}")
    numbers = decoded(_decoder(axes, kind.kind == "f"), raw, what=what)
    try:
        array = np.array(numbers, dtype=np.float64 if kind.kind == "f" else kind)
    except (ValueError, OverflowError) as error:
        raise InvalidInput(f"{what} should fill {tensor.datatype}{list(shape)}: {error}") from error
    if axes > 1 and array.shape != shape and array.size:
        raise InvalidInput(f"{what} is nested as {list(array.shape)}, {said}")
    if array.size != count:
        raise InvalidInput(f"{what} holds {array.size} numbers, {said}")
    return array.reshape(shape)


def _nesting(raw: memoryview) -> int:
    """How many lists a JSON text opens before its first value, five at most."""
    depth = 0
    for byte in bytes(raw[:64]):
        if byte == ord("["):
            depth += 1
        elif byte not in b" \t\r\n":
            break
    return min(depth, _MOST_AXES + 1)


@cache
def _decoder(axes: int, floats: bool) -> msgspec.json.Decoder[Any]:
    kind: Any = float | None if floats else int
    for _ in range(axes):
        kind = list[kind]
    return msgspec.json.Decoder(kind)
