"""The folder that a model is to be written to, checked before any work is done for it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from augury.errors import Conflict, InvalidInput, Unavailable

__all__ = ["check_model_folder", "unwritable_told"]

_MANIFEST = "manifest.json"


def check_model_folder(text: str | Path, *, overwrite: bool) -> Path:
    """The folder as a path, once a model can be written there.

    Raises Conflict when something is there already, unless it is a model and `overwrite`; InvalidInput for no name and
    for a place below a file; Unavailable when the folder above it cannot be written into.
    """
    if not str(text).strip() or "\0" in str(text):
        raise InvalidInput(f"expected a folder to write the model to, such as models/first, got {str(text)!r}")
    folder = Path(text)
    if folder.exists() or folder.is_symlink():
        if not folder.is_dir() or folder.is_symlink() or not (folder / _MANIFEST).is_file():
            raise Conflict(f"{folder} exists and is no model, so it is not replaced; choose another folder")
        if not overwrite:
            raise Conflict(f"{folder} exists already; choose another folder, or --overwrite the model in it")
    above = folder.absolute().parent
    while not above.exists():
        above = above.parent
    if not above.is_dir():
        raise InvalidInput(f"expected a folder to write {folder.name} into, but {above} is a file; choose another")
    if not os.access(above, os.W_OK | os.X_OK):
        raise Unavailable(f"cannot write into {above}: Permission denied; choose another folder")
    return folder


@contextmanager
def unwritable_told(folder: Path) -> Iterator[None]:
    """Turn what the system refuses while a model is written there (a full disk, say) into Unavailable."""
    try:
        yield
    except OSError as error:
        raise Unavailable(
            f"cannot write {folder}: {error.strerror or error}; nothing was changed there, make room or choose another "
            "folder"
        ) from error
