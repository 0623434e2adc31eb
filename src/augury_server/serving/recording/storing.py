"""Records into the database, whatever one of them is like: a bad one is found by halving and put aside."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from django.db import DataError, IntegrityError

from augury.errors import InvalidInput
from augury_server.predictions.recording import PredictionRecord
from augury_server.serving.recording.counters import Counters
from augury_server.serving.recording.put_aside import Aside, AsideFile

__all__ = ["BATCH", "Store", "Write", "gently", "write_all"]

Write = Callable[[Iterable[PredictionRecord]], int]
T = TypeVar("T")

BATCH = 5_000
_AT_A_TIME, _PAUSE_SECONDS = 64, 5e-5
_FAULTS = (InvalidInput, IntegrityError, DataError, ValueError, TypeError, OverflowError)
"""What is wrong with a record. Anything else is wrong with the database, and another attempt may go well."""


class Store:
    """The database and, for what it will not have, the file of put-aside records."""

    def __init__(self, write: Write, aside: AsideFile, counters: Counters) -> None:
        self._write, self._aside, self._counters = write, aside, counters

    def put(self, records: Sequence[PredictionRecord], aside: Sequence[Aside] = ()) -> int:
        """Store records, each once, and put aside what cannot be; returns how many the database has.

        `aside`: what is known already to be no record. Raises what the database raises when it is away, OSError when
        nothing can be put aside; send all of it again then.
        """
        refused = list(aside)
        for first in range(0, len(records), BATCH):
            refused += write_all(records[first : first + BATCH], self._write)
        self._aside.put(refused)
        stored = len(records) + len(aside) - len(refused)
        self._counters.add(recorded=stored)
        return stored


def write_all(records: Sequence[PredictionRecord], write: Write) -> list[Aside]:
    """Write records, each once; returns those that the database will not have.

    Raises what `write` raises of its own state (Unavailable, Misconfigured, ...); some may be written then.
    """
    if not records:
        return []
    try:
        write(gently(records))
    except _FAULTS as error:
        if len(records) == 1:
            return [Aside(reason=f"{type(error).__name__}: {error}".strip().partition("\n")[0], what=records[0])]
        half = len(records) // 2
        return [*write_all(records[:half], write), *write_all(records[half:], write)]
    return []


def gently(items: Iterable[T]) -> Iterator[T]:
    """The items, with a pause now and then in which threads that answer requests get the interpreter at once."""
    for number, item in enumerate(items, 1):
        yield item
        if number % _AT_A_TIME == 0:
            time.sleep(_PAUSE_SECONDS)
