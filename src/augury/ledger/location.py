"""Where the ledger of a project lies, and how a caller says that nothing should be written."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from augury.errors import InvalidInput

__all__ = ["DEFAULT_NAME", "OFF", "ledger_path"]

DEFAULT_NAME = "augury-ledger.sqlite"
_LONGEST_NAME = 240  # bytes; what lies beside it has a longer one
OFF = (":none:", "none", "off")


def ledger_path(
    explicit: str | os.PathLike[str] | None = None,
    *,
    environment: Mapping[str, str] = os.environ,
    folder: str | os.PathLike[str] = ".",
) -> Path | None:
    """The file to write to: `explicit`, else $AUGURY_LEDGER, else augury-ledger.sqlite in the working folder.

    None when the first of these that is set is "off", "none" or ":none:": then nothing is recorded, and the caller has
    to say so in its result. A file of such a name is written as ./off. Raises InvalidInput for blank text, and
    for names that no file can have.

    >>> ledger_path(environment={"AUGURY_LEDGER": "off"}) is None
    True
    >>> ledger_path(environment={}, folder="project").as_posix()
    'project/augury-ledger.sqlite'
    """
    chosen = environment.get("AUGURY_LEDGER") or None if explicit is None else os.fspath(explicit)
    if chosen is None:
        return Path(folder) / DEFAULT_NAME
    if not chosen.strip():
        raise InvalidInput("the ledger should be the path of a file, or 'off' to record nothing; got blank text")
    if "\0" in chosen or len(os.fsencode(Path(chosen).name)) > _LONGEST_NAME:
        raise InvalidInput(
            f"the ledger should be the path of a file, which {chosen!r:.80} cannot be; choose another name"
        )
    return None if chosen.strip().lower() in OFF else Path(chosen).expanduser()
