"""Delete stored files that no version refers to."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from augury_server.registry.applying import Clock, utc_now
from augury_server.registry.blob_store import Blob, BlobStore, open_store
from augury_server.registry.models import ModelVersion, VersionFile
from augury_server.registry.opening import opened_folders
from augury_server.registry.storage_lock import storage_lock

__all__ = ["Garbage", "collect"]

_BATCH = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Garbage:
    """What no version needs: stored files, drafts of writers that ended, local copies; `deleted` unless it was asked
    to look only.
    """

    blobs: tuple[Blob, ...] = field(repr=False)
    drafts: tuple[Blob, ...] = field(repr=False)
    folders: tuple[str, ...]
    deleted: bool

    @property
    def size_bytes(self) -> int:
        """Of stored files and drafts together."""
        return sum(blob.size_bytes for blob in (*self.blobs, *self.drafts))


def collect(
    *,
    delete: bool = False,
    older_than: timedelta = timedelta(hours=24),
    now: Clock = utc_now,
    store: BlobStore | None = None,
) -> Garbage:
    """Find, and with `delete` remove, what registrations that never ended have left behind.

    What is younger than `older_than`, or of unknown age, is left alone: its writer may still be at work. A registration
    that takes up an old file at this moment and this deletion wait for one another, and the later one sees what the
    earlier did. Raises Unavailable when the store cannot be reached.
    """
    store, before = store or open_store(), now().astimezone(UTC) - older_than
    blobs: list[Blob] = []
    for batch in _batches(blob for blob in store.blobs() if _older(blob.written_at, before)):
        with storage_lock():
            hashes = [blob.sha256 for blob in batch]
            needed = set(VersionFile.objects.filter(sha256__in=hashes).values_list("sha256", flat=True))
            unneeded = [blob for blob in batch if blob.sha256 not in needed]
            for blob in unneeded if delete else ():
                store.delete(blob)
        blobs += unneeded
    drafts = [draft for draft in store.drafts() if _older(draft.written_at, before)]
    for draft in drafts if delete else ():
        store.delete(draft)
    folders = tuple(_unneeded_folders(before))
    for folder in folders if delete else ():
        shutil.rmtree(folder, ignore_errors=True)
    return Garbage(
        blobs=tuple(blobs), drafts=tuple(drafts), folders=tuple(str(folder) for folder in folders), deleted=delete
    )


def _unneeded_folders(before: datetime) -> Iterator[Path]:
    """Local copies of what is not registered, and those that were never finished."""
    place = opened_folders()
    for folder in sorted(place.iterdir()) if place.is_dir() else ():
        old = _older(datetime.fromtimestamp(folder.stat().st_mtime, UTC), before)
        if old and not ModelVersion.objects.filter(content_sha256=folder.name).exists():
            yield folder


def _older(written_at: datetime | None, before: datetime) -> bool:
    return written_at is not None and written_at <= before


def _batches(blobs: Iterable[Blob]) -> Iterator[list[Blob]]:
    left = iter(blobs)
    while batch := list(islice(left, _BATCH)):
        yield batch
