"""Records that can never be stored, kept for people: one line of JSON each, with the reason."""

from __future__ import annotations

import base64
import fcntl
import json
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from augury_server.predictions.recording import PredictionRecord
from augury_server.serving.recording.counters import Counters
from augury_server.telemetry.logs import get_log

__all__ = ["Aside", "AsideFile"]

log = get_log(__name__)

_MOST_BYTES = 64 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Aside:
    """A record, or the bytes of what should have been one, and why it cannot be stored."""

    reason: str
    what: PredictionRecord | bytes


class AsideFile:
    """The file `put_aside.jsonl` of a folder, which several processes may append to.

    Once it has 64 MB, what would be put aside is only counted and logged. A process that is killed after it put a
    record aside may put it there again.
    """

    def __init__(
        self, folder: Path, counters: Counters, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.path = folder / "put_aside.jsonl"
        self._counters, self._now = counters, now

    def put(self, entries: Iterable[Aside]) -> None:
        """Append, and tell the log. Raises OSError when the disk is full; nothing was put aside then."""
        entries = list(entries)
        if not entries:
            return
        at = self._now().isoformat()
        data = "".join(json.dumps({"at": at, **_told(one)}, default=str) + "\n" for one in entries).encode()
        kept = self._append(data)
        self._counters.add(put_aside=len(entries))
        log.error(
            "predictions that cannot be stored were put aside" if kept else "predictions cannot be stored",
            records=len(entries), file=str(self.path), reason=entries[0].reason,
        )  # fmt: skip

    def _append(self, data: bytes) -> bool:
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            size = os.fstat(descriptor).st_size
            if size > _MOST_BYTES:
                return False
            try:
                rest = memoryview(data)
                while rest:
                    rest = rest[os.write(descriptor, rest) :]
                os.fsync(descriptor)
            except OSError:
                os.ftruncate(descriptor, size)
                raise
        finally:
            os.close(descriptor)
        return True


def _told(one: Aside) -> dict[str, object]:
    if isinstance(one.what, bytes):
        return {"reason": one.reason, "bytes": base64.b64encode(one.what).decode()}
    return {"reason": one.reason, "record": msgspec.structs.asdict(one.what)}
