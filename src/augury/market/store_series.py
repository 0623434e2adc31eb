"""One series on disk - the bars of one symbol and timeframe - and the steps by which it changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import numpy as np

from augury.errors import NotFound, Unavailable
from augury.market.bars import BarArrays
from augury.market.store_disk import explained, locked, make_folders, publish, sync_folder
from augury.market.store_manifest import (
    MANIFEST,
    DamagedStore,
    Manifest,
    Part,
    load_manifest,
    publish_manifest,
)
from augury.market.store_names import folder_name
from augury.market.store_overlap import refuse_overlap
from augury.market.store_parts import PartProblem, check_part, part_of, read_parts
from augury.market.times import iso

__all__ = ["Series", "settled"]

_LOCKS = "_locks"
_LOOKS = 200
Answer = TypeVar("Answer")


def settled(look: Callable[[], Manifest | None], answer: Callable[[Manifest], Answer], name: str) -> Answer:
    """Answer from one version of a series; when a writer removed its files meanwhile, from the next version.

    Raises NotFound when there is no such series and DamagedStore when the files of the current version are not whole.
    """
    manifest = look()
    for _ in range(_LOOKS):
        if manifest is None:
            raise NotFound(f"{name}: no longer in the store")
        try:
            return answer(manifest)
        except PartProblem as problem:
            newer = look()
            if newer == manifest:
                raise damaged(name, manifest, str(problem)) from problem
            manifest = newer
    raise Unavailable(f"{name}: was rewritten {_LOOKS} times while it was read; retry")


def damaged(name: str, manifest: Manifest, problem: str) -> DamagedStore:
    """The error for a part that is not whole, with the range that has to be written again."""
    broken = [part for part in manifest.parts if part.file in problem]
    first, last = min(p.first for p in broken), max(p.last for p in broken)
    return DamagedStore(
        f"{name}: {problem}; restore it from a backup, or write the bars from {iso(first)} to {iso(last)} again with "
        f"replace_range(..., start={first}, end={last + 1})"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """The bars of one symbol and timeframe in the store at `root`; `compact_at_parts` small parts become one.

    Readers take no lock. Writers hold the series' lock, add part files under new names, then replace the manifest: the
    moment of the rename is the moment of the change. Files of the version before stay until the next write, for
    readers that are still at it.
    """

    root: Path
    symbol: str
    timeframe: str
    lock_timeout_seconds: float
    compact_at_parts: int
    full_part_bars: int
    verify_on_read: bool

    @property
    def folder(self) -> Path:
        """Where the manifest and the part files are."""
        return self.root / folder_name(self.symbol) / f"timeframe={self.timeframe}"

    @property
    def name(self) -> str:
        """How messages call it."""
        return f"{self.symbol} {self.timeframe}"

    def manifest(self) -> Manifest | None:
        """The current version; None when the store has no such series."""
        with explained("read the store", self.folder):
            return load_manifest(self.folder)

    def parts_read(self, parts: Sequence[Part], start: int | None, end: int | None) -> BarArrays:
        """Bars of these parts that open in [start, end); raises PartProblem for one that is not whole."""
        if self.verify_on_read:
            for part in parts:
                if (start is None or part.last >= start) and (end is None or part.first < end):
                    check_part(self.folder, part)
        return read_parts(self.folder, parts, start, end)

    def read(self, start: int | None, end: int | None) -> BarArrays:
        """Bars that open in [start, end) of one version."""
        return settled(self.manifest, lambda manifest: self.parts_read(manifest.parts, start, end), self.name)

    def append(self, bars: BarArrays) -> int:
        """Add bars before the first or after the last one; returns how many were new."""
        with self._writing() as manifest:
            fresh = self._fresh(manifest, bars)
            if not any(len(piece) for piece in fresh):
                return 0
            manifest = self._merged(manifest, self.compact_at_parts)
            added = [self._write(manifest, piece) for piece in fresh if len(piece)]
            self._publish(manifest, [*manifest.parts, *added])
            return sum(part.bars for part in added)

    def replace_range(self, bars: BarArrays, start: int, end: int) -> None:
        """Put `bars` in the place of everything that opens in [start, end); parts wholly inside are not even read."""
        with self._writing() as manifest:
            kept = [part for part in manifest.parts if part.last < start or part.first >= end]
            torn = [p for p in manifest.parts if p not in kept and (p.first < start or p.last >= end)]
            before = self._whole(manifest, torn, None, start)
            after = self._whole(manifest, torn, end, None)
            joined = BarArrays(
                np.concatenate([before.opened_at, bars.opened_at, after.opened_at]),
                np.concatenate([before.matrix, bars.matrix, after.matrix], axis=1),
            )
            if len(joined):
                kept.append(self._write(manifest, joined))
            if kept:
                self._publish(manifest, kept)
            elif manifest.version:
                self._remove()

    def compact(self) -> int:
        """Join small neighbouring parts; returns how many part files there are now."""
        with self._writing() as manifest:
            return len(self._merged(manifest, 2).parts)

    def delete(self) -> None:
        """Remove the series: gone for readers at once, its files after that. A damaged one can be deleted too."""
        with explained("delete from the store", self.folder), self._locked():
            self._remove()
            self._clean(())
            with suppress(OSError):  # somebody else's files stay, and so does the folder then
                self.folder.rmdir()

    def _remove(self) -> None:
        (self.folder / MANIFEST).unlink(missing_ok=True)
        sync_folder(self.folder)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        locks = self.root / _LOCKS
        make_folders(locks)
        with locked(locks / f"{folder_name(self.symbol)} {self.timeframe}.lock", self.lock_timeout_seconds):
            yield

    @contextmanager
    def _writing(self) -> Iterator[Manifest]:
        """The current version, nobody else writing, the leftovers of earlier and of killed writers cleared away."""
        with explained("write to the store", self.folder), self._locked():
            make_folders(self.folder)
            manifest = load_manifest(self.folder)
            manifest = manifest or Manifest(symbol=self.symbol, timeframe=self.timeframe, version=0, parts=())
            self._clean([part.file for part in manifest.parts])
            yield manifest

    def _clean(self, keep: Sequence[str]) -> None:
        for path in self.folder.iterdir():
            ours = path.name.endswith(".tmp") or path.name.startswith("part-")
            if ours and path.name not in keep:
                path.unlink(missing_ok=True)

    def _write(self, manifest: Manifest, bars: BarArrays) -> Part:
        part, content = part_of(self.symbol, self.timeframe, manifest.version + 1, bars)
        publish(self.folder / part.file, content)
        return part

    def _publish(self, manifest: Manifest, parts: Sequence[Part]) -> Manifest:
        ordered = tuple(sorted(parts, key=lambda part: part.first))
        newer = replace(manifest, version=manifest.version + 1, parts=ordered)
        publish_manifest(self.folder, newer)
        return newer

    def _whole(self, manifest: Manifest, parts: Sequence[Part], start: int | None, end: int | None) -> BarArrays:
        try:
            return self.parts_read(parts, start, end)
        except PartProblem as problem:
            raise damaged(self.name, manifest, str(problem)) from problem

    def _merged(self, manifest: Manifest, at_least: int) -> Manifest:
        """The same bars with each run of at least so many small neighbouring parts joined into one."""
        groups: list[list[Part]] = []
        for part in manifest.parts:
            small = part.bars < self.full_part_bars
            if groups and small and groups[-1][-1].bars < self.full_part_bars:
                groups[-1].append(part)
            else:
                groups.append([part])
        if max(map(len, groups), default=0) < at_least:
            return manifest
        joined = [
            [self._write(manifest, self._whole(manifest, group, None, None))] if len(group) >= at_least else group
            for group in groups
        ]
        return self._publish(manifest, [part for group in joined for part in group])

    def _fresh(self, manifest: Manifest, bars: BarArrays) -> tuple[BarArrays, BarArrays]:
        """The bars before and after those stored; Conflict unless the others are stored already, bit for bit."""
        if not manifest.parts:
            return BarArrays(bars.opened_at[:0], bars.matrix[:, :0]), bars
        first, last = manifest.parts[0].first, manifest.parts[-1].last
        before, beyond = bars.opened_at < first, bars.opened_at > last
        inside = ~(before | beyond)
        if inside.any():
            times = bars.opened_at[inside]
            stored = self._whole(manifest, manifest.parts, int(times[0]), int(times[-1]) + 1)
            refuse_overlap(self.name, BarArrays(times, bars.matrix[:, inside]), stored)
        return tuple(  # type: ignore[return-value]
            BarArrays(bars.opened_at[rows], np.ascontiguousarray(bars.matrix[:, rows])) for rows in (before, beyond)
        )
