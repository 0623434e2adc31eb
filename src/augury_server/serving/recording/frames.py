"""Frames: payloads in a file, each with its length and checksum, found again around whatever is damaged."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from zlib import crc32

__all__ = ["LARGEST", "Scan", "frame", "scan"]

LARGEST = 1 << 20
"""Most bytes of a payload; a length above is damage."""
_MARK = b"\xf5\xf6AF"  # 0xf5 and 0xf6 are in no UTF-8 text
_HEAD = struct.Struct("<4sII")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """What a stretch of bytes holds: whole payloads in their order, damaged spans between them, a torn tail.

    `damaged` holds (start, end) offsets. `torn` counts the bytes after the last frame that do not make one: what a
    process that was killed while it wrote leaves.
    """

    payloads: tuple[bytes, ...]
    damaged: tuple[tuple[int, int], ...]
    torn: int


def frame(payload: bytes) -> bytes:
    """The payload with its head. At most `LARGEST` bytes."""
    size = len(payload)
    return _HEAD.pack(_MARK, size, crc32(payload, size)) + payload


def scan(data: bytes) -> Scan:
    """Read frames one after the other. After damage it goes on at the next place where a whole frame begins."""
    payloads: list[bytes] = []
    damaged: list[tuple[int, int]] = []
    at = 0
    while at < len(data):
        end = _end_of_frame(data, at)
        if end:
            payloads.append(data[at + _HEAD.size : end])
        else:
            end = _next_frame(data, at + 1) or _claimed_end(data, at)
            if not end:
                break
            damaged.append((at, end))
        at = end
    return Scan(payloads=tuple(payloads), damaged=tuple(damaged), torn=len(data) - at)


def _end_of_frame(data: bytes, at: int) -> int:
    """Where the frame that begins at `at` ends; 0 when none does."""
    begin = at + _HEAD.size
    if begin > len(data):
        return 0
    mark, size, checksum = _HEAD.unpack_from(data, at)
    end = begin + int(size)
    if mark != _MARK or size > LARGEST or end > len(data):
        return 0
    return end if crc32(memoryview(data)[begin:end], size) == checksum else 0


def _next_frame(data: bytes, at: int) -> int:
    """Where the next whole frame begins; 0 when none follows."""
    while (at := data.find(_MARK, at)) >= 0:
        if _end_of_frame(data, at):
            return at
        at += 1
    return 0


def _claimed_end(data: bytes, at: int) -> int:
    """The end of the data when a frame that is whole by its length, but not by its checksum, ends there; else 0."""
    begin = at + _HEAD.size
    if begin > len(data):
        return 0
    mark, size, _ = _HEAD.unpack_from(data, at)
    return len(data) if mark == _MARK and begin + int(size) == len(data) else 0
