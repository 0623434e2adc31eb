"""The Open Inference Protocol's messages, version 2, as typed records."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from augury.errors import InvalidInput
from augury_server.api.json_bodies import decoded

__all__ = [
    "InferBody",
    "InferReply",
    "InputTensor",
    "OutputTensor",
    "RequestedOutput",
    "read_infer",
    "split_body",
]


class InputTensor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A named tensor: numbers in `data`, flat or nested, in row-major order, or bytes after the JSON."""

    name: str
    shape: list[int]
    datatype: str
    parameters: dict[str, Any] = {}
    data: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


class RequestedOutput(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A named output that the client wants; `binary_data` among its parameters says how."""

    name: str
    parameters: dict[str, Any] = {}


class InferBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A request for inference; without `outputs`, all of them are wanted."""

    inputs: list[InputTensor]
    id: str = ""
    parameters: dict[str, Any] = {}
    outputs: list[RequestedOutput] = []


class OutputTensor(msgspec.Struct, frozen=True, omit_defaults=True):
    """A tensor of the answer; its numbers are in `data`, or follow the JSON as `binary_data_size` bytes."""

    name: str
    shape: list[int]
    datatype: str
    parameters: dict[str, Any] = {}
    data: list[Any] | msgspec.UnsetType = msgspec.UNSET


class InferReply(msgspec.Struct, frozen=True, omit_defaults=True):
    """The answer to a request for inference."""

    model_name: str
    model_version: str
    outputs: list[OutputTensor]
    id: str = ""
    parameters: dict[str, Any] = {}


_LENGTH = re.compile("[0-9]{1,15}")
_decoder = msgspec.json.Decoder(InferBody)


def read_infer(header: bytes | memoryview) -> InferBody:
    """The request that the JSON part of a body holds; raises as `decoded`."""
    return decoded(_decoder, header, what="the inference request")


def split_body(body: bytes, header_length: str | None) -> tuple[memoryview, memoryview]:
    """The JSON part of a body and the bytes after it, as the header Inference-Header-Content-Length parts them."""
    whole = memoryview(body)
    if header_length is None:
        return whole, whole[len(whole) :]
    length = (
        int(header_length) if header_length.isascii() and header_length.isdigit() and len(header_length) < 19 else -1
    )
    if not 0 < length <= len(whole):
        raise InvalidInput(
            "Inference-Header-Content-Length should be the length of the JSON in bytes, from 1 to that of the body, "
            f"{len(whole)}; got {header_length!r:.40}"
        )
    return whole[:length], whole[length:]
