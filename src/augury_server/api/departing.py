"""Told to stop: long answers end by themselves, before the server waits for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["Departing", "departing"]


class Departing:
    """Whether this process was told to stop, and what should then be done at once."""

    def __init__(self) -> None:
        self.begun = False
        self._calls: list[Callable[[], None]] = []

    def begin(self) -> None:
        """The server stops: do what was asked for, once."""
        if not self.begun:
            self.begun = True
            for call in self._calls:
                call()

    @contextmanager
    def calling(self, call: Callable[[], None]) -> Iterator[None]:
        """While this lasts, `call` is done when the server stops; a server that starts has not been told to stop."""
        self.begun = False
        self._calls.append(call)
        try:
            yield
        finally:
            self._calls.remove(call)


departing = Departing()
