"""What is told about sessions and about the store."""

from __future__ import annotations

from typing import Any

import msgspec

__all__ = ["SessionFacts", "SessionLine", "SessionPage", "StreamHealth"]


class SessionLine(msgspec.Struct, frozen=True, kw_only=True):
    """A session in a list; `created_at_ns` int64 ns UTC, `updates` may be as old as the last save."""

    id: str
    name: str
    kind: str
    model: str | None
    created_at_ns: int
    updates: int


class SessionFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One session: its options, the version that predicts, how far it is, its last answer.

    `shared`: used through several processes, so that each update goes through Redis.
    """

    id: str
    created_at_ns: int
    model: str | None
    updates: int
    last_at_ns: int | None
    shared: bool
    spec: dict[str, Any]
    last: msgspec.Raw | None


class SessionPage(msgspec.Struct, frozen=True, kw_only=True):
    """Some sessions by id; `next` is the cursor of those after, none at the end."""

    sessions: tuple[SessionLine, ...]
    next: str | None


class StreamHealth(msgspec.Struct, frozen=True, kw_only=True):
    """How the sessions of this process are.

    `redis` is "off", "up" or "away", `problem` why. `unsaved` sessions have answers that Redis does not have.
    `superseded` sessions were dropped here because another process had gone on with them while Redis was away.
    """

    open: int
    limit: int
    readers: int
    redis: str
    problem: str
    unsaved: int
    superseded: int
