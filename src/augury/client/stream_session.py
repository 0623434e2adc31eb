"""A session of a running platform over values that come one by one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Self

from augury.client.async_transport import AsyncTransport
from augury.client.flows import Flows
from augury.client.questions import windows
from augury.client.records import StreamUpdate
from augury.client.stream_flows import Value, close_session, send_update, send_updates, show_session, value_of
from augury.client.transport import Transport

__all__ = ["AsyncStreamSession", "StreamSession"]


class StreamSession:
    """An open session; leaving its `with` closes it. `opened` is what the platform said when it was opened."""

    def __init__(self, flows: Flows, transport: Transport, opened: Mapping[str, Any]) -> None:
        self._flows, self._transport = flows, transport
        self.opened = dict(opened)
        self.id = str(opened.get("id", opened.get("session", "")))

    def __repr__(self) -> str:
        return f"StreamSession({self.id!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def update(self, value: Value, at_ns: int | None = None) -> StreamUpdate:
        """Give the next value (a number, or a bar by its columns) and when it was; what the session makes of it."""
        return self._transport.walk(send_update(self._flows, self.id, value_of(value, at_ns)))

    def updates(self, values: Iterable[Value], *, window: int = 256) -> Iterator[StreamUpdate]:
        """Give many, each a number or its parts by name, a window of them in flight at a time."""
        for held in windows(values, window):
            yield from self._transport.walk(send_updates(self._flows, self.id, held))

    def show(self) -> dict[str, Any]:
        """What the session is and how it stands."""
        return self._transport.walk(show_session(self._flows, self.id))

    def close(self) -> None:
        """Close the session; the platform forgets it."""
        self._transport.walk(close_session(self._flows, self.id))


class AsyncStreamSession:
    """The twin of StreamSession for an event loop."""

    def __init__(self, flows: Flows, transport: AsyncTransport, opened: Mapping[str, Any]) -> None:
        self._flows, self._transport = flows, transport
        self.opened = dict(opened)
        self.id = str(opened.get("id", opened.get("session", "")))

    def __repr__(self) -> str:
        return f"AsyncStreamSession({self.id!r})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def update(self, value: Value, at_ns: int | None = None) -> StreamUpdate:
        """Give the next value (a number, or a bar by its columns) and when it was; what the session makes of it."""
        return await self._transport.walk(send_update(self._flows, self.id, value_of(value, at_ns)))

    async def updates(self, values: Iterable[Value]) -> tuple[StreamUpdate, ...]:
        """Give many in one request, each a number or its parts by name."""
        return await self._transport.walk(send_updates(self._flows, self.id, values))

    async def show(self) -> dict[str, Any]:
        """What the session is and how it stands."""
        return await self._transport.walk(show_session(self._flows, self.id))

    async def close(self) -> None:
        """Close the session; the platform forgets it."""
        await self._transport.walk(close_session(self._flows, self.id))
