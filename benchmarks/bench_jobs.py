"""Jobs that do nothing, beside Celery alone over the same broker: what a durable row, its history and a lease cost."""

from __future__ import annotations

import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from timing import beside, sized

HERE = Path(__file__).resolve().parent
SERVER_TESTS = HERE.parent / "tests" / "server"
JOBS, SINGLE = sized(400, 10), sized(15, 2)
DEADLINE = 240.0


def run() -> list[dict[str, Any]]:
    """Embedded (SQLite and files) and in production's form (PostgreSQL and Redis), a process each."""
    return [*_apart("embedded"), *_apart("servers")]


def _apart(form: str) -> list[dict[str, Any]]:
    done = subprocess.run([sys.executable, __file__, form], capture_output=True, text=True, cwd=HERE)
    assert done.returncode == 0, done.stderr[-3000:]
    found: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return found


def _measure(form: str) -> list[dict[str, Any]]:
    probes = SERVER_TESTS / "jobs" / "probes"
    sys.path[:0] = [str(SERVER_TESTS), str(probes)]
    os.environ["PYTHONPATH"] = os.pathsep.join([str(probes), str(HERE)])
    from conftest import ROOT, make_platform, make_postgres, make_redis

    servers: list[Any] = []
    try:
        flags: dict[str, Any] = {"jobs.extra_operations": ["augury_probes"]}
        if form == "servers":
            servers = [make_postgres(ROOT / "postgres"), make_redis(ROOT / "redis")]
            flags["redis.url"] = f"redis://127.0.0.1:{servers[1].port}/0"
        platform = make_platform("any", ROOT / "bench", servers[0] if servers else None, **flags)
        made = next(platform)
        ours = _ours(made)
        theirs = _theirs(ROOT / "bare", servers[1].port if servers else None)
        platform.close()
    finally:
        for server in servers:
            server.stop()
        shutil.rmtree(ROOT, ignore_errors=True)
    return _rows(form, ours, theirs)


def _rows(form: str, ours: dict[str, Any], theirs: dict[str, Any]) -> list[dict[str, Any]]:
    what = "SQLite, files" if form == "embedded" else "PostgreSQL, Redis"
    peer = "Celery, kombu's files" if form == "embedded" else "Celery, Redis"
    notes = {
        "submit a job, CPU": "row and history are committed before the message is sent",
        "run a job, CPU of the worker": f"{JOBS} waiting, 2 processes: {1 / ours['each']:,.0f} a second, Celery alone "
        f"{1 / theirs['each']:,.0f}",
        "from submission to start, median": "at rest; files are looked for every 0.1 s",
    }
    keys = ("submit", "run", "latency")
    rows = [
        beside(ours[key], theirs[key], name=f"{name}, {what}", peer=peer, target="", agreement="", note=note)
        for key, (name, note) in zip(keys, notes.items(), strict=True)
    ]
    megabytes = f"{ours['parent'] / 2**20:.0f} MB and {ours['child'] / 2**20:.0f} MB a child of its own"
    rows[-1]["note"] += f"; memory of the worker {megabytes}"
    return rows


def _ours(platform: Any) -> dict[str, float]:
    from augury_server.jobs.models import Job
    from augury_server.jobs.submit import submit

    worker = _start([sys.executable, "-m", "augury_server.jobs", "--concurrency", "2"], platform.environment)
    try:
        first = submit("probe.give", {}).pk
        _until(lambda: Job.objects.filter(pk=first, state="succeeded").exists())
        with _paused(worker):
            start = time.thread_time()
            jobs = [submit("probe.give", {}).pk for _ in range(JOBS)]
            submitted = (time.thread_time() - start) / JOBS
            before = _cpu_seconds(worker.pid)
        ended = Job.objects.filter(pk__in=jobs, state="succeeded")
        _until(lambda: ended.count() == JOBS)
        used = (_cpu_seconds(worker.pid) - before) / JOBS
        times = sorted(ended.values_list("ended_at", flat=True))
        each = (times[-1] - times[0]).total_seconds() / (JOBS - 1)
        waits = []
        for _ in range(SINGLE):
            job = submit("probe.give", {})
            _until(lambda job=job: Job.objects.filter(pk=job.pk, state="succeeded").exists())
            job.refresh_from_db()
            waits.append((job.started_at - job.created_at).total_seconds())
        parent, child = _memory(worker.pid)
    finally:
        _stop(worker)
    return {
        "submit": submitted, "run": used, "each": each, "latency": statistics.median(waits), "parent": parent,
        "child": child,
    }  # fmt: skip


def _theirs(folder: Path, redis_port: int | None) -> dict[str, float]:
    (folder / "control").mkdir(parents=True)
    notes = folder / "notes.txt"
    notes.touch()
    environment = {"BARE_NOTES": str(notes), "BARE_BROKER": f"redis://127.0.0.1:{redis_port}/1"}
    if redis_port is None:
        environment |= {"BARE_BROKER": "filesystem://localhost", "BARE_FOLDER": str(folder)}
    os.environ.update(environment)
    import bare_celery

    command = [sys.executable, "-m", "celery", "-A", "bare_celery", "worker", "-c", "2", "-Q", "bare", "-l", "error",
               "--without-gossip", "--without-mingle", "--without-heartbeat"]  # fmt: skip
    worker = _start(command, environment)
    try:
        bare_celery.note.delay(JOBS)
        _until(lambda: JOBS in _noted(notes))
        with _paused(worker):
            start = time.thread_time()
            for number in range(JOBS):
                bare_celery.note.delay(number)
            submitted = (time.thread_time() - start) / JOBS
            before = _cpu_seconds(worker.pid)
        _until(lambda: len(_noted(notes)) == JOBS + 1)
        used = (_cpu_seconds(worker.pid) - before) / JOBS
        times = sorted(_noted(notes).values())[1:]
        each = (times[-1] - times[0]) / (JOBS - 1)
        waits = []
        for number in range(JOBS + 1, JOBS + 1 + SINGLE):
            sent = time.time()
            bare_celery.note.delay(number)
            _until(lambda number=number: number in _noted(notes))
            waits.append(_noted(notes)[number] - sent)
    finally:
        _stop(worker)
    return {"submit": submitted, "run": used, "each": each, "latency": statistics.median(waits)}


def _noted(notes: Path) -> dict[int, float]:
    return {int(line.split()[0]): float(line.split()[1]) for line in notes.read_text().splitlines()}


def _memory(pid: int) -> tuple[float, float]:
    """Resident bytes of a worker's main process, and what a child of its has for itself."""
    import psutil

    process = psutil.Process(pid)
    children = [child.memory_full_info().uss for child in process.children()]
    return float(process.memory_info().rss), float(max(children))


def _cpu_seconds(pid: int) -> float:
    """CPU time of a process and its children so far, from Linux' clock of each: psutil's has ticks of 10 ms."""
    import psutil

    process = psutil.Process(pid)
    return sum(time.clock_gettime((~one.pid << 3) | 2) for one in (process, *process.children()))


@contextmanager
def _paused(worker: subprocess.Popen[bytes]) -> Iterator[None]:
    """Stop a worker and its children meanwhile, so that all that is submitted waits for it."""
    os.killpg(worker.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.killpg(worker.pid, signal.SIGCONT)


def _start(command: list[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command, env={**os.environ, **environment}, cwd=HERE, start_new_session=True, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip


def _stop(worker: subprocess.Popen[bytes]) -> None:
    worker.send_signal(signal.SIGTERM)
    try:
        worker.wait(60)
    except subprocess.TimeoutExpired:
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()


def _until(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < until, "the worker did not get on"
        time.sleep(0.02)


if __name__ == "__main__":
    print(json.dumps(_measure(sys.argv[1])))
