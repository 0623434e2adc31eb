"""Messages as files in a folder, for one machine without a broker; a message is there whole or not at all.

Kombu's transport of this kind writes a message in place, where a reader may find half of it, and lists the folder for
every message it takes. Here a message is written aside and renamed, taking is one rename, and a listing serves until it
is used up.
"""

from __future__ import annotations

import json
import os
import time
import uuid
from collections import deque
from pathlib import Path
from queue import Empty
from typing import Any

from kombu.exceptions import ChannelError
from kombu.transport import filesystem

__all__ = ["Transport", "count_messages"]


LONGEST_WAIT = 0.5
SHORTEST_PAUSE, LONGEST_PAUSE = 0.002, 0.1


def _suffix(queue: str) -> str:
    return f".{queue}.msg"


def count_messages(folder: Path, queue: str) -> int:
    """How many messages wait in the folder for a queue."""
    try:
        return sum(entry.name.endswith(_suffix(queue)) for entry in os.scandir(folder))
    except FileNotFoundError:
        return 0


class Channel(filesystem.Channel):
    """A channel whose messages appear and vanish by renaming."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        parent: Any = super()
        parent.__init__(*arguments, **options)
        self._listed: dict[str, deque[str]] = {}

    def _put(self, queue: str, payload: Any, **_: Any) -> None:  # type: ignore[override] # kombu's own differ
        name = f"{time.time_ns():020d}-{uuid.uuid4().hex}"  # names sort by age
        folder = Path(self.data_folder_out)
        draft = folder / f"{name}.draft"
        try:
            draft.write_text(json.dumps(payload), encoding="utf-8")
            draft.rename(folder / f"{name}{_suffix(queue)}")
        except OSError as error:
            raise ChannelError(f"the message cannot be written to {folder}: {error}") from error

    def _get(self, queue: str, timeout: float | None = None) -> Any:  # noqa: ARG002 - the transport's signature
        folder = Path(self.data_folder_in)
        while name := self._next(folder, queue):
            taken = folder / f"{name}.taken-{os.getpid()}"
            try:
                (folder / name).rename(taken)
            except FileNotFoundError:  # another worker was quicker
                continue
            text = taken.read_text(encoding="utf-8")
            taken.unlink()
            try:
                return json.loads(text)
            except json.JSONDecodeError:  # damaged on disk; the job's row will be sent again
                continue
        raise Empty

    def _next(self, folder: Path, queue: str) -> str | None:
        listed = self._listed.setdefault(queue, deque())
        if not listed:
            listed.extend(sorted(entry.name for entry in os.scandir(folder) if entry.name.endswith(_suffix(queue))))
        return listed.popleft() if listed else None

    def _size(self, queue: str) -> int:
        return count_messages(Path(self.data_folder_in), queue)


class Transport(filesystem.Transport):
    """Kombu's transport over files with the channel above."""

    Channel = Channel
    driver_name = "augury-files"

    def __init__(self, client: Any, **options: Any) -> None:
        parent: Any = super()
        parent.__init__(client, **options)
        self._pause = SHORTEST_PAUSE

    def drain_events(self, connection: Any, timeout: Any = None, **_: Any) -> None:  # noqa: ARG002 - as kombu calls it
        """Deliver a message, or raise TimeoutError when none came.

        Looks again after the polling interval. It does not wait long at a time: a worker that is told to stop hears it
        in between. With no room for another message it waits less still, the longer the jobs take the more, since it is
        after this call that the worker acknowledges those that ended.
        """
        until = time.monotonic() + min(timeout or LONGEST_WAIT, LONGEST_WAIT)
        cycle: Any = self.cycle
        while True:
            try:
                cycle.get(self._deliver)
            except Empty:
                if not any(channel.qos.can_consume() for channel in self.channels if channel._consumers):
                    time.sleep(self._pause)
                    self._pause = min(1.5 * self._pause, LONGEST_PAUSE)
                    raise TimeoutError from None
                if time.monotonic() >= until:
                    raise TimeoutError from None
                time.sleep(self.polling_interval)
            else:
                self._pause = SHORTEST_PAUSE
                return
