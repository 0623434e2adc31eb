"""The saved state of a signal stream: a checksummed, versioned record that holds no code."""

from __future__ import annotations

import hashlib

import msgspec

from augury.errors import InvalidInput

__all__ = [
    "StreamSnapshot",
    "TickerSnapshot",
    "decode_snapshot",
    "encode_snapshot",
]

_HEADER = b"augury-signal-stream 1\n"
_DIGEST = 32


class TickerSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """What the stream remembers of one ticker."""

    technical: list[bytes]
    closes: list[float]
    recent: list[bytes]
    fingerprint: bytes
    bars: int
    opened_at: int | None
    shortest_ns: int | None
    price_model: bytes = b""


class StreamSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """What the stream remembers of everything."""

    spec: str
    model: str | None
    now_ns: int | None
    any_news: bool
    sentiment: bytes
    news_fingerprint: bytes
    pending: list[tuple[int, str, str, list[float]]]
    tickers: dict[str, TickerSnapshot]
    price_model: str | None = None


def encode_snapshot(snapshot: StreamSnapshot) -> bytes:
    """Bytes with a header and a SHA-256 checksum."""
    body = msgspec.msgpack.encode(snapshot)
    return _HEADER + hashlib.sha256(body).digest() + body


def decode_snapshot(data: bytes) -> StreamSnapshot:
    """The record; raises InvalidInput for anything that is not an undamaged snapshot of this version."""
    if not data.startswith(_HEADER):
        raise InvalidInput("these bytes are no snapshot of a signal stream (or of another version); replay the events")
    digest, body = data[len(_HEADER) : len(_HEADER) + _DIGEST], data[len(_HEADER) + _DIGEST :]
    if hashlib.sha256(body).digest() != digest:
        raise InvalidInput("the snapshot is damaged (its checksum differs); use an older one or replay the events")
    return msgspec.msgpack.decode(body, type=StreamSnapshot)
