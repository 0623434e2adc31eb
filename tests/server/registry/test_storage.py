"""Stored files: verified to the byte, wherever they lie, whatever fails, and deleted only when nobody needs them."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from hypothesis import given, settings
from hypothesis import strategies as st

from augury.errors import Conflict, InvalidArtefact, Misconfigured, MissingExtra, NotFound, Unavailable
from augury.learning import load_artefact
from augury_server.registry.artefact_files import ArtefactFile, content_sha256
from augury_server.registry.blob_store import BlobStore, open_store
from augury_server.registry.collecting import collect
from augury_server.registry.models import ModelVersion, VersionFile
from augury_server.registry.opening import open_champion, open_version, opened_folders
from augury_server.registry.promote import promote
from augury_server.registry.register import register_model
from augury_server.registry.storage_url import shown_url
from augury_server.registry.verifying import verify_files
from augury_server.settings import load_settings, use_settings

AT_ONCE = timedelta(0)


class FlakyStore(MemoryFileSystem):
    """A remote store of which every fifth operation fails, that writes some files short and some with a bit flipped."""

    protocol = "flaky"
    store: ClassVar[dict[str, Any]] = {}  # type: ignore[misc]
    pseudo_dirs: ClassVar[list[str]] = [""]  # type: ignore[misc]
    asked = 0
    away = False
    spoil: ClassVar[list[Callable[[bytes], bytes]]] = []

    def _trip(self) -> None:
        cls = type(self)
        cls.asked += 1
        if cls.away or cls.asked % 5 == 0:
            raise ConnectionResetError(errno.ECONNRESET, "Connection reset by peer")

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return super()._strip_protocol(path.replace("flaky://", "memory://"))

    def info(self, path: str, **options: Any) -> Any:
        self._trip()
        return super().info(path, **options)

    def ls(self, path: str, detail: bool = True, **options: Any) -> Any:
        self._trip()
        return super().ls(path, detail, **options)

    def mv(self, path1: str, path2: str, **options: Any) -> None:
        self._trip()
        cls = type(self)
        if cls.spoil and "drafts" in path1:
            raise AssertionError("a spoilt draft was published")
        super().mv(path1, path2, **options)

    def _open(self, path: str, mode: str = "rb", **options: Any) -> Any:
        self._trip()
        cls = type(self)
        if mode == "rb" and "drafts" in path and cls.spoil:
            name = self._strip_protocol(path)
            found = self.store[name]
            data = cls.spoil.pop()(found.getvalue())
            found.seek(0)
            found.truncate()
            found.write(data)
        return super()._open(path, mode, **options)


fsspec.register_implementation("flaky", FlakyStore, clobber=True)


@pytest.fixture(autouse=True)
def _empty_stores() -> Iterator[None]:
    yield
    for kind in (MemoryFileSystem, FlakyStore):
        kind.store.clear()
        kind.pseudo_dirs[:] = [""]
    FlakyStore.away, FlakyStore.asked = False, 0
    FlakyStore.spoil.clear()


@pytest.fixture(params=["", "memory://models", "flaky://models"])
def stored_at(request: pytest.FixtureRequest, sqlite_platform: Any) -> Iterator[str]:
    """Each kind of store in turn; settings that name it."""
    loaded = load_settings(
        environment={}, flags={"home": str(sqlite_platform.settings.home), "artefacts.url": request.param}
    )
    with use_settings(loaded):
        yield request.param


def blob_of(version: ModelVersion, name: str) -> tuple[BlobStore, str]:
    store = open_store()
    return store, store.path_of(version.files.get(name=name).sha256)


def flip(version: ModelVersion, name: str) -> None:
    """Flip one bit of a stored file, as a failing disk does."""
    store, path = blob_of(version, name)
    base = MemoryFileSystem if isinstance(store.filesystem, MemoryFileSystem) else None
    if base is not None:
        memory = store.filesystem.store[store.filesystem._strip_protocol(path)]
        data = bytearray(memory.getvalue())
        data[len(data) // 2] ^= 1
        memory.seek(0)
        memory.write(bytes(data))
    else:
        data = bytearray(Path(path).read_bytes())
        data[len(data) // 2] ^= 1
        Path(path).write_bytes(data)


def test_what_goes_into_a_store_comes_out_of_it(stored_at: str, artefact: Any) -> None:
    version = register_model(artefact(), name="trend", by="ada")
    assert load_artefact(open_version(version)) == load_artefact(artefact())
    assert version.storage_url == (stored_at or str(open_store()._root))
    assert verify_files().damaged == ()
    assert list(open_store().drafts()) == []


@pytest.mark.parametrize("name", ["model.onnx", "manifest.json", "state.npz"])
def test_a_flipped_bit_is_refused_on_opening_with_the_name_of_the_file(
    stored_at: str, artefact: Any, name: str
) -> None:
    version = register_model(artefact(), name="trend", by="ada")
    flip(version, name)
    with pytest.raises(InvalidArtefact, match=rf"trend@1 is not opened: {name} in .* was altered.*restore it from"):
        open_version(version)
    assert list(opened_folders().iterdir()) == []
    (damaged,) = verify_files().damaged
    assert (damaged.file.name, damaged.versions) == (name, ("trend@1",))
    assert "was altered" in damaged.problem


def test_a_missing_file_is_named_and_registering_again_brings_it_back(stored_at: str, artefact: Any) -> None:
    version = register_model(artefact(), name="trend", by="ada")
    for name in ("model.onnx", "state.npz"):
        store, path = blob_of(version, name)
        if name == "state.npz":
            flip(version, name)
        elif store.local:
            Path(path).unlink()
        else:
            MemoryFileSystem.rm_file(store.filesystem, path)
    with pytest.raises(InvalidArtefact, match=r"trend@1 is not opened: model\.onnx is missing"):
        open_version(version)
    assert len(verify_files().damaged) == 2
    assert register_model(artefact(), name="trend", by="ada") == version
    assert verify_files().damaged == ()
    assert load_artefact(open_version(version)) == load_artefact(artefact())


def test_a_version_that_was_opened_opens_while_the_store_is_away(sqlite_platform: Any, artefact: Any) -> None:
    with use_settings(
        load_settings(environment={}, flags={"home": str(sqlite_platform.settings.home), "artefacts.url": "flaky://m"})
    ):
        promote("trend", register_model(artefact(), name="trend", by="ada").number, by="ada", reason="good")
        first = open_champion("trend")
        other = register_model(artefact("second"), name="trend", by="ada")
        FlakyStore.away = True
        store = BlobStore("flaky://m", attempts=2, longest_pause_seconds=0.01)
        assert open_champion("trend", store=store) == first
        with pytest.raises(Unavailable, match=r"cannot read .* at flaky://m: Connection reset by peer"):
            open_version(other, store=store)


@pytest.mark.parametrize("spoil", [lambda data: data[:-1], lambda data: bytes([data[0] ^ 1]) + data[1:], lambda _: b""])
def test_what_reads_back_otherwise_is_written_again_and_never_published(
    sqlite_platform: Any, artefact: Any, spoil: Any
) -> None:
    folder = artefact()
    data = (folder / "model.onnx").read_bytes()
    file = ArtefactFile(name="model.onnx", sha256=hashlib.sha256(data).hexdigest(), size_bytes=len(data))
    store = BlobStore("flaky://models", longest_pause_seconds=0.01)
    FlakyStore.spoil.append(spoil)
    assert store.put(file, folder / "model.onnx") is True
    assert store.put(file, folder / "model.onnx") is False
    assert store.damage(file) is None
    assert FlakyStore.asked > 5


def test_a_store_that_stays_away_leaves_nothing_registered(sqlite_platform: Any, artefact: Any) -> None:
    with use_settings(
        load_settings(environment={}, flags={"home": str(sqlite_platform.settings.home), "artefacts.url": "flaky://m"})
    ):
        FlakyStore.away = True
        store = BlobStore("flaky://m", attempts=3, longest_pause_seconds=0.01)
        file = ArtefactFile(name="model.onnx", sha256="0" * 64, size_bytes=1)
        with pytest.raises(Unavailable, match="nothing was registered by halves, retry"):
            store.put(file, artefact() / "model.onnx")
        FlakyStore.away = False
        assert not ModelVersion.objects.exists()


def test_a_file_that_changes_while_it_is_registered_is_refused(sqlite_platform: Any, artefact: Any) -> None:
    folder = artefact()
    file = ArtefactFile(name="model.onnx", sha256="0" * 64, size_bytes=1)
    with pytest.raises(InvalidArtefact, match="changed while it was registered"):
        open_store().put(file, folder / "model.onnx")
    assert list(open_store().drafts()) == list(open_store().blobs()) == []


def test_a_full_disk_is_told_and_leaves_no_draft(
    sqlite_platform: Any, artefact: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    store = BlobStore(str(sqlite_platform.settings.home / "artefacts"), attempts=2, longest_pause_seconds=0.01)
    opened = store.filesystem.open

    def full(path: str, mode: str = "rb", **options: Any) -> Any:
        return opened("/dev/full" if mode == "wb" else path, mode, **options)

    monkeypatch.setattr(store.filesystem, "open", full)
    data = (artefact() / "model.onnx").read_bytes()
    file = ArtefactFile(name="model.onnx", sha256=hashlib.sha256(data).hexdigest(), size_bytes=len(data))
    with pytest.raises(Unavailable, match=r"No space left on device; nothing was registered by halves"):
        store.put(file, artefact() / "model.onnx")
    assert list(store.blobs()) == list(store.drafts()) == []


def test_a_place_that_cannot_be_used_is_told(sqlite_platform: Any, artefact: Any, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    loaded = load_settings(
        environment={},
        flags={"home": str(sqlite_platform.settings.home), "artefacts.url": str(tmp_path / "taken" / "in")},
    )
    with use_settings(loaded), pytest.raises(Misconfigured, match="a place that this user may read and write"):
        register_model(artefact(), name="trend", by="ada")
    with pytest.raises(Misconfigured, match="cannot be used"):
        BlobStore("nosuch://bucket")
    with pytest.raises(MissingExtra, match="need another package"):
        BlobStore("gs://bucket/models")


def test_an_altered_local_copy_is_replaced_from_the_store(stored_at: str, artefact: Any) -> None:
    version = register_model(artefact(), name="trend", by="ada")
    opened = open_version(version)
    for change in (
        lambda: (opened / "model.onnx").write_bytes(b"x"),
        lambda: (opened / "manifest.json").unlink(),
        lambda: (opened / "added.txt").write_text("x"),
    ):
        change()
        assert open_version(version) == opened
        assert load_artefact(opened) == load_artefact(artefact())
        assert {path.name for path in opened.iterdir()} == {"manifest.json", "model.onnx", "state.npz"}
    assert [path.name for path in opened_folders().iterdir()] == [version.content_sha256]


def test_processes_that_open_the_same_version_at_once_all_get_it(platform: Any, artefact: Any) -> None:
    register_model(artefact(), name="trend", by="ada")
    code = (
        "from augury_server.registry.finding import find_version\n"
        "from augury_server.registry.opening import open_version\n"
        "from augury.learning import load_artefact\n"
        "print(load_artefact(open_version(find_version('trend', 1))).model_id)"
    )
    children = [platform.python(code) for _ in range(3)]
    said = [child.communicate(timeout=120) for child in children]
    assert {out.strip() for out, _ in said} == {load_artefact(artefact()).model_id}, said
    assert len(list(opened_folders().iterdir())) == 1


def test_without_a_champion_there_is_nothing_to_open(sqlite_platform: Any, artefact: Any) -> None:
    register_model(artefact(), name="trend", by="ada")
    with pytest.raises(NotFound, match="trend has no champion; promote a version"):
        open_champion("trend")


def test_what_a_killed_registration_left_is_collected_and_nothing_else(stored_at: str, artefact: Any) -> None:
    version = register_model(artefact(), name="trend", by="ada")
    store = open_store()
    left = artefact("second") / "model.onnx"
    data = left.read_bytes() + b"more"
    (left.parent.parent / "orphan").write_bytes(data)
    file = ArtefactFile(name="orphan", sha256=hashlib.sha256(data).hexdigest(), size_bytes=len(data))
    store.put(file, left.parent.parent / "orphan")
    store._run("write", lambda: store._write(f"{store._root}/drafts/half", left))
    (opened_folders() / ".half").mkdir(parents=True)
    open_version(version)
    assert collect().blobs == collect(delete=True).drafts == ()  # too young: their writers may be at work
    seen = collect(older_than=AT_ONCE, now=later)
    assert [blob.sha256 for blob in seen.blobs] == [file.sha256]
    assert (len(seen.drafts), [Path(folder).name for folder in seen.folders]) == (1, [".half"])
    assert seen.size_bytes == len(data) + left.stat().st_size
    assert store.holds(file)
    assert collect(delete=True, older_than=AT_ONCE, now=later).deleted
    again = collect(older_than=AT_ONCE, now=later)
    assert (again.blobs, again.drafts, again.folders) == ((), (), ())
    assert not store.holds(file)
    assert verify_files().damaged == ()
    assert load_artefact(open_version(version)) == load_artefact(artefact())


def later() -> datetime:
    return datetime.now(UTC) + timedelta(seconds=1)


COLLECTING = """
from datetime import UTC, datetime, timedelta
from augury_server.registry.collecting import collect
print("ready", flush=True)
input()
for _ in range(60):
    collect(delete=True, older_than=timedelta(0), now=lambda: datetime.now(UTC) + timedelta(seconds=9))
"""


def register_in_the_end(folder: Path, name: str) -> None:
    """Register, and again when the drafts were collected: this collector waits for nobody."""
    until = time.monotonic() + 60
    while True:
        try:
            register_model(folder, name=name, by="ada")
        except (Conflict, Unavailable):
            if time.monotonic() > until:
                raise
        else:
            return


def test_collecting_while_others_register_never_takes_a_file_that_a_version_needs(platform: Any, artefact: Any) -> None:
    child = platform.python(COLLECTING, stdin=-1)
    assert child.stdout.readline().strip() == "ready", child.stderr.read()
    child.stdin.write("\n")
    child.stdin.flush()
    try:
        for turn in range(12):
            register_in_the_end(artefact(("first", "second", "third")[turn % 3]), f"trend{turn}")
    finally:
        _, err = child.communicate(timeout=120)
    assert child.returncode == 0, err
    assert ModelVersion.objects.count() == 12
    assert verify_files().damaged == ()
    needed = set(VersionFile.objects.values_list("sha256", flat=True))
    assert needed <= {blob.sha256 for blob in open_store().blobs()}


def test_no_secret_of_a_url_is_kept_or_shown() -> None:
    assert shown_url("ftp://ada:hunter2@host:21/models?token=abc#x") == "ftp://host:21/models"
    assert shown_url("simplecache::s3://ada:p@ss@bucket/models") == "simplecache::s3://bucket/models"
    assert shown_url("s3://bucket/models") == "s3://bucket/models"
    assert shown_url("/var/lib/augury/artefacts") == "/var/lib/augury/artefacts"


@given(st.lists(st.tuples(st.text(min_size=1, max_size=5), st.text("0123456789abcdef", min_size=64, max_size=64))))
@settings(max_examples=50, deadline=None)
def test_the_hash_over_all_files_depends_on_names_and_hashes_and_not_on_their_order(
    listed: list[tuple[str, str]],
) -> None:
    files = [ArtefactFile(name=name, sha256=sha256, size_bytes=1) for name, sha256 in listed]
    assert content_sha256(files) == content_sha256(reversed(files))
    for at, file in enumerate(files):
        other = ArtefactFile(name=file.name + "x", sha256=file.sha256, size_bytes=1)
        assert content_sha256([*files[:at], other, *files[at + 1 :]]) != content_sha256(files)


def test_files_in_the_store_are_durable_before_they_have_their_name(
    sqlite_platform: Any, artefact: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = (artefact() / "model.onnx").read_bytes()
    order: list[str] = []
    sync, replace = os.fsync, Path.replace

    def told(handle: int) -> None:
        order.append("file" if stat.S_ISREG(os.fstat(handle).st_mode) else "folder")
        sync(handle)

    monkeypatch.setattr(os, "fsync", told)
    monkeypatch.setattr(Path, "replace", lambda self, to: (order.append("rename"), replace(self, to))[1])
    file = ArtefactFile(name="model.onnx", sha256=hashlib.sha256(data).hexdigest(), size_bytes=len(data))
    open_store().put(file, artefact() / "model.onnx")
    assert order.index("file") < order.index("rename")
    assert order[-1] == "folder"
