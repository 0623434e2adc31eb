"""Putting a page on disk: whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from augury.errors import InvalidInput, NotFound
from augury.report.model_page import model_page_html
from augury.report.model_story import ModelStory
from augury.report.page import page_html
from augury.report.story import Comparison, Story

__all__ = ["write_model_page", "write_page"]

_SUFFIXES = (".html", ".htm")


def write_page(subject: Story | Comparison, path: str | os.PathLike[str]) -> Path:
    """Write the page of a story or a comparison to `path` and return it.

    The page is made first, written to a temporary file beside the target and renamed, so that a failure leaves neither
    half a page nor a changed old one. Raises InvalidInput for a suffix other than .html or .htm and for a folder,
    NotFound for a missing folder, OSError when the disk refuses.
    """
    return _put(lambda: page_html(subject), path)


def write_model_page(story: ModelStory, path: str | os.PathLike[str]) -> Path:
    """Write the page of a model to `path` and return it: whole or not at all, refusing as `write_page` does."""
    return _put(lambda: model_page_html(story), path)


def _put(make: Callable[[], str], path: str | os.PathLike[str]) -> Path:
    target = Path(path)
    if target.is_dir():
        raise InvalidInput(
            f"a report is a file, but {str(target)!r} is a folder; name a file in it, such as report.html"
        )
    if target.suffix.lower() not in _SUFFIXES:
        raise InvalidInput(f"a report's name should end in .html or .htm, got {target.name!r}")
    if not target.parent.is_dir():
        raise NotFound(f"the folder {str(target.parent)!r} for the report does not exist; create it first")
    text = make()
    handle, temporary = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace", newline="\n") as file:
            file.write(text)
        Path(temporary).chmod(0o666 & ~_mask())
        Path(temporary).replace(target)
    except BaseException as error:
        if isinstance(error, OSError) and error.filename is None:
            error.filename = str(target)  # so that the message says which file
        Path(temporary).unlink(missing_ok=True)
        raise
    return target


def _mask() -> int:
    """The process's file mask, which can only be read by setting it."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
