"""Processes that are killed: what they were told to keep is in the database once, through whoever lives."""

from __future__ import annotations

import json
import random
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from augury_server.predictions.models import Prediction
from augury_server.serving.recording.encoding import FORMAT, encode_record
from augury_server.serving.recording.frames import frame


def stored() -> list[int]:
    return sorted(one.int for one in Prediction.objects.values_list("id", flat=True))


def kill(child: subprocess.Popen[str]) -> list[str]:
    """Kill it; the rest of what it had said, whole lines only."""
    assert child.stdout is not None
    assert child.stderr is not None
    child.send_signal(signal.SIGKILL)
    output = child.stdout.read()  # `communicate` would miss what is read ahead
    child.stdout.close()
    child.stderr.close()
    assert child.wait(60) == -signal.SIGKILL
    return output[: output.rfind("\n") + 1].splitlines()


KEEPING = """
    async def keep(k):
        for n in range(10**6):
            number = FIRST + k * 10**6 + n
            await recorder.keep([record(number), record(number + 5 * 10**8)])
            os.write(1, b"%d\\n" % number)

    async def everybody():
        await asyncio.gather(*(keep(k) for k in range(8)))

    asyncio.run(everybody())
"""


@pytest.mark.parametrize("seed", range(3))
def test_what_was_kept_survives_kill_at_any_moment_and_is_not_doubled(
    platform: Any, program: Any, recorders: Any, wait_for: Any, tmp_path: Path, seed: int
) -> None:
    rng = random.Random(seed)
    folder = tmp_path / "records"
    settings = {"record": "durable", "flush_seconds": rng.choice([0.01, 0.05, 1.0])}
    child = platform.python(program(folder, KEEPING.replace("FIRST", "0"), **settings))
    answered = [int(child.stdout.readline()) for _ in range(rng.randrange(1, 1500))]
    answered += map(int, kill(child))
    recorder = recorders()
    wait_for(lambda: not list(folder.glob("*.spill")))
    there = set(stored())
    expected = set(answered) | {n + 5 * 10**8 for n in answered}
    assert len(answered) == len(set(answered))
    assert expected <= there
    assert len(there - expected) <= 2 * 8, "at most what was being kept just then"
    assert recorder.counts().damaged == recorder.counts().put_aside == 0


OFFERING = """
    for n in range(3000):
        recorder.offer(record(n))
    while recorder.counts().recorded + recorder.counts().backlog < 3000:
        time.sleep(0.005)
    print("safe", flush=True)
    for n in range(3000, 10**9):
        recorder.offer(record(n))
        if n % 100 == 0:
            time.sleep(0.001)
"""


@pytest.mark.parametrize("locked", [False, True])
def test_what_was_written_or_spilled_survives_a_kill_in_buffered_mode(
    platforms: Any, program: Any, recorders: Any, wait_for: Any, tmp_path: Path, locked: bool
) -> None:
    platform = next(platforms("sqlite", tmp_path / "own", None, **{"database.lock_timeout_seconds": 0.1}))
    other = connection.copy()
    with other.cursor() as cursor:
        if locked:
            cursor.execute("BEGIN IMMEDIATE")
        child = platform.python(program(tmp_path / "records", OFFERING))
        assert child.stdout.readline() == "safe\n"
        kill(child)
        if locked:
            cursor.execute("ROLLBACK")
    other.close()
    recorder = recorders()
    wait_for(lambda: not list((tmp_path / "records").glob("*.spill")))
    there = stored()
    assert there[:3000] == list(range(3000))
    assert (recorder.counts().recorded >= 3000) == locked


SPILLING = """
    for n in range(FIRST, FIRST + 2000):
        recorder.offer(record(n))
    while recorder.counts().backlog < 2000:
        time.sleep(0.005)
    print("spilled", flush=True)
    time.sleep(600)
"""
REPLAYING = """
    while not Path(GO).exists():
        time.sleep(0.001)
    while list(Path(FOLDER).glob("*.spill")):
        time.sleep(0.005)
    recorder.stop()
    print(recorder.counts().replayed, recorder.counts().put_aside)
"""


def test_processes_spill_beside_one_another_and_their_orphans_are_replayed_once_in_all(
    platforms: Any, program: Any, wait_for: Any, tmp_path: Path
) -> None:
    platform = next(platforms("sqlite", tmp_path / "own", None, **{"database.lock_timeout_seconds": 0.1}))
    folder, go = tmp_path / "records", tmp_path / "go"
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("BEGIN IMMEDIATE")
        children = [platform.python(program(folder, SPILLING.replace("FIRST", str(k * 10_000)))) for k in range(3)]
        for child in children:
            assert child.stdout.readline() == "spilled\n"
        body = REPLAYING.replace("GO", repr(str(go))).replace("FOLDER", repr(str(folder)))
        replayers = [platform.python(program(folder, body)) for _ in range(2)]
        for child in children:
            kill(child)
        assert stored() == []
        cursor.execute("ROLLBACK")
    other.close()
    wait_for(lambda: len(stored()) >= 6000)
    go.touch()
    counts = [child.communicate(timeout=60)[0].split() for child in replayers]
    assert stored() == [k * 10_000 + n for k in range(3) for n in range(2000)]
    assert sum(int(one[0]) for one in counts) == 6000
    assert [one[1] for one in counts] == ["0", "0"]


def test_damage_costs_the_records_it_hits_and_is_told(
    platform: Any, recorders: Any, made: Any, wait_for: Any, tmp_path: Path
) -> None:
    folder = tmp_path / "records"
    folder.mkdir()
    frames = [frame(encode_record(made(n))) for n in range(1000)]
    broken = bytearray(b"".join(frames))
    middle = sum(map(len, frames[:500])) + 40
    broken[middle] ^= 0x10
    length = sum(map(len, frames[:700])) + 6
    broken[length] ^= 0xFF
    (folder / "77-dead.00000001.spill").write_bytes(FORMAT + broken)
    (folder / "77-dead.00000002.spill").write_bytes(FORMAT + frame(encode_record(made(2000))) + frames[0][:-3])
    recorder = recorders()
    wait_for(lambda: not list(folder.glob("*.spill")))
    assert stored() == [n for n in range(1000) if n not in (500, 700)] + [2000]
    counts = recorder.counts()
    assert (counts.replayed, counts.damaged, counts.put_aside) == (999, 2, 2)
    assert counts.torn_bytes == len(frames[0]) - 3
    told = [json.loads(line)["reason"] for line in (folder / "put_aside.jsonl").read_text().splitlines()]
    assert [one.startswith("bytes ") and "77-dead.00000001.spill are damaged" in one for one in told] == [True, True]


REPLAY_KILLED = """
    import augury_server.serving.recording.replaying as replaying
    print("begun", flush=True)
    time.sleep(600)
"""


def test_a_replay_that_is_killed_again_and_again_ends_with_each_record_once(
    platform: Any, program: Any, recorders: Any, made: Any, wait_for: Any, tmp_path: Path
) -> None:
    folder = tmp_path / "records"
    folder.mkdir()
    for k in range(3):
        data = b"".join(frame(encode_record(made(k * 3000 + n))) for n in range(3000))
        (folder / f"7{k}-dead.00000001.spill").write_bytes(FORMAT + data)
    for life in range(3):
        child = platform.python(program(folder, REPLAY_KILLED))
        assert child.stdout.readline() == "begun\n"
        if life:
            wait_for(lambda: stored())
        kill(child)
    recorders()
    wait_for(lambda: not list(folder.glob("*.spill")))
    assert stored() == list(range(9000))
