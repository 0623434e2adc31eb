"""A session as bytes: a mark, the version of the form, a checksum, MessagePack."""

from __future__ import annotations

import struct
import zlib
from typing import Any

import msgspec

from augury.errors import InvalidInput

__all__ = ["Saved", "pack", "unpack"]

_MARK, _VERSION = b"AUST", 1
_HEADER = struct.Struct("<4sHI")


class Saved(msgspec.Struct, frozen=True, array_like=True, kw_only=True, forbid_unknown_fields=True):
    """All that a session is made again from; `kept` are the last answers, id and JSON."""

    spec: dict[str, Any]
    model: str | None
    updates: int
    last_at_ns: int | None
    windows: bytes
    change: tuple[float | None, ...] | None
    forecaster: bytes | None
    kept: tuple[tuple[int, bytes], ...]


_decoder = msgspec.msgpack.Decoder(Saved)


def pack(saved: Saved) -> bytes:
    """The bytes of a state."""
    body = msgspec.msgpack.encode(saved)
    return _HEADER.pack(_MARK, _VERSION, zlib.crc32(body)) + body


def unpack(snapshot: bytes) -> Saved:
    """The state in these bytes; InvalidInput when they are damaged, of another version or something else."""
    if len(snapshot) < _HEADER.size or not snapshot.startswith(_MARK):
        raise InvalidInput("these bytes are no snapshot of a session; open a new session and send the values again")
    _, version, checksum = _HEADER.unpack_from(snapshot)
    if version != _VERSION:
        raise InvalidInput(f"this snapshot has form {version}, this Augury reads form {_VERSION}; open a new session")
    body = snapshot[_HEADER.size :]
    if zlib.crc32(body) != checksum:
        raise InvalidInput("this snapshot is damaged (its checksum differs); open a new session")
    try:
        return _decoder.decode(body)
    except msgspec.MsgspecError as error:
        raise InvalidInput(f"this snapshot is not whole ({error}); open a new session") from error
