"""The spill log is a list that survives its process; its room has a limit, and its owner is whoever lives."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from augury.errors import Misconfigured, Unavailable
from augury_server.serving.recording.counters import Counters
from augury_server.serving.recording.encoding import FORMAT, encode_record
from augury_server.serving.recording.frames import frame, scan
from augury_server.serving.recording.ownership import claim_new, claim_orphans, files_of
from augury_server.serving.recording.put_aside import AsideFile
from augury_server.serving.recording.replaying import Replayer
from augury_server.serving.recording.spill import SpillLog, Stretch
from augury_server.serving.recording.storing import Store


def payloads_of(stretch: Stretch) -> list[bytes]:
    return list(scan(stretch.path.read_bytes()[stretch.start : stretch.end]).payloads)


def abandon(log: SpillLog) -> None:
    """What the system does when the process is killed: the lock falls, the files stay."""
    owner = log._owner
    assert owner is not None
    for file in log._files:
        log._seal(file)
    os.close(owner._descriptor)
    log._owner = None


class SpillMachine(RuleBasedStateMachine):
    """Two processes' logs and what ended processes left, against plain lists."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.logs = [self.new_log(), self.new_log()]
        self.waiting: list[list[bytes]] = [[], []]
        self.orphaned: set[bytes] = set()
        self.number = 0

    def new_log(self) -> SpillLog:
        log = SpillLog(self.folder, limit_bytes=1 << 20, file_bytes=120)
        log.open()
        return log

    @rule(which=st.integers(0, 1), sizes=st.lists(st.integers(0, 40), min_size=1, max_size=4))
    def append(self, which: int, sizes: list[int]) -> None:
        payloads = []
        for size in sizes:
            self.number += 1
            payloads.append(b"%d:" % self.number + bytes(size))
        self.logs[which].append([frame(one) for one in payloads])
        self.waiting[which] += payloads

    @rule(which=st.integers(0, 1), most=st.integers(1, 3))
    def store_some(self, which: int, most: int) -> None:
        for stretch in self.logs[which].stretches()[:most]:
            found = payloads_of(stretch)
            assert len(found) == stretch.records
            assert found == self.waiting[which][: len(found)]
            del self.waiting[which][: len(found)]
            self.logs[which].forget(stretch)

    @rule(which=st.integers(0, 1))
    def append_while_others_are_stored(self, which: int) -> None:
        stretches = self.logs[which].stretches()
        self.append(which, [3])
        for stretch in stretches:
            del self.waiting[which][: stretch.records]
            self.logs[which].forget(stretch)

    @rule(which=st.integers(0, 1), torn=st.binary(max_size=20))
    def kill(self, which: int, torn: bytes) -> None:
        name = self.logs[which].name
        abandon(self.logs[which])
        files = files_of(self.folder, name)
        if files:
            with files[-1].open("ab") as file:
                file.write(torn)
        self.orphaned.update(self.waiting[which])
        self.logs[which], self.waiting[which] = self.new_log(), []

    @rule(which=st.integers(0, 1))
    def stop(self, which: int) -> None:
        self.logs[which].close()
        self.orphaned.update(self.waiting[which])
        self.logs[which], self.waiting[which] = self.new_log(), []

    @precondition(lambda self: self.orphaned)
    @rule()
    def take_over(self) -> None:
        found: list[bytes] = []
        for owner in claim_orphans(self.folder):
            for path in files_of(self.folder, owner.name):
                found += scan(path.read_bytes().removeprefix(FORMAT)).payloads
                path.unlink()
        assert self.orphaned <= set(found), "what waited when its process ended is there"
        assert len(found) == len(set(found))
        self.orphaned.clear()

    @invariant()
    def counts_agree(self) -> None:
        for log, waiting in zip(self.logs, self.waiting, strict=True):
            assert log.backlog == len(waiting)
            assert log.backlog_bytes == sum(len(frame(one)) for one in waiting)
            assert [one for stretch in log.stretches() for one in payloads_of(stretch)] == waiting
            if not waiting:
                assert files_of(self.folder, log.name) == [], "nothing waits, nothing is left"

    def teardown(self) -> None:
        for log in self.logs:
            log.close()
        shutil.rmtree(self.folder)


SpillMachine.TestCase.settings = settings(
    max_examples=60, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
TestSpillLog = SpillMachine.TestCase


def test_past_the_limit_the_oldest_is_kept_and_the_newest_refused(tmp_path: Path) -> None:
    first = SpillLog(tmp_path, limit_bytes=10_000)
    first.open()
    kept, told = 0, ""
    while not told:
        try:
            first.append([frame(b"%03d" % kept + bytes(85))])
            kept += 1
        except Unavailable as error:
            told = str(error)
    assert "0.0 MB of records wait there for the database; serving.spill_megabytes allows no more" in told
    used = sum(path.stat().st_size for path in tmp_path.glob("*.spill"))
    assert 9_800 < used <= 10_000
    stretches = first.stretches()
    assert [one for stretch in stretches for one in payloads_of(stretch)] == [
        b"%03d" % n + bytes(85) for n in range(kept)
    ]
    second = SpillLog(tmp_path, limit_bytes=10_000)
    second.open()
    with pytest.raises(Unavailable, match="allows no more"):
        second.append([frame(bytes(200))])
    first.forget(stretches[0])
    second.append([frame(bytes(200))])
    second.close()
    first.close()


def test_a_folder_that_cannot_be_used_is_for_the_owner_to_mend(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Misconfigured, match=r"predictions cannot be kept there.*serving\.record"):
        SpillLog(tmp_path / "file" / "records", limit_bytes=1000).open()
    with pytest.raises(Unavailable, match="closed"):
        SpillLog(tmp_path, limit_bytes=1000).append([b"x"])


def test_what_a_living_process_owns_is_nobodys_orphan(tmp_path: Path) -> None:
    mine = claim_new(tmp_path)
    mine.file(1).touch()
    assert list(claim_orphans(tmp_path)) == []
    mine.release()
    (orphan,) = list(claim_orphans(tmp_path))
    assert orphan.name == mine.name
    mine.file(1).unlink()
    assert [one.name for one in claim_orphans(tmp_path)] == [mine.name]
    assert list(tmp_path.iterdir()) == []


def test_files_without_a_lock_are_orphans_too(tmp_path: Path) -> None:
    (tmp_path / "1-ab.00000002.spill").write_bytes(FORMAT)
    (tmp_path / "1-ab.00000001.spill").write_bytes(FORMAT)
    (tmp_path / "put_aside.jsonl").touch()
    for owner in claim_orphans(tmp_path):
        assert [path.name for path in files_of(tmp_path, owner.name)] == ["1-ab.00000001.spill", "1-ab.00000002.spill"]
        assert list(claim_orphans(tmp_path)) == [], "one at a time"


@pytest.fixture
def replayed(tmp_path: Path) -> Any:
    """A replayer into a list, its counters and the list."""
    stored: list[Any] = []
    counters = Counters()

    def write(records: Any) -> int:
        stored.extend(records)
        return 0

    return Replayer(Store(write, AsideFile(tmp_path, counters), counters), counters), counters, stored


def test_a_file_of_another_version_is_left_alone_and_told(tmp_path: Path, replayed: Any, made: Any) -> None:
    replayer, counters, stored = replayed
    (tmp_path / "1-ab.00000001.spill").write_bytes(b"augury predictions 9\n" + frame(b"later"))
    (tmp_path / "1-ab.00000002.spill").write_bytes(FORMAT + frame(encode_record(made(1))))
    (tmp_path / "2-cd.00000001.spill").write_bytes(FORMAT[:5])
    assert replayer.replay_orphans(tmp_path) == ""
    assert stored == [made(1)]
    assert [path.name for path in tmp_path.iterdir()] == ["1-ab.00000001.unreadable"]
    assert counters.read().damaged == 1


def test_a_frame_that_holds_no_record_is_put_aside_and_the_others_stored(
    tmp_path: Path, replayed: Any, made: Any
) -> None:
    replayer, counters, stored = replayed
    frames = [frame(encode_record(made(n))) for n in range(3)]
    (tmp_path / "1-ab.00000001.spill").write_bytes(FORMAT + frames[0] + frame(b"no record") + frames[1] + frames[2])
    replayer.replay_orphans(tmp_path)
    assert stored == [made(n) for n in range(3)]
    assert "no prediction" in (tmp_path / "put_aside.jsonl").read_text()
    assert counters.read().put_aside == 1


def test_times_of_day_decide_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(10**9, 0, -1000))
    monkeypatch.setattr(time, "time", lambda: next(clock))
    monkeypatch.setattr(time, "time_ns", lambda: next(clock) * 10**9)
    log = SpillLog(tmp_path, limit_bytes=1 << 20, file_bytes=50)
    log.open()
    for n in range(20):
        log.append([frame(b"%02d" % n + bytes(40))])
        for path in tmp_path.glob("*.spill"):
            os.utime(path, (10**6 - n, 10**6 - n))
    assert [one[:2] for stretch in log.stretches() for one in payloads_of(stretch)] == [b"%02d" % n for n in range(20)]
    abandon(log)
    (owner,) = (one.name for one in claim_orphans(tmp_path))
    order = [scan(path.read_bytes().removeprefix(FORMAT)).payloads[0][:2] for path in files_of(tmp_path, owner)]
    assert order == [b"%02d" % n for n in range(20)]
