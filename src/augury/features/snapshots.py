"""Sealed snapshots: a stream's state as bytes that only a stream of the same feature and options will open."""

from __future__ import annotations

import hashlib

from augury.errors import InvalidInput

__all__ = ["seal", "unseal"]


def seal(identity: str, body: bytes) -> bytes:
    """Prefix `body` with its owner's identity (a Feature's id) and a SHA-256 checksum."""
    return _header(identity) + hashlib.sha256(body).digest() + body


def unseal(identity: str, snapshot: bytes) -> bytes:
    """The body of a snapshot sealed by the same identity.

    Raises InvalidInput when the snapshot belongs to another feature, other options or is damaged.

    >>> unseal("sma@1", seal("sma@1", b"state"))
    b'state'
    """
    header = _header(identity)
    if not snapshot.startswith(header):
        raise InvalidInput(
            f"this snapshot was not taken from {identity}; restore it into a stream of the feature "
            "and options that made it"
        )
    body = snapshot[len(header) + 32 :]
    if hashlib.sha256(body).digest() != snapshot[len(header) : len(header) + 32]:
        raise InvalidInput("the snapshot is damaged (its checksum differs); take a new one or replay the bars")
    return body


def _header(identity: str) -> bytes:
    return f"augury-stream 1 {identity}\n".encode()
