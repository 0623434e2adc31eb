"""Warnings of code that runs a thousand times, each told once."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from augury.cli.wording import printable

__all__ = ["warned_once"]


@contextmanager
def warned_once() -> Iterator[None]:
    """Tell every warning once, in one line on standard error, however often the same line of code gives it."""
    told: set[tuple[str, str, int]] = set()

    def show(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,  # noqa: ARG001
    ) -> None:
        place = (category.__name__, filename, lineno)
        if place not in told:
            told.add(place)
            text = " ".join(str(message).split())
            print(printable(f"{filename}:{lineno}: {category.__name__}: {text}"), file=file or sys.stderr)

    before = warnings.showwarning
    warnings.showwarning = show
    try:
        yield
    finally:
        warnings.showwarning = before
