"""Lines in, lines out, at the pace of whoever is slower: NDJSON over one request, answered while it still arrives."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeAlias

from augury_server.api.call import Receive, Send

__all__ = ["NDJSON", "LineAnswer", "answer_lines"]

LineAnswer: TypeAlias = Callable[[int, bytes | None], Awaitable[bytes]]
"""The answer to the line of that number, counted from 1, without its end; None stands for one that is too long."""

NDJSON = "application/x-ndjson"

_AT_ONCE = 64
"""Lines that are answered together; the next ones are read when their answers are on their way."""


async def answer_lines(receive: Receive, send: Send, answer: LineAnswer, *, longest: int) -> None:
    """Answer the lines of a request's body, in order, each as soon as it is there; empty lines have no answer.

    Back-pressure: nothing more is read from the client until the answers so far are taken by its connection. A line of
    more than `longest` bytes is answered as such and skipped, so that memory is bounded. Returns when the body ends or
    the client goes.
    """
    headers = [(b"content-type", NDJSON.encode()), (b"cache-control", b"no-store"), (b"x-accel-buffering", b"no")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    async for lines in _batches(receive, longest):
        if len(lines) == 1:
            answers = [await answer(*lines[0])]
        else:
            answers = list(await asyncio.gather(*(answer(number, line) for number, line in lines)))
        await send({"type": "http.response.body", "body": b"".join(one + b"\n" for one in answers), "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _batches(receive: Receive, longest: int) -> AsyncIterator[list[tuple[int, bytes | None]]]:
    """Complete lines with their numbers as they come, at most `_AT_ONCE` together."""
    found: list[tuple[int, bytes | None]] = []
    async for line in _lines(receive, longest):
        if line is not None:
            found.append(line)
        if found and (line is None or len(found) == _AT_ONCE):
            yield found
            found = []
    if found:
        yield found


async def _lines(receive: Receive, longest: int) -> AsyncIterator[tuple[int, bytes | None] | None]:
    """Lines that are not empty, with their numbers; None where what has arrived so far is used up."""
    rest, number, skipping = b"", 0, False
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        *whole, rest = (rest + message.get("body", b"")).split(b"\n")
        if not message.get("more_body", False):
            whole.append(rest)
            rest = b""
        for line in whole:
            number += 1
            if skipping:
                skipping = False
            elif len(line) > longest:
                yield number, None
            elif not line.isspace() and line:
                yield number, line
        if len(rest) > longest and not skipping:
            skipping = True
            yield number + 1, None
        if skipping:
            rest = b""
        yield None
        if not message.get("more_body", False):
            return
