"""Requests over HTTP on an event loop: the twin of `transport`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from augury.client.address import Address
from augury.client.retrying import Timeouts
from augury.client.steps import Attempt, Failure, Flow, Outcome, Pause, Reply
from augury.client.transport import (
    LARGEST_REPLY,
    TooLong,
    failure_of,
    reply_of,
    request_headers,
    session_options,
    timeout_of,
)
from augury.extras import require

if TYPE_CHECKING:
    import httpx

__all__ = ["AsyncTransport"]

Value = TypeVar("Value")

_PIECE = 256 * 1024


class AsyncTransport:
    """Walks flows without holding up the event loop."""

    def __init__(self, address: Address, timeouts: Timeouts) -> None:
        self._address, self._timeouts = address, timeouts
        self._session: httpx.AsyncClient = require("httpx", extra="client").AsyncClient(
            **session_options(address, timeouts)
        )

    async def walk(self, flow: Flow[Value]) -> Value:
        """Everything that a flow asks for, until it returns its value or raises."""
        outcome: Outcome = None
        while True:
            try:
                step = flow.send(outcome)
            except StopIteration as end:
                value: Value = end.value
                return value
            if isinstance(step, Pause):
                await asyncio.sleep(step.seconds)
                outcome = None
            else:
                outcome = await self._attempt(step)

    async def close(self) -> None:
        """Close the connections."""
        await self._session.aclose()

    async def _attempt(self, attempt: Attempt) -> Reply | Failure:
        import httpx

        call = attempt.call
        content = _pieces(call.body) if isinstance(call.body, Path) else call.body
        try:
            async with asyncio.timeout(attempt.seconds), self._session.stream(
                call.method, call.path, params=dict(call.query) or None, content=content,
                headers=request_headers(call), timeout=timeout_of(attempt, self._timeouts),
            ) as response:  # fmt: skip
                if call.into is not None and response.status_code < 300:
                    return await self._into_file(response, call.into)
                return reply_of(response, await self._whole(response), self._address)
        except TimeoutError:
            return Failure(reason=f"the answer was not whole in time ({self._address.url})", sent=True)
        except (httpx.TransportError, httpx.DecodingError, TooLong) as error:
            return failure_of(error, self._address)

    async def _whole(self, response: httpx.Response) -> bytes:
        body = bytearray()
        async for piece in response.aiter_bytes():
            body += piece
            if len(body) > LARGEST_REPLY:
                raise TooLong(f"a reply of more than {LARGEST_REPLY:,} bytes")
        return bytes(body)

    async def _into_file(self, response: httpx.Response, into: Path) -> Reply:
        with await asyncio.to_thread(into.open, "wb") as file:
            async for piece in response.aiter_bytes(_PIECE):
                await asyncio.to_thread(file.write, piece)
        return reply_of(response, b"", self._address)


async def _pieces(path: Path) -> AsyncIterator[bytes]:
    with await asyncio.to_thread(path.open, "rb") as file:
        while piece := await asyncio.to_thread(file.read, _PIECE):
            yield piece
