"""What went wrong in code that is the user's own, told by the line of theirs where it happened."""

from __future__ import annotations

import inspect
import linecache
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

__all__ = ["failure_in_file", "failure_of"]

_LONGEST = 300


def failure_of(error: BaseException, function: Callable[..., Any]) -> str:
    """The error with the last line of the function's own file that it passed through."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    return failure_in_file(error, getattr(code, "co_filename", ""))


def failure_in_file(error: BaseException, path: str) -> str:
    """The error with the last line of that file that it passed through, where it did."""
    message = " ".join(f"{type(error).__name__}: {_words_of(error)}".split())[:_LONGEST]
    line = _line_in(error, path)
    if line is None:
        return message
    linecache.checkcache(path)  # the file may have been written anew since it was last shown
    shown = linecache.getline(path, line).strip()[:_LONGEST]
    return f"{message} ({Path(path).name}, line {line}{f': {shown}' if shown else ''})"


def _words_of(error: BaseException) -> str:
    """What the error says; its own text may fail too, and that of a syntax error names the line once more."""
    try:
        return str(error.msg if isinstance(error, SyntaxError) and not isinstance(error, ImportError) else error)
    except Exception:  # noqa: BLE001  it is the user's own code that runs here
        return "it says nothing that could be shown"


def _line_in(error: BaseException, path: str) -> int | None:
    if isinstance(error, SyntaxError) and error.filename == path:
        return error.lineno
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == path]
    return lines[-1] if lines else None
