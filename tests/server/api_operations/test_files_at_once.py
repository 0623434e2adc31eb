"""Uploads at the same time, and changes of files whose records cannot be kept."""

from __future__ import annotations

import fcntl
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper

from augury_server.accounts.models import AuditEntry
from augury_server.api import file_uploads, stored_files
from augury_server.api.file_uploads import Upload
from augury_server.api.problems import ProblemError
from augury_server.api.remote_files import used_bytes


def test_a_draft_that_was_just_made_is_not_taken_for_an_abandoned_one(
    sqlite_platform: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    others: list[threading.Thread] = []

    def other() -> None:
        Upload("other.csv").drop()

    def flock(handle: int, how: int) -> None:
        if not others:  # the first draft is made, and not yet locked: somebody else comes now
            others.append(threading.Thread(target=other))
            others[0].start()
            others[0].join(1.0)
        fcntl.flock(handle, how)

    known = SimpleNamespace(flock=flock, LOCK_EX=fcntl.LOCK_EX, LOCK_NB=fcntl.LOCK_NB)
    monkeypatch.setattr(file_uploads, "fcntl", known)
    going = Upload("a.csv")
    going.write(b"whole")
    stored, new = going.finish({})
    others[0].join(20)
    assert not others[0].is_alive()
    assert (stored.size, new) == (5, True)


def test_many_uploads_at_the_same_time_are_all_kept(api: Any) -> None:
    def send(number: int) -> int:
        client = api.client("operator")
        return sum(client.put(f"/v1/files/f{number}.csv", content=b"%d" % turn).status_code < 300 for turn in range(10))

    with ThreadPoolExecutor(6) as threads:
        assert list(threads.map(send, range(6))) == [10] * 6


@pytest.fixture
def small(platforms: Any, tmp_path: Path) -> int:
    """A platform whose files may hold one megabyte; in bytes."""
    next(platforms("sqlite", tmp_path, None, **{"api.files_megabytes": 1}))
    return 1_000_000


def test_uploads_at_the_same_time_do_not_each_take_the_whole_room(small: int) -> None:
    going = [Upload(f"f{number}.bin") for number in range(5)]
    refused = set()
    for _ in range(9):
        for upload in going:
            try:
                upload.write(b"x" * 60_000)
            except ProblemError as problem:
                refused.add(problem.kind.status)
            assert used_bytes() <= small
    assert refused == {413}
    for upload in going:
        upload.drop()
    again = Upload("again.bin")
    again.write(b"x" * 900_000)
    assert again.finish({})[0].size == 900_000


def test_what_is_announced_is_kept_free_until_it_is_here_or_given_up(small: int) -> None:
    first, second = Upload("first.bin"), Upload("second.bin")
    first.expect(700_000)
    with pytest.raises(ProblemError, match="1 MB in all"):
        second.expect(400_000)
    first.write(b"x" * 100_000)  # less than was announced is what is kept
    assert first.finish({})[0].size == 100_000
    second.expect(400_000)
    second.drop()


@contextmanager
def _no_commits() -> Iterator[None]:
    """The database takes everything and fails when it should keep it."""

    def fail(_: Any) -> None:
        raise OperationalError("disk I/O error")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseDatabaseWrapper, "_commit", fail)
        yield


def test_a_file_is_not_changed_when_the_record_of_it_cannot_be_kept(api: Any, files_folder: Path) -> None:
    client = api.client("operator")
    client.put("/v1/files/old.csv", content=b"1")
    before = AuditEntry.objects.count()
    with _no_commits():
        assert client.put("/v1/files/new.csv", content=b"2").status_code == 503
        assert client.put("/v1/files/old.csv", content=b"2").status_code == 503
        assert client.delete("/v1/files/old.csv").status_code == 503
    assert AuditEntry.objects.count() == before
    assert [path.name for path in files_folder.iterdir() if path.name[0] != "."] == ["old.csv"]
    assert (files_folder / "old.csv").read_bytes() == b"1"


def test_a_change_that_is_refused_leaves_no_record_of_itself(api: Any) -> None:
    client = api.client("operator")
    assert client.put("/v1/files/a.csv", content=b"1", headers={"if-match": "*"}).status_code == 412
    assert client.delete("/v1/files/a.csv").status_code == 404
    assert not AuditEntry.objects.filter(action__startswith="files.").exists()


def test_a_change_that_fails_after_its_record_is_recorded_too(
    api: Any, files_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Path) -> None:
        raise OSError(5, "Input/output error")

    (files_folder / "model").mkdir()
    monkeypatch.setattr(stored_files.shutil, "rmtree", fail)
    answer = api.client("operator").delete("/v1/files/model")
    assert answer.status_code == 503
    assert "Input/output error" in answer.json()["detail"]
    entries = AuditEntry.objects.filter(action="files.delete").order_by("id").values_list("outcome", "target")
    assert list(entries) == [("done", "model"), ("failed", "model")]
