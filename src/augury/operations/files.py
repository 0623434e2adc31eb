"""Writing result files whole or not at all."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from augury.errors import InvalidInput, Unavailable

if sys.platform != "win32":
    import fcntl

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["PAGES", "TABLES", "TEXTS", "check_output", "write_table", "write_text"]

TABLES = (".csv", ".parquet", ".feather")
PAGES = (".html", ".htm")
TEXTS = (".json",)
_DRAFT = ".part"


def check_output(path: str | Path, *, made_from: Iterable[str | Path] = (), endings: tuple[str, ...] = TABLES) -> None:
    """Refuse an output before any work is done for it.

    Raises InvalidInput for another ending than `endings`, a folder that does not exist, something at that place that is
    no file, and one of the files `made_from` which the result would replace; Unavailable for a folder that cannot be
    written into.
    """
    path = Path(path)
    if path.suffix.lower() not in endings:
        raise InvalidInput(f"expected an output file ending in {', '.join(endings)}, got {path.name!r}; rename it")
    if not path.parent.is_dir():
        why = "is a file, not a folder" if path.parent.exists() else "does not exist; make it, or choose another"
        raise InvalidInput(f"expected a folder to write {path.name} into, but {path.parent} {why}")
    if path.exists() and not path.is_file():
        kind = "a folder" if path.is_dir() else "a pipe or a device"
        raise InvalidInput(f"expected a file to write, but {path} is {kind}; choose another name")
    for source in made_from:
        if path.exists() and Path(source).exists() and path.samefile(source):
            raise InvalidInput(f"the output {path} would replace the file that it is made from; choose another name")
    try:
        tempfile.TemporaryFile(dir=path.parent).close()
    except OSError as error:
        raise Unavailable(f"cannot write into {path.parent}: {error.strerror}; choose another folder") from error


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a frame as CSV, Parquet or Feather by the file's ending: a draft beside it first, then renamed.

    Whoever opens `path` sees what was there before or the whole table. A draft that a killed process left behind is
    removed by the next write of the same file. Raises InvalidInput as `check_output` does, and Unavailable when the
    folder cannot be written to or the disk is full.
    """
    check_output(path)
    _write_whole(path, lambda draft: _write(table, draft, path.suffix.lower()))


def write_text(text: str, path: str | Path) -> None:
    """Write text as `write_table` writes a frame: whole or not at all; .json only."""
    path = Path(path)
    check_output(path, endings=TEXTS)
    _write_whole(path, lambda draft: _write_lines(text, draft))


def _write_whole(path: Path, write: Callable[[Path], None]) -> None:
    try:
        _remove_abandoned(path)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=_DRAFT)
    except OSError as error:
        raise Unavailable(f"cannot write into {path.parent}: {error.strerror}; choose another folder") from error
    draft = Path(name)
    try:
        _take(handle)
        write(draft)
        os.fsync(handle)
        draft.chmod(0o644)
        draft.replace(path)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise Unavailable(
            f"cannot write {path}: {reason}; nothing was changed there, make room or choose another folder"
        ) from error
    finally:
        os.close(handle)
        draft.unlink(missing_ok=True)


def _write_lines(text: str, draft: Path) -> None:
    draft.write_text(text, encoding="utf-8")


def _write(table: pd.DataFrame, draft: Path, ending: str) -> None:
    if ending == ".csv":
        table.to_csv(draft)
    elif ending == ".parquet":
        table.to_parquet(draft)
    else:
        table.reset_index().to_feather(draft)


def _take(handle: int) -> bool:
    """Hold the draft until the process closes it or ends, however it ends; False while another process holds it."""
    if sys.platform == "win32":
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _remove_abandoned(path: Path) -> None:
    prefix = f".{path.name}."
    for draft in path.parent.iterdir():
        if not (draft.name.startswith(prefix) and draft.name.endswith(_DRAFT)):
            continue
        try:
            handle = os.open(draft, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
        except OSError:
            continue  # another process has just removed it, or it belongs to somebody else
        try:
            if _take(handle):
                draft.unlink(missing_ok=True)
        finally:
            os.close(handle)
