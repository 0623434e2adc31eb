"""Threads for operations: one key does not take them all."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from augury.errors import Unavailable
from augury_server.api.problems import ProblemError
from augury_server.api.work_threads import WorkThreads


class Gate:
    """Work that waits to be let through, and how many are at it."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.lock = threading.Lock()
        self.at_work = self.most = self.done = 0

    def work(self) -> str:
        with self.lock:
            self.at_work += 1
            self.most = max(self.most, self.at_work)
        assert self.go.wait(30)
        with self.lock:
            self.at_work -= 1
            self.done += 1
        return "through"


async def _until(condition: Any) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.005)


def _threads() -> WorkThreads:
    return WorkThreads("tests", threads=4, waiting=20, each=2, each_waiting=3)


def test_a_caller_has_its_share_of_the_threads_and_the_others_go_on() -> None:
    async def scene() -> None:
        threads, gate = _threads(), Gate()
        greedy = [asyncio.create_task(threads.run(gate.work, "greedy")) for _ in range(5)]
        await _until(lambda: gate.at_work == 2)
        for number in range(10):
            assert await asyncio.wait_for(threads.run(lambda: "at once", f"other-{number % 2}"), 30) == "at once"
        with pytest.raises(ProblemError, match="2 operations of this key are at work and 3 wait") as caught:
            await threads.run(gate.work, "greedy")
        assert (caught.value.kind.status, caught.value.headers["retry-after"]) == (429, "1")
        gate.go.set()
        assert await asyncio.gather(*greedy) == ["through"] * 5
        assert gate.most == 2
        assert await threads.run(lambda: "again", "greedy") == "again"
        await asyncio.to_thread(threads.end)

    asyncio.run(scene())


def test_who_goes_away_leaves_no_turn_to_the_next_before_the_work_has_ended() -> None:
    async def scene() -> None:
        threads, gate = _threads(), Gate()
        first = [asyncio.create_task(threads.run(gate.work, "a")) for _ in range(2)]
        await _until(lambda: gate.at_work == 2)
        given_up = asyncio.create_task(threads.run(gate.work, "a"))
        await asyncio.sleep(0)
        for task in (*first, given_up):
            task.cancel()
        assert all(isinstance(one, asyncio.CancelledError) for one in await asyncio.gather(
            *first, given_up, return_exceptions=True))  # fmt: skip
        waiting = asyncio.create_task(threads.run(gate.work, "a"))
        assert await threads.run(lambda: "b", "b") == "b"
        assert (gate.at_work, gate.most) == (2, 2)
        gate.go.set()
        assert await waiting == "through"
        await asyncio.to_thread(threads.end)
        assert gate.done == 3  # what was given up before its turn is not done

    asyncio.run(scene())


def test_what_waits_is_done_before_the_threads_end() -> None:
    async def scene() -> None:
        threads, gate = _threads(), Gate()
        tasks = [asyncio.create_task(threads.run(gate.work, "a")) for _ in range(5)]
        await _until(lambda: gate.at_work == 2)
        gate.go.set()
        await asyncio.to_thread(threads.end)
        assert gate.done == 5
        assert await asyncio.gather(*tasks) == ["through"] * 5

    asyncio.run(scene())


def test_errors_reach_the_caller_and_there_is_an_end_to_what_all_may_ask() -> None:
    def fail() -> None:
        raise LookupError("no such row")

    async def scene() -> None:
        threads, gate = WorkThreads("tests", threads=1, waiting=1, each=1, each_waiting=5), Gate()
        with pytest.raises(LookupError, match="no such row"):
            await threads.run(fail, "a")
        tasks = [asyncio.create_task(threads.run(gate.work, name)) for name in "ab"]
        await asyncio.sleep(0)
        with pytest.raises(Unavailable, match="2 requests are under way"):
            await threads.run(gate.work, "c")
        gate.go.set()
        await asyncio.gather(*tasks)
        await asyncio.to_thread(threads.end)

    asyncio.run(scene())


def test_a_viewer_with_slow_operations_holds_nobody_up(api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from augury_server.api.routes import operations as routes

    gate, run_call = Gate(), routes.run_call

    def slow(call: Any) -> Any:
        if call.principal.role == "viewer":
            gate.work()
        return run_call(call)

    monkeypatch.setattr(routes, "run_call", slow)
    with ThreadPoolExecutor(24) as threads:
        slow_ones = [threads.submit(api.client().post, "/v1/operations/registry.list") for _ in range(24)]
        try:
            api.wait(lambda: sum(one.done() for one in slow_ones) == 6, "refusals of what has no room")
            for role, name in (("operator", "registry.list"), ("administrator", "keys.list")):
                assert api.client(role, timeout=10.0).post(f"/v1/operations/{name}").status_code == 200
            assert gate.most == 2
        finally:
            gate.go.set()
        statuses = [one.result(30).status_code for one in slow_ones]
    assert sorted(statuses) == [200] * 18 + [429] * 6


def test_a_key_is_revoked_and_a_job_is_cancelled_while_every_thread_is_taken(
    api: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from augury_server.accounts.api_keys import add_key
    from augury_server.api.routes import operations as routes
    from augury_server.jobs.models import Job

    gate, run_call = Gate(), routes.run_call

    def slow(call: Any) -> Any:
        if call.entry.name == "registry.list":
            gate.work()
        return run_call(call)

    monkeypatch.setattr(routes, "run_call", slow)
    add_key("stray", by="tests")
    job = Job.objects.create(operation="db.retain", timeout_seconds=60.0)
    with ThreadPoolExecutor(4) as threads:
        clients = [api.client(role) for role in ("viewer", "viewer", "operator", "operator")]
        slow_ones = [threads.submit(client.post, "/v1/operations/registry.list") for client in clients]
        try:
            api.wait(lambda: gate.at_work == 4, "four slow operations")
            answer = api.client("administrator", timeout=10.0).post(
                "/v1/operations/keys.revoke", json={"name": "stray"}
            )
            assert answer.status_code == 200, answer.text
            assert api.client("operator", timeout=10.0).post(f"/v1/jobs/{job.pk}/cancel").status_code == 200
        finally:
            gate.go.set()
        assert [one.result(30).status_code for one in slow_ones] == [200] * 4
