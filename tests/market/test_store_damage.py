"""Damage from outside is found, named, and can be mended; a folder that cannot be used says so."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from augury.errors import Misconfigured, Unavailable
from augury.market.store import BarStore, BarStoreSpec, DamagedStore
from augury.market.store_disk import locked
from augury.market.store_manifest import MANIFEST, load_manifest

MakeBars = Callable[..., pd.DataFrame]


@pytest.fixture
def bars(make_bars: MakeBars) -> pd.DataFrame:
    return make_bars(30)


@pytest.fixture
def store(tmp_path: Path, bars: pd.DataFrame) -> BarStore:
    store = BarStore(tmp_path / "store")
    for row in range(0, 30, 10):
        store.append("BRK/B", "1h", bars[row : row + 10])
    return store


def part(store: BarStore, place: int = 1) -> Path:
    return sorted(store.folder.glob("symbol=*/*/part-*.parquet"))[place]


def flipped(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


DAMAGES: dict[str, Callable[[Path], object]] = {
    "one bit flipped": flipped,
    "cut short": lambda path: os.truncate(path, path.stat().st_size // 2),
    "emptied": lambda path: path.write_bytes(b""),
    "replaced": lambda path: path.write_bytes(b"not parquet at all"),
    "removed": lambda path: path.unlink(),
    "a folder now": lambda path: (path.unlink(), path.mkdir()),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_part_is_named_kept_from_readers_and_can_be_written_again(
    store: BarStore, bars: pd.DataFrame, damage: str
) -> None:
    assert len(store.read("BRK/B", "1h")) == 30
    name = part(store).name
    DAMAGES[damage](part(store))
    (found,) = store.verify()
    assert (found.symbol, found.timeframe, found.file) == ("BRK/B", "1h", name)
    for read in (lambda: store.read("BRK/B", "1h"), lambda: store.query("SELECT * FROM bars")):
        with pytest.raises(DamagedStore, match=rf"BRK/B 1h: {name} .*write the bars from 2024-01-01T10:00:00Z"):
            read()
    assert store.read("BRK/B", "1h", end=bars.index[10]).equals(bars[:10]), "whole parts can still be read"
    if damage == "a folder now":
        part(store).rmdir()
    store.replace_range("BRK/B", "1h", bars[10:20], bars.index[10], bars.index[19] + pd.Timedelta(1))
    assert store.verify() == ()
    assert store.read("BRK/B", "1h").equals(bars)


def test_a_part_that_is_not_parquet_is_refused_without_hashing_too(store: BarStore, tmp_path: Path) -> None:
    part(store).write_bytes(b"not parquet at all")
    trusting = BarStore(store.folder, BarStoreSpec(verify_on_read=False))
    for read in (lambda: trusting.read("BRK/B", "1h"), lambda: trusting.query("SELECT sum(close) FROM bars")):
        with pytest.raises(DamagedStore, match="BRK/B 1h"):
            read()


def test_a_write_that_has_to_read_a_damaged_part_changes_nothing(store: BarStore, bars: pd.DataFrame) -> None:
    flipped(part(store))
    before = sorted(store.folder.rglob("*"))
    with pytest.raises(DamagedStore):
        store.replace_range("BRK/B", "1h", bars[15:16], bars.index[15], bars.index[16])
    with pytest.raises(DamagedStore):
        store.append("BRK/B", "1h", bars[12:])
    with pytest.raises(DamagedStore):
        store.compact("BRK/B", "1h")
    assert sorted(store.folder.rglob("*")) == before


def test_a_changed_byte_of_a_manifest_is_found(store: BarStore) -> None:
    path = part(store).parent / MANIFEST
    right, content = load_manifest(path.parent), path.read_bytes()
    caught, places = 0, range(0, len(content), 5)
    for place in places:
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        try:
            assert load_manifest(path.parent) == right
        except Misconfigured:
            caught += 1
    assert caught > 0.6 * len(places), "only blanks between the fields may change unnoticed"


def test_a_series_with_a_broken_manifest_can_be_deleted_and_written_again(store: BarStore, bars: pd.DataFrame) -> None:
    (part(store).parent / MANIFEST).write_bytes(b"{}")
    (found,) = store.verify()
    assert found.file == MANIFEST
    for action in (lambda: store.read("BRK/B", "1h"), lambda: store.append("BRK/B", "1h", bars), store.describe):
        with pytest.raises(DamagedStore, match=r"manifest\.json: is not the manifest that was written"):
            action()
    store.delete("BRK/B")
    store.append("BRK/B", "1h", bars)
    assert store.read("BRK/B", "1h").equals(bars)


def test_a_store_of_a_newer_layout_is_left_alone(store: BarStore) -> None:
    path = part(store).parent / MANIFEST
    path.write_text(path.read_text().replace('"layout": 1', '"layout": 2'))
    with pytest.raises(Misconfigured, match=r"layout 2, this version reads layout 1; update"):
        store.read("BRK/B", "1h")


def test_a_file_where_a_folder_is_expected_is_explained(tmp_path: Path, bars: pd.DataFrame) -> None:
    (tmp_path / "taken").write_text("a file")
    for folder in (tmp_path / "taken", tmp_path / "taken" / "below"):
        store = BarStore(folder)
        with pytest.raises(Misconfigured, match=r"Not a directory.*needs a folder"):
            store.append("AAPL", "1h", bars)
        with pytest.raises(Misconfigured, match="Not a directory"):
            store.read("AAPL", "1h")


def test_a_file_in_the_place_of_a_symbol_is_explained(store: BarStore, bars: pd.DataFrame) -> None:
    (store.folder / "symbol=AAPL").write_text("a file")
    for action in (store.symbols, lambda: store.read("AAPL", "1h"), lambda: store.append("AAPL", "1h", bars)):
        with pytest.raises(Misconfigured, match="Not a directory"):
            action()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read and write every folder")
def test_a_folder_without_rights_is_explained(store: BarStore, bars: pd.DataFrame) -> None:
    store.folder.chmod(0)
    try:
        for action in (store.symbols, lambda: store.read("AAPL", "1h"), lambda: store.append("AAPL", "1h", bars)):
            with pytest.raises(Misconfigured, match="Permission denied"):
                action()
    finally:
        store.folder.chmod(0o700)


def test_a_writer_that_waits_too_long_gives_up_and_names_the_holder(store: BarStore, bars: pd.DataFrame) -> None:
    impatient = BarStore(store.folder, BarStoreSpec(lock_timeout_seconds=0.03))
    (lock,) = (store.folder / "_locks").iterdir()
    with locked(lock, 1.0):
        with pytest.raises(Unavailable, match=rf"process {os.getpid()}\) held the lock for 0.03 s"):
            impatient.append("BRK/B", "1h", bars)
        assert impatient.append("AAPL", "1h", bars) == 30, "other series are free"
        assert len(impatient.read("BRK/B", "1h")) == 30, "readers do not wait"
    assert impatient.append("BRK/B", "1h", bars) == 0
