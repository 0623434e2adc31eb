"""Finding a run capsule by what a person types: its file, or the number or hash of its entry in the ledger."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from augury import ledger
from augury.errors import InvalidInput, NotFound, Refused

if TYPE_CHECKING:
    from augury.ledger import Capsule

__all__ = ["FoundCapsule", "existing_ledger", "find_capsule"]

_ENTRY = re.compile(r"#?(\d{1,18}|[0-9a-fA-F]{4,64})")
_LARGEST_BYTES = 64 * 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundCapsule:
    """A capsule and where it was found: `folder` is that of its file, None for an entry of a ledger."""

    reference: str
    capsule: Capsule
    folder: Path | None


def existing_ledger(where: str | None) -> Path:
    """The file of the ledger that is meant; InvalidInput when the ledger is off."""
    path = ledger.ledger_path(where)
    if path is None:
        raise InvalidInput("the ledger is off (--ledger or $AUGURY_LEDGER says so); name its file with --ledger FILE")
    return path


def find_capsule(reference: str, where: str | None) -> FoundCapsule:
    """The capsule of a file `run.json`, or of an entry of the ledger.

    NotFound when there is neither; InvalidInput for a file that is no capsule or was changed, DamagedLedger for an
    entry that was; Refused for an entry that keeps no capsule.
    """
    path = Path(reference)
    if path.is_file():
        if path.stat().st_size > _LARGEST_BYTES:
            raise InvalidInput(f"{path} has {path.stat().st_size:,} bytes, no run capsule is so large; check the path")
        try:
            capsule = ledger.Capsule.from_json(path.read_bytes())
        except InvalidInput as error:
            raise InvalidInput(f"{path}: {error}") from error
        return FoundCapsule(reference=reference, capsule=capsule, folder=path.resolve().parent)
    meant = _ENTRY.fullmatch(reference)
    if meant is None:
        kind = "is a folder" if path.is_dir() else "does not exist"
        raise NotFound(
            f"expected a run capsule or the number of an entry in the ledger, but {reference} {kind}; --save FILE.json "
            "writes a capsule, `augury ledger` lists the entries"
        )
    with ledger.Ledger(existing_ledger(where)) as book:
        entry = book.get(meant[1])
    if entry.capsule is None:
        raise Refused(
            f"entry {entry.sequence} is of kind {entry.kind} and keeps no run capsule: it says what was found, not how "
            "to run it again"
        )
    return FoundCapsule(
        reference=f"entry {entry.sequence}", capsule=ledger.Capsule.from_dict(entry.capsule), folder=None
    )
