"""What a client does, as steps without input or output: one description for the client that waits and its async twin.

A flow is a generator: it yields an Attempt (send this, give me the reply) or a Pause, and returns a value. `transport`
and `async_transport` walk a flow; everything else, retries among it, is written once.
"""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias, TypeVar

__all__ = ["Attempt", "Call", "Failure", "Flow", "Means", "Outcome", "Pause", "Reply"]

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request. `safe`: doing it twice is as doing it once, so that it may be tried again whatever became of it.

    `body` is bytes or a file that is read while it is sent; `into` is a file that takes the body of the reply, anew at
    each attempt. `read_seconds` and `deadline_seconds` stand in for those of the client.
    """

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes | Path | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    safe: bool = True
    into: Path | None = None
    read_seconds: float | None = None
    deadline_seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """Send a call; all of it, the reply's last byte included, should be over in so many seconds."""

    call: Call
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """Wait."""

    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came back; names of headers are in small letters. `body` is empty when a file took it."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """No whole reply came. `sent` is False when the request cannot have reached the platform."""

    reason: str
    sent: bool


Outcome: TypeAlias = Reply | Failure | None
Flow: TypeAlias = Generator[Attempt | Pause, Outcome, Value]


def _new_id() -> str:
    return uuid.uuid4().hex


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """Clock, sleep, chance and ids, so that tests move time instead of waiting."""

    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    random: Callable[[], float] = random.random
    new_id: Callable[[], str] = _new_id
