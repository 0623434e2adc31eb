"""A ledger as JSON Lines or CSV for other tools: a whole file under its name, or none."""

from __future__ import annotations

import csv
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from augury.errors import InvalidInput, Misconfigured
from augury.ledger.canonical import canonical_json
from augury.ledger.head import head_path

if TYPE_CHECKING:
    from augury.ledger.filters import EntryFilter
    from augury.ledger.ledger import Ledger

__all__ = ["export_csv", "export_json_lines"]

_COLUMNS = (
    "sequence",
    "written",
    "kind",
    "subject",
    "strategy_id",
    "trials",
    "symbols",
    "timeframes",
    "bars",
    "parameters",
    "spec_id",
    "trial_key",
    "data_id",
    "seed",
    "note",
    "hash",
)


def export_json_lines(ledger: Ledger, path: str | os.PathLike[str], wanted: EntryFilter | None = None) -> int:
    """Write one JSON object an entry, its hash included and its arrays left out; returns how many.

    An existing file is replaced at once. Raises InvalidInput for the ledger's own file, Misconfigured where it cannot
    be written.
    """
    entries = ledger.entries(wanted)
    with _replacing(ledger, Path(path)) as file:
        for entry in entries:
            file.write(json.dumps(entry.to_dict(), separators=(",", ":"), allow_nan=False) + "\n")
    return len(entries)


def export_csv(ledger: Ledger, path: str | os.PathLike[str], wanted: EntryFilter | None = None) -> int:
    """Write one row an entry; figures of the headline get a column each, `headline.NAME`, empty where undefined.

    Errors as `export_json_lines`.
    """
    entries = ledger.entries(wanted)
    figures = list(dict.fromkeys(name for entry in entries for name in entry.headline))
    with _replacing(ledger, Path(path)) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*_COLUMNS, *(f"headline.{name}" for name in figures)])
        for entry in entries:
            series = entry.data.series
            row: dict[str, Any] = entry.to_dict() | {
                "symbols": " ".join(one.symbol for one in series),
                "timeframes": " ".join(dict.fromkeys(one.timeframe for one in series)),
                "bars": sum(one.bars for one in series),
                "parameters": canonical_json(entry.parameters),
            }
            writer.writerow([*(row[name] for name in _COLUMNS), *(_cell(entry.headline.get(name)) for name in figures)])
    return len(entries)


def _cell(value: Any) -> Any:
    return canonical_json(value) if isinstance(value, dict | list) else value


@contextmanager
def _replacing(ledger: Ledger, path: Path) -> Iterator[TextIO]:
    own = {ledger.path.resolve(), head_path(ledger.path).resolve()}
    if path.resolve() in own:
        raise InvalidInput(f"{path} is the ledger itself; name another file for the export")
    try:
        handle, draft = tempfile.mkstemp(prefix=path.name + ".", suffix=".tmp", dir=path.parent)
    except OSError as error:
        raise Misconfigured(
            f"{path}: cannot be written ({error.strerror}); name a file in a folder that exists"
        ) from error
    try:
        os.fchmod(handle, 0o644)
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace", newline="") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)  # noqa: PTH105
    except OSError as error:
        raise Misconfigured(f"{path}: cannot be written ({error.strerror}); name another file") from error
    finally:
        with suppress(FileNotFoundError):
            os.unlink(draft)  # noqa: PTH108
