"""One computation for all threads of a process: the first flies, the others wait for what it brings."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager

from augury.errors import InvalidInput

__all__ = ["Flight", "Flights"]


class Flight:
    """A computation under way: `payload` is what it brought, `error` what it raised."""

    __slots__ = ("began_at", "error", "landed", "payload", "pilot", "what")

    def __init__(self, what: Hashable, began_at: float) -> None:
        self.what, self.began_at, self.pilot, self.landed = what, began_at, threading.get_ident(), threading.Event()
        self.payload: bytes | None = None
        self.error: Exception | None = None

    def wait(self, seconds: float) -> bytes | None:
        """What the flight brought; None when it took too long or was broken off. Raises what the computation raised.

        Raises InvalidInput in the thread that computes: it would wait for itself.
        """
        if self.pilot == threading.get_ident():
            raise InvalidInput("a computation asked the cache for its own key; it would wait for itself")
        self.landed.wait(seconds)
        if self.error is not None:
            raise self.error
        return self.payload


class Flights:
    """The flights of this process; `ticks` is a monotonic clock."""

    def __init__(self, ticks: Callable[[], float]) -> None:
        self._ticks = ticks
        self._lock = threading.Lock()
        self._flying: dict[Hashable, Flight] = {}

    def join(self, what: Hashable) -> tuple[Flight, bool]:
        """The flight for `what`, and whether the caller is the first and must fly it."""
        with self._lock:
            flight = self._flying.get(what)
            if flight is not None:
                return flight, False
            flight = self._flying[what] = Flight(what, self._ticks())
            return flight, True

    @contextmanager
    def flown(self, flight: Flight) -> Iterator[None]:
        """Fly it: at the end those who wait get its payload or its error, and the next caller flies anew."""
        try:
            yield
        except Exception as error:
            flight.error = error
            raise
        finally:
            with self._lock:
                self._flying.pop(flight.what, None)
            flight.landed.set()
