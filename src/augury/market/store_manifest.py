"""What a series consists of: the one file that says which part files count, replaced at once by every write."""

from __future__ import annotations

import hashlib
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import msgspec

from augury.errors import Misconfigured
from augury.market.store_disk import publish

__all__ = ["LAYOUT", "MANIFEST", "DamagedStore", "Manifest", "Part", "load_manifest", "publish_manifest"]

LAYOUT: Final = 1
MANIFEST: Final = "manifest.json"

_PART_NAME = re.compile(r"part-\d{8}-[0-9a-f]{16}\.parquet")


class DamagedStore(Misconfigured):
    """Stored bars are missing or were changed outside the store; the message names the file and the remedy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One immutable Parquet file of `bars` bars that open from `first` to `last` (int64 ns UTC, both included)."""

    file: str
    sha256: str
    bytes: int
    bars: int
    first: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """One version of a series: its parts in time order, none overlapping another."""

    symbol: str
    timeframe: str
    version: int
    parts: tuple[Part, ...]
    layout: int = LAYOUT

    @property
    def bars(self) -> int:
        """How many bars all parts hold."""
        return sum(part.bars for part in self.parts)


def publish_manifest(folder: Path, manifest: Manifest) -> None:
    """Make this version the current one."""
    content = asdict(manifest)
    sealed = {"sha256": _seal(content), "content": content}
    publish(folder / MANIFEST, msgspec.json.format(msgspec.json.encode(sealed), indent=1) + b"\n")


def load_manifest(folder: Path) -> Manifest | None:
    """The current version of the series in a folder, None when there is none.

    Raises DamagedStore when the file is not what was written and Misconfigured when a newer Augury wrote it.
    """
    path = folder / MANIFEST
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return None
    try:
        sealed = msgspec.json.decode(raw)
        content, seal = sealed["content"], sealed["sha256"]
        layout = content["layout"]
        if layout == LAYOUT:
            whole = seal == _seal(content)
            manifest = msgspec.convert(content, Manifest)
            whole = whole and all(_PART_NAME.fullmatch(part.file) for part in manifest.parts)
    except (msgspec.DecodeError, UnicodeDecodeError, TypeError, KeyError) as error:
        raise _damaged(path) from error
    if layout != LAYOUT:
        raise Misconfigured(f"{path}: written in layout {layout!r}, this version reads layout {LAYOUT}; update augury")
    if not whole:
        raise _damaged(path)
    return manifest


def _seal(content: object) -> str:
    return hashlib.sha256(msgspec.json.encode(content, order="sorted")).hexdigest()


def _damaged(path: Path) -> DamagedStore:
    return DamagedStore(
        f"{path}: is not the manifest that was written; restore the folder from a backup, or delete the series and "
        "append it again from its source"
    )
