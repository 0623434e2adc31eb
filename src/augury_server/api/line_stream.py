"""Lines in, lines out, at the pace of whoever is slower: NDJSON over one request, answered while it still arrives."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeAlias

import msgspec

from augury.errors import AuguryError, InvalidInput
from augury_server.api.call import Receive, Scope, Send
from augury_server.api.compressed_bodies import expect_plain
from augury_server.api.problems import ProblemError, problem_of
from augury_server.api.standing import Standing

__all__ = ["NDJSON", "LineAnswer", "answer_lines", "answering", "error_line"]

LineAnswer: TypeAlias = Callable[[int, bytes | None], Awaitable[bytes]]
"""The answer to the line of that number, counted from 1, without its end; None stands for one that is too long."""

NDJSON = "application/x-ndjson"

_AT_ONCE = 64
"""Lines that are answered together; the next ones are read when their answers are on their way."""


async def answer_lines(scope: Scope, receive: Receive, send: Send, answer: LineAnswer, *, longest: int) -> None:
    """Answer the lines of a request's body, in order, each as soon as it is there; empty lines have no answer.

    Back-pressure: nothing more is read from the client until the answers so far are taken by its connection. A line of
    more than `longest` bytes is answered as such and skipped, so that memory is bounded. Each line takes a token of the
    key's limit. A compressed body is refused with status 415. Returns when the body ends, when the client goes, and
    after a line that says why no more is answered: the key holds no longer, its limit is reached, nothing came for five
    minutes.
    """
    expect_plain(scope)
    scope["augury"].take_lines()
    standing = Standing(scope)
    headers = [(b"content-type", NDJSON.encode()), (b"cache-control", b"no-store"), (b"x-accel-buffering", b"no")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    last = b""
    try:
        async for lines in _batches(receive, longest):
            admitted, problem = standing.admit(len(lines))
            if admitted == 1:
                answers = [await answer(*lines[0])]
            else:
                answers = list(await asyncio.gather(*(answer(number, line) for number, line in lines[:admitted])))
            body = b"".join(one + b"\n" for one in answers)
            if problem is not None:
                last = body + error_line(problem, lines[admitted][0]) + b"\n"
                break
            await send({"type": "http.response.body", "body": body, "more_body": True})
    except ProblemError as error:  # of the body: too slow
        last = error_line(error) + b"\n"
    await send({"type": "http.response.body", "body": last, "more_body": False})


def answering(work: Callable[[bytes], Awaitable[bytes]], *, longest: int) -> LineAnswer:
    """What `work` gives for each line; the problem of a line that it refuses, and of one that is too long."""

    async def answer(number: int, line: bytes | None) -> bytes:
        try:
            if line is None:
                raise InvalidInput(f"a line should have at most {longest:,} bytes; this one was skipped")
            return await work(line)
        except AuguryError as error:
            return error_line(error, number)

    return answer


def error_line(error: AuguryError, number: int | None = None) -> bytes:
    """What is wrong with one of many: its problem, with the number of its line."""
    problem = problem_of(error)
    kind = problem.kind
    told = {"type": kind.urn, "title": kind.title, "status": kind.status, "detail": problem.detail, **problem.more}
    return msgspec.json.encode({"error": told} if number is None else {"line": number, "error": told})


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
