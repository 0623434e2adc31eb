"""An entry as bytes, the same in every tier: header and payload, sealed with a checksum over them and the key."""

from __future__ import annotations

import hashlib

import msgspec
import zstandard

__all__ = ["DamagedEntry", "Header", "open_sealed", "seal"]

_MAGIC = b"AGC1"
_DIGEST_BYTES = 16
_START = len(_MAGIC) + _DIGEST_BYTES + 4
_LEVEL = 3


class DamagedEntry(Exception):
    """These bytes are not what was stored under this key."""


class Header(msgspec.Struct, array_like=True, frozen=True):
    """What must be known of an entry to judge it.

    `computed_at` is when its computation began and `expires_at` when it ends to be valid (seconds since 1970, UTC);
    `fence` is the number of invalidations of the count `lineage` that had happened then; `cost_seconds` what it took;
    `size` the bytes of the payload before compression.
    """

    computed_at: float
    expires_at: float
    lineage: str
    fence: int
    tags: tuple[str, ...]
    cost_seconds: float
    size: int
    compressed: bool = False


_headers = msgspec.msgpack.Decoder(Header)


def seal(key: str, header: Header, payload: bytes, compress_above: int) -> bytes:
    """The entry as bytes; a payload of more than `compress_above` bytes is compressed where that makes it smaller."""
    if len(payload) > compress_above:
        smaller = zstandard.ZstdCompressor(level=_LEVEL).compress(payload)
        if len(smaller) < len(payload):
            payload, header = smaller, msgspec.structs.replace(header, compressed=True)
    head = msgspec.msgpack.encode(header)
    return b"".join((_MAGIC, _digest(key, head, payload), len(head).to_bytes(4, "big"), head, payload))


def open_sealed(key: str, sealed: bytes) -> tuple[Header, bytes]:
    """Header and payload. Raises DamagedEntry when a single bit differs or it was stored under another key."""
    head_end = _START + int.from_bytes(sealed[_START - 4 : _START], "big")
    if len(sealed) < _START or sealed[:4] != _MAGIC or head_end > len(sealed):
        raise DamagedEntry("not an entry, or cut off")
    head, payload = sealed[_START:head_end], sealed[head_end:]
    if _digest(key, head, payload) != sealed[len(_MAGIC) : len(_MAGIC) + _DIGEST_BYTES]:
        raise DamagedEntry("the checksum is another one")
    try:
        header = _headers.decode(head)
        if header.compressed:
            payload = zstandard.ZstdDecompressor().decompress(payload, max_output_size=header.size)
    except (msgspec.DecodeError, UnicodeDecodeError, zstandard.ZstdError) as error:
        raise DamagedEntry(str(error)) from error
    return header, payload


def _digest(key: str, head: bytes, payload: bytes) -> bytes:
    digest = hashlib.blake2b(key.encode(), digest_size=_DIGEST_BYTES)
    digest.update(len(head).to_bytes(4, "big"))
    digest.update(head)
    digest.update(payload)
    return digest.digest()
