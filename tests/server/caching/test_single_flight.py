"""One computation for all who ask at once: threads of a process, processes of a platform, over Redis and without."""

from __future__ import annotations

import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest

ASKERS = 200

CHILD = """
import os, sys, threading, time
from pathlib import Path
from augury_server.caching import cache, key_of
folder, threads, seconds = Path({folder!r}), {threads}, {seconds}
key = key_of("features.rsi", versions={{"spec": "1"}})
def compute():
    (folder / f"run-{{os.getpid()}}-{{time.monotonic_ns()}}").touch()
    time.sleep(seconds)
    return "value"
answers = []
def ask():
    answers.append(cache().get_or_compute(key, compute, ttl=600))
cache().invalidations.refreshed()
print("ready", flush=True)
sys.stdin.readline()
crowd = [threading.Thread(target=ask) for _ in range(threads)]
for one in crowd: one.start()
for one in crowd: one.join()
assert answers == ["value"] * threads, answers
print("done", flush=True)
"""


def runs(folder: Path) -> list[Path]:
    return sorted(folder.glob("run-*"))


def eventually(condition: Any, seconds: float = 60.0) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not come to be"
        time.sleep(0.01)


def test_two_hundred_threads_share_one_computation(stores: Any, key: Any) -> None:
    cache, counted, gate = stores.cache(real_time=True), [], threading.Event()
    answers: list[int] = []

    def compute() -> int:
        counted.append(1)
        assert gate.wait(30)
        return 7

    crowd = [
        threading.Thread(target=lambda: answers.append(cache.get_or_compute(key(), compute))) for _ in range(ASKERS)
    ]
    for one in crowd:
        one.start()
    eventually(lambda: cache.figures.counts["asks"] == ASKERS)
    gate.set()
    for one in crowd:
        one.join(30)
    assert answers == [7] * ASKERS
    assert len(counted) == 1


def test_every_waiter_owns_its_value_and_gets_the_exception(stores: Any, key: Any) -> None:
    cache, gate = stores.cache(real_time=True), threading.Event()
    errors: list[BaseException] = []

    def fail() -> int:
        assert gate.wait(30)
        raise ZeroDivisionError("once")

    def ask() -> None:
        try:
            cache.get_or_compute(key(), fail)
        except ZeroDivisionError as error:
            errors.append(error)

    crowd = [threading.Thread(target=ask) for _ in range(10)]
    for one in crowd:
        one.start()
    eventually(lambda: cache.figures.counts["asks"] == 10)
    time.sleep(0)
    gate.set()
    for one in crowd:
        one.join(30)
    assert len(errors) == 10
    assert cache.get_or_compute(key(), lambda: [1]) is not cache.get_or_compute(key(), lambda: [2])


def test_a_waiter_gives_up_after_its_bound_and_computes(stores: Any, key: Any) -> None:
    cache, gate = stores.cache(real_time=True, wait_seconds=0.2), threading.Event()
    first = threading.Thread(target=lambda: cache.get_or_compute(key(), lambda: str(gate.wait(30))))
    first.start()
    eventually(lambda: cache.figures.counts["asks"] == 1 and bool(cache._flights._flying))
    assert cache.get_or_compute(key(), lambda: "own") == "own"
    assert cache.figures.counts["gave_up"] >= 1
    gate.set()
    first.join(30)


def crowd_of_processes(platform: Any, folder: Path, processes: int, seconds: float = 0.4) -> list[Any]:
    code = CHILD.format(folder=str(folder), threads=ASKERS // processes, seconds=seconds)
    children = [platform.python(code, stdin=-1) for _ in range(processes)]
    for child in children:
        assert child.stdout.readline().strip() == "ready", child.stderr.read()
    return children


def let_go(children: list[Any]) -> None:
    for child in children:
        child.stdin.write("go\n")
        child.stdin.flush()


def finish(children: list[Any]) -> None:
    for child in children:
        out, err = child.communicate(timeout=90)
        assert out.strip() == "done", err


def test_two_hundred_askers_in_four_processes_share_one_computation(platform: Any, tmp_path: Path) -> None:
    children = crowd_of_processes(platform, tmp_path, 4)
    let_go(children)
    finish(children)
    assert len(runs(tmp_path)) == 1


@pytest.fixture
def with_redis(platforms: Any, tmp_path: Path, redis_server: Any) -> Any:
    import redis

    with redis.Redis(port=redis_server.port) as direct:
        direct.flushall()
    yield from platforms(
        "sqlite",
        tmp_path,
        None,
        **{"redis.url": f"redis://127.0.0.1:{redis_server.port}/0", "cache.lease_seconds": 1.5},
    )


def test_over_redis_too(with_redis: Any, tmp_path: Path) -> None:
    children = crowd_of_processes(with_redis, tmp_path, 4)
    let_go(children)
    finish(children)
    assert len(runs(tmp_path)) == 1


def test_a_computation_longer_than_its_lease_is_not_done_twice(with_redis: Any, tmp_path: Path) -> None:
    children = crowd_of_processes(with_redis, tmp_path, 2, seconds=3.5)
    let_go(children)
    finish(children)
    assert len(runs(tmp_path)) == 1


def killed_while_computing(platform: Any, folder: Path) -> None:
    first, second = crowd_of_processes(platform, folder, 2, seconds=2.0)
    let_go([first])
    eventually(lambda: len(runs(folder)) == 1)
    let_go([second])
    first.send_signal(signal.SIGKILL)
    first.communicate()
    finish([second])
    assert len(runs(folder)) == 2


def test_another_takes_over_from_a_holder_that_was_killed(with_redis: Any, tmp_path: Path) -> None:
    killed_while_computing(with_redis, tmp_path)


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_another_takes_over_without_redis_too(platforms: Any, tmp_path: Path, engine: str, request: Any) -> None:
    server = request.getfixturevalue("postgres_server") if engine == "postgresql" else None
    made = platforms(engine, tmp_path, server, **{"cache.lease_seconds": 1.5})
    killed_while_computing(next(made), tmp_path)
    next(made, None)
