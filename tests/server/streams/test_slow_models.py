"""Sessions whose models are slow: others go on meanwhile, order and bits stay, and nothing is seen half done."""

from __future__ import annotations

import asyncio
import json
import threading

import pytest

from augury.errors import Conflict, NotFound
from augury.market.bars import bar_arrays
from augury_server.streams.model_runs import ModelRuns
from augury_server.streams.session import StreamSession
from augury_server.streams.spec import StreamSpec
from augury_server.streams.store import SessionStore
from augury_server.streams.update import BarUpdate, ValueUpdate

BARS = StreamSpec(kind="bars", model="trend", kept_updates=200)
VALUES = StreamSpec()


class Gate:
    """A hosted model that stops in every update from bar `at` on until it is let through; notes the threads it ran in.

    Nobody waits for it longer than some seconds, so that one on the event loop fails a test and does not hang it.
    """

    def __init__(self, hosted, *, at=0, row_us=5_000.0):
        self.reference, self.predictor, self.at = hosted.reference, self, at
        self.pace = type(hosted.pace)(row_us=row_us)
        self.hosted, self.entered, self.through = hosted, threading.Event(), threading.Event()
        self.threads, self.calls = [], 0

    def open_stream(self):
        return GatedStream(self, self.hosted.predictor.open_stream())


class GatedStream:
    def __init__(self, gate, stream):
        self.gate, self.stream = gate, stream
        self.snapshot, self.restore = stream.snapshot, stream.restore

    def predict(self, opened_at_ns, bar):
        gate = self.gate
        gate.threads.append(threading.get_ident())
        gate.calls += 1
        found = self.stream.predict(opened_at_ns, bar)
        if gate.calls > gate.at:
            gate.entered.set()
            gate.through.wait(5.0)
        return found


@pytest.fixture
def bars(hosted):
    arrays = bar_arrays(hosted.bars)
    return [BarUpdate(int(at), *arrays.matrix[:, t].tolist()) for t, at in enumerate(arrays.opened_at.tolist())]


def alone(hosted, bars):
    """The answers of a session that only this thread has."""
    session = StreamSession(BARS, hosted)
    for bar in bars:
        session.take(bar, now_ns=0)
    return [answer for _, answer in session.kept]


def test_others_go_on_while_a_slow_model_runs(store_on, run_async, until, hosted, bars):
    async def main():
        gate = Gate(hosted)
        store = store_on(model_of=lambda _: gate)
        slow, other = (await store.open(BARS, "ada")).id, (await store.open(VALUES, "bob")).id
        waiting = asyncio.create_task(store.update(slow, "ada", bars[0]))
        await until(gate.entered.is_set)
        assert json.loads(await store.update(other, "bob", ValueUpdate(value=1.0)))["id"] == 1
        assert (await store.facts(slow, "ada")).updates == 0
        assert not waiting.done()
        gate.through.set()
        assert [await waiting] == alone(hosted, bars[:1])
        assert gate.threads[0] != threading.get_ident()

    run_async(main())


def test_many_updates_at_once_keep_their_order_and_their_bits(store_on, run_async, hosted, bars):
    async def main():
        gate = Gate(hosted, at=10**6)
        store = store_on(model_of=lambda _: gate)
        mine = (await store.open(BARS, "ada")).id
        reader = await store.read(mine, "ada")
        found = await asyncio.gather(*(store.update(mine, "ada", bar) for bar in bars))
        assert found == alone(hosted, bars)
        assert [await reader.next() for _ in bars] == list(enumerate(found, start=1))
        assert threading.get_ident() not in gate.threads

    run_async(main())


def test_a_refused_bar_changes_nothing_of_a_slow_model(store_on, run_async, hosted, bars):
    async def main():
        store = store_on(model_of=lambda _: Gate(hosted, at=10**6))
        mine = (await store.open(BARS, "ada")).id
        await store.update(mine, "ada", bars[0])
        with pytest.raises(Conflict):
            await store.update(mine, "ada", bars[0])
        assert await store.update(mine, "ada", bars[1]) == alone(hosted, bars[:2])[-1]

    run_async(main())


def test_a_caller_that_leaves_while_the_model_runs_leaves_a_whole_session(store_on, run_async, until, hosted, bars):
    async def main():
        gate = Gate(hosted)
        store = store_on(model_of=lambda _: gate)
        mine = (await store.open(BARS, "ada")).id
        left, second = (asyncio.create_task(store.update(mine, "ada", bar)) for bar in bars[:2])
        await until(gate.entered.is_set)
        for _ in range(3):
            left.cancel()
            await asyncio.sleep(0)
        assert not second.done()
        gate.through.set()
        with pytest.raises(asyncio.CancelledError):
            await left
        assert await second == alone(hosted, bars[:2])[-1]
        assert await store.update(mine, "ada", bars[2]) == alone(hosted, bars[:3])[-1]

    run_async(main())


def test_a_session_deleted_while_its_model_runs_is_over(store_on, run_async, until, hosted, bars):
    async def main():
        gate = Gate(hosted)
        store = store_on(model_of=lambda _: gate)
        mine = (await store.open(BARS, "ada")).id
        both = [asyncio.create_task(store.update(mine, "ada", bar)) for bar in bars[:2]]
        await until(gate.entered.is_set)
        await store.delete(mine, "ada")
        gate.through.set()
        for one in both:
            with pytest.raises(NotFound):
                await one
        assert gate.calls == 1

    run_async(main())


def test_a_save_waits_for_the_model_and_another_process_goes_on_bit_for_bit(
    store_on, redis_server, run_async, until, hosted, bars
):
    async def main():
        gate = Gate(hosted, at=50)
        first, second = store_on(redis_server, lambda _: gate), store_on(redis_server, lambda _: hosted)
        mine = (await first.open(BARS, "ada")).id
        for bar in bars[:50]:
            await first.update(mine, "ada", bar)
        waiting = asyncio.create_task(first.update(mine, "ada", bars[50]))
        await until(gate.entered.is_set)
        saving = asyncio.create_task(first.tick())
        await asyncio.sleep(0.05)  # whatever it saves now would be half an update
        gate.through.set()
        await asyncio.gather(waiting, saving)
        assert first.health().unsaved == 0
        await first.stop()
        assert await second.update(mine, "ada", bars[51]) == alone(hosted, bars[:52])[-1]
        await second.stop()

    run_async(main())


@pytest.mark.parametrize("durable", [False, True])
def test_a_slow_session_that_two_processes_use_has_one_history(
    durable, store_on, redis_server, run_async, hosted, bars
):
    async def main():
        stores = [store_on(redis_server, lambda _: Gate(hosted, at=10**6)) for _ in range(2)]
        for store in stores:
            await store.start()
        mine = (await stores[0].open(BARS.replace(durable=durable), "ada")).id
        found = await asyncio.gather(*(stores[0].update(mine, "ada", bar) for bar in bars[:40]))
        first = asyncio.gather(*(stores[0].update(mine, "ada", bar) for bar in bars[40:80]))
        await asyncio.sleep(0)
        facts = asyncio.create_task(stores[1].kind(mine, "ada"))
        found += await first
        await facts
        found += [await stores[1].update(mine, "ada", bar) for bar in bars[80:100]]
        found += [await stores[0].update(mine, "ada", bar) for bar in bars[100:110]]
        for store in stores:
            await store.stop()
        assert found == alone(hosted, bars[:110])

    run_async(main())


def test_a_long_queue_of_slow_updates_holds_up_no_lease(store_on, redis_server, run_async, until, hosted, bars):
    """Another process wants the session; the owner's care for all others does not wait for its model."""

    async def main():
        gate = Gate(hosted)
        first, second = store_on(redis_server, lambda _: gate), store_on(redis_server, lambda _: hosted)
        await first.tick()
        mine = (await first.open(BARS, "ada")).id
        both = [asyncio.create_task(first.update(mine, "ada", bar)) for bar in bars[:2]]
        await until(gate.entered.is_set)
        wanting = asyncio.create_task(second.update(mine, "ada", bars[2]))
        await asyncio.sleep(0.05)  # the wish is in Redis
        await asyncio.wait_for(first.tick(), 3.0)
        assert first.health().unsaved <= 1
        gate.through.set()
        assert await asyncio.gather(*both) == alone(hosted, bars[:2])
        await first.tick()
        assert await wanting == alone(hosted, bars[:3])[-1]
        await first.stop()
        await second.stop()

    run_async(main())


def test_lines_of_quick_models_let_others_have_their_turn(store_on, run_async, hosted, bars):
    async def main():
        gate = Gate(hosted, at=10**6, row_us=400.0)
        store = store_on(model_of=lambda _: gate)
        mine, turns = (await store.open(BARS, "ada")).id, 0

        async def others():
            nonlocal turns
            while True:
                await asyncio.sleep(0)
                turns += 1

        beside = asyncio.create_task(others())
        found = await asyncio.gather(*(store.update(mine, "ada", bar) for bar in bars[:64]))
        beside.cancel()
        assert found == alone(hosted, bars[:64])
        assert set(gate.threads) == {threading.get_ident()}
        assert turns >= 64 * 400 // 2_000 - 2

    run_async(main())


def test_a_model_slower_than_its_host_measured_goes_to_a_thread(run_async, hosted, bars, store_on):
    """Its features may take long where its rows do not: what its updates took of late counts too."""

    async def main():
        gate = Gate(hosted, at=10**6, row_us=10.0)
        ticks = iter(range(0, 10**12, 900_000))
        runs = ModelRuns(cpu_ns=lambda: next(ticks))
        store = SessionStore(store_on()._settings, model_of=lambda _: gate, runs=runs)
        mine = (await store.open(BARS, "ada")).id
        found = [await store.update(mine, "ada", bar) for bar in bars[:5]]
        assert found == alone(hosted, bars[:5])
        assert [one == threading.get_ident() for one in gate.threads] == [True, False, False, False, False]

    run_async(main())


def test_a_model_that_fails_in_its_thread_ends_its_session_only(store_on, run_async, hosted, bars):
    async def main():
        gate = Gate(hosted)
        gate.entered.set = lambda: 1 / 0
        store = store_on(model_of=lambda _: gate)
        mine, other = [(await store.open(BARS, "ada")).id for _ in range(2)]
        with pytest.raises(ZeroDivisionError):
            await store.update(mine, "ada", bars[0])
        with pytest.raises(Exception, match="failed in the midst"):
            await store.update(mine, "ada", bars[1])
        gate.at = 10**6
        assert [await store.update(other, "ada", bars[0])] == alone(hosted, bars[:1])

    run_async(main())
