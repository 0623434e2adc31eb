"""A record as bytes: its fields in their order, without their names."""

from __future__ import annotations

from typing import Any

import msgspec

from augury.errors import InvalidInput
from augury_server.predictions.recording import PredictionRecord
from augury_server.serving.recording.frames import LARGEST

__all__ = ["FORMAT", "decode_record", "encode_record"]

FORMAT = b"augury predictions 1\n"
"""What a file of records begins with. A field added at the end of the record, with a default, needs no other number."""


def _plain(value: Any) -> Any:
    """A number of NumPy as one of Python."""
    if hasattr(value, "item"):
        return value.item()
    raise TypeError(f"a value of type {type(value).__name__}")


_encode = msgspec.msgpack.Encoder(uuid_format="bytes", enc_hook=_plain).encode
_decode = msgspec.msgpack.Decoder(PredictionRecord).decode


def encode_record(record: PredictionRecord) -> bytes:
    """The record as bytes. Raises InvalidInput for one that has none: text that is no Unicode, a number too large."""
    try:
        payload = _encode(record)
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidInput(f"prediction {record.id} cannot be kept on disk: {error}") from error
    if len(payload) > LARGEST:
        raise InvalidInput(f"prediction {record.id} has {len(payload):,} bytes; at most {LARGEST:,} are kept")
    return payload


def decode_record(payload: bytes) -> PredictionRecord:
    """The record of `encode_record`; its time comes back in UTC. Raises InvalidInput when the bytes are none."""
    try:
        return _decode(payload)
    except (msgspec.DecodeError, ValueError) as error:
        raise InvalidInput(f"these {len(payload)} bytes are no prediction: {error}") from error
