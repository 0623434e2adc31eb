"""Registration: what an artefact says is kept, the same one is one version, lineage is found, nothing is half there."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from augury.errors import InvalidArtefact, InvalidInput, NotFound
from augury.learning import load_artefact
from augury_server.registry import register
from augury_server.registry.finding import champion, find_version
from augury_server.registry.models import ModelVersion, RegisteredModel, Transition, VersionFile
from augury_server.registry.opening import open_version
from augury_server.registry.register import register_model
from augury_server.registry.storage_lock import storage_lock


def stored(platform: Any) -> set[str]:
    folder = platform.settings.home / "artefacts" / "blobs"
    return {path.name for path in folder.rglob("*") if path.is_file()}


def drafts(platform: Any) -> list[Path]:
    folder = platform.settings.home / "artefacts" / "drafts"
    return list(folder.iterdir()) if folder.exists() else []


def test_a_version_says_what_its_artefact_says(platform: Any, artefact: Any, clock: Any) -> None:
    folder = artefact()
    version = register_model(folder, name="trend", by="ada", now=clock)
    manifest = load_artefact(folder).manifest
    row = ModelVersion.objects.get(pk=version.pk)
    assert (row.number, row.stage, row.artefact_id, row.family) == (1, "candidate", manifest.model_id, "linear")
    assert row.metrics == {"log_loss": 0.61}
    assert (row.label, row.timeframe, row.symbols) == ("direction(horizon_bars=1)", "1D", ["AAPL", "IBM"])
    assert (row.data_fingerprint, row.first_training_ns, row.last_training_ns, row.fit_end_ns) == ("f" * 64, 10, 20, 21)
    assert row.beats_baseline is True
    assert (row.registered_by, row.registered_at) == ("ada", clock())
    assert {file.name for file in row.files.all()} == {"manifest.json", "model.onnx", "state.npz"}
    assert row.size_bytes == sum(path.stat().st_size for path in folder.iterdir())
    assert str(find_version("trend", "latest")) == "trend@1"
    assert champion("trend") is None


def test_what_was_registered_opens_as_the_same_artefact(platform: Any, artefact: Any) -> None:
    folder = artefact()
    opened = open_version(register_model(folder, name="trend", by="ada"))
    assert load_artefact(opened) == load_artefact(folder)
    assert (opened / "state.npz").read_bytes() == (folder / "state.npz").read_bytes()


def test_the_same_artefact_again_is_the_same_version_and_elsewhere_shares_the_files(
    platform: Any, artefact: Any
) -> None:
    first = register_model(artefact(), name="trend", by="ada")
    again = register_model(artefact(), name="trend", by="grace")
    before = stored(platform)
    other = register_model(artefact(), name="other", by="ada")
    assert again == first
    assert other != first
    assert other.content_sha256 == first.content_sha256
    assert stored(platform) == before
    assert {file.sha256 for file in VersionFile.objects.all()} == before
    assert Transition.objects.count() == 2


def test_two_processes_registering_the_same_folder_make_one_version(platform: Any, artefact: Any) -> None:
    code = (
        "import sys\nfrom augury_server.registry.register import register_model\n"
        f"print(register_model({str(artefact())!r}, name='trend', by='x').number)"
    )
    children = [platform.python(code) for _ in range(2)]
    ended = [child.communicate(timeout=120) for child in children]
    assert [out.strip() for out, _ in ended] == ["1", "1"], ended
    assert ModelVersion.objects.count() == Transition.objects.count() == 1
    assert drafts(platform) == []


def test_a_compressed_artefact_is_linked_to_its_original(platform: Any, artefact: Any, compressed: Any) -> None:
    original = register_model(artefact(), name="trend", by="ada")
    small = register_model(compressed("first"), name="trend", by="ada")
    assert (small.parent, small.relation, small.parent_artefact_id) == (
        original, "optimised_from", original.artefact_id,
    )  # fmt: skip
    assert list(original.children.all()) == [small]


def test_a_compressed_artefact_whose_original_is_unknown_still_names_it(
    platform: Any, artefact: Any, compressed: Any
) -> None:
    small = register_model(compressed("first"), name="trend", by="ada")
    assert (small.parent, small.relation) == (None, "optimised_from")
    assert small.parent_artefact_id == load_artefact(artefact()).model_id


def test_a_retrained_model_names_what_it_was_trained_again_after(platform: Any, artefact: Any, compressed: Any) -> None:
    first = register_model(artefact("first"), name="trend", by="ada")
    second = register_model(artefact("second"), name="trend", by="ada", parent=1)
    assert (second.parent, second.relation) == (first, "retrained_from")
    with pytest.raises(NotFound, match="no version '9'"):
        register_model(artefact("third"), name="trend", by="ada", parent=9)
    with pytest.raises(InvalidInput, match="says that it was made from"):
        register_model(compressed("first"), name="trend", by="ada", parent=2)
    assert ModelVersion.objects.count() == 2


def test_damaged_folders_links_and_odd_names_are_refused_before_anything_is_stored(
    sqlite_platform: Any, artefact: Any, tmp_path: Path
) -> None:
    folder = artefact()
    with pytest.raises(NotFound, match="no artefact folder"):
        register_model(tmp_path / "none", name="trend", by="ada")
    for name in ("", "with space", "../up", "a" * 101, ".hidden"):
        with pytest.raises(InvalidInput, match="expected a name"):
            register_model(folder, name=name, by="ada")
    with pytest.raises(InvalidInput, match="who does it"):
        register_model(folder, name="trend", by=" ")
    (folder / "more").symlink_to(folder / "model.onnx")
    with pytest.raises(InvalidArtefact, match="is a link"):
        register_model(folder, name="trend", by="ada")
    (folder / "more").unlink()
    (folder / "inner").mkdir()
    with pytest.raises(InvalidArtefact, match="is a folder"):
        register_model(folder, name="trend", by="ada")
    (folder / "inner").rmdir()
    graph = bytearray((folder / "model.onnx").read_bytes())
    graph[100] ^= 1
    (folder / "model.onnx").write_bytes(graph)
    with pytest.raises(InvalidArtefact, match=r"model\.onnx .* does not have the SHA-256"):
        register_model(folder, name="trend", by="ada")
    assert not RegisteredModel.objects.exists()
    assert stored(sqlite_platform) == set()


KILLED = """
import os, signal
from augury_server.registry import register
from augury_server.registry.blob_store import BlobStore

WHERE = {where!r}
if WHERE == "between files":
    put = BlobStore.put
    def killed(self, file, source):
        if file.name == "model.onnx":
            os.kill(os.getpid(), signal.SIGKILL)
        return put(self, file, source)
    BlobStore.put = killed
elif WHERE == "within a draft":
    write = BlobStore._write
    def killed(self, draft, source):
        write(self, draft, source)
        os.kill(os.getpid(), signal.SIGKILL)
    BlobStore._write = killed
else:
    def killed(*args):
        os.kill(os.getpid(), signal.SIGKILL)
    register.write_record = killed
register.register_model({folder!r}, name="trend", by="ada")
"""


@pytest.mark.parametrize("where", ["between files", "within a draft", "within the transaction"])
def test_a_registration_killed_anywhere_leaves_no_version_and_is_done_by_the_next(
    platform: Any, artefact: Any, where: str
) -> None:
    child = platform.python(KILLED.format(where=where, folder=str(artefact())))
    child.communicate(timeout=120)
    assert child.returncode == -signal.SIGKILL
    assert not RegisteredModel.objects.exists()
    assert not VersionFile.objects.exists()
    version = register_model(artefact(), name="trend", by="ada")
    assert version.number == 1
    assert load_artefact(open_version(version)) == load_artefact(artefact())


def test_a_file_that_is_collected_before_the_rows_are_written_is_stored_again(
    platform: Any, artefact: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns = iter([True, False])

    @contextmanager
    def after_a_collector() -> Iterator[None]:
        if next(turns):
            for path in (platform.settings.home / "artefacts" / "blobs").glob("*/*"):
                path.unlink()
        with storage_lock():
            yield

    monkeypatch.setattr(register, "storage_lock", after_a_collector)
    version = register_model(artefact(), name="trend", by="ada")
    assert version.number == 1
    assert load_artefact(open_version(version)) == load_artefact(artefact())


def test_registering_takes_as_many_queries_for_the_hundredth_version_as_for_the_second(
    sqlite_platform: Any, artefact: Any
) -> None:
    register_model(artefact("first"), name="trend", by="ada")
    with CaptureQueriesContext(connection) as second:
        version = register_model(artefact("second"), name="trend", by="ada")
    for number in range(3, 101):
        version.pk, version.number, version.content_sha256 = None, number, f"{number:064d}"
        version.save(force_insert=True)
    with CaptureQueriesContext(connection) as later:
        assert register_model(artefact("third"), name="trend", by="ada").number == 101
    assert len(later) == len(second)
