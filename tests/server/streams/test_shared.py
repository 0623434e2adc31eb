"""Sessions between stores over a real Redis: restarts, kills, two processes at once, Redis away."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import subprocess
import sys

import pytest
import redis

from augury.errors import AuguryError, Conflict, NotFound, Unavailable
from augury_server.streams.session import StreamSession
from augury_server.streams.spec import StreamSpec
from augury_server.streams.update import ValueUpdate

SPEC = StreamSpec.from_dict({"window": 10, "change": {"arl0": 200}, "kept_updates": 50})
DURABLE = SPEC.replace(durable=True)


@contextlib.asynccontextmanager
async def running(*stores):
    for store in stores:
        await store.start()
    try:
        yield
    finally:
        for store in stores:
            await store.stop()


def value(place):
    return ValueUpdate(value=float(place % 7), at_ns=place)


def alone(spec, places):
    """What a session that never moved answers."""
    session = StreamSession(spec)
    for place in places:
        session.update(float(place % 7), place)
    return session


def test_a_rolling_restart_loses_no_answer(store_on, redis_server, run_async):
    async def main():
        first, second = store_on(redis_server, save_seconds=100.0), store_on(redis_server)
        async with running(first):
            mine = [(await first.open(SPEC, "ada")).id for _ in range(120)]
            for place in range(1, 31):
                for one in mine:
                    await first.update(one, "ada", value(place))
        async with running(second):
            wanted = alone(SPEC, range(1, 32)).kept[-1][1]
            for one in mine:
                assert await second.update(one, "ada", value(31)) == wanted
            assert len(second) == 120
            with pytest.raises(NotFound):
                await second.update(mine[0], "bob", value(32))
            assert {line.id for line in (await second.page("ada", limit=200)).sessions} == set(mine)

    run_async(main())


def test_a_model_goes_on_with_its_version_in_another_process(store_on, redis_server, run_async, hosted):
    from augury.market.bars import bar_arrays
    from augury_server.streams.update import BarUpdate

    arrays = bar_arrays(hosted.bars)
    bars = [BarUpdate(int(at), *arrays.matrix[:, t].tolist()) for t, at in enumerate(arrays.opened_at.tolist())]

    async def main():
        names = []

        def model_of(name):
            names.append(name)
            return hosted

        first, second = store_on(redis_server, model_of), store_on(redis_server, model_of)
        async with running(first):
            mine = (await first.open(StreamSpec(kind="bars", model="trend"), "ada")).id
            for bar in bars[:100]:
                await first.update(mine, "ada", bar)
        async with running(second):
            for bar in bars[100:]:
                answer = await second.update(mine, "ada", bar)
        assert names == ["trend", "trend@3"]
        last = hosted.predictor.predict_last(arrays).probabilities[0].tolist()
        assert json.loads(answer)["prediction"]["probabilities"] == last

    run_async(main())


def test_a_session_whose_version_is_served_no_more_says_so_and_goes_on_when_it_is(
    store_on, redis_server, run_async, hosted
):
    from augury.market.bars import bar_arrays
    from augury_server.streams.update import BarUpdate

    arrays = bar_arrays(hosted.bars)
    bars = [BarUpdate(int(at), *arrays.matrix[:, t].tolist()) for t, at in enumerate(arrays.opened_at[:3].tolist())]
    served = {"trend": hosted}

    def model_of(name):
        if name not in served:
            raise NotFound(f"no model {name!r} is served")
        return served[name]

    async def main():
        first, second = store_on(redis_server, model_of), store_on(redis_server, model_of)
        async with running(first):
            mine, other = [(await first.open(StreamSpec(kind="bars", model="trend"), "ada")).id for _ in range(2)]
            await first.update(mine, "ada", bars[0])
        async with running(second):
            for ask in (second.kind(mine, "ada"), second.update(mine, "ada", bars[1]), second.read(mine, "ada")):
                with pytest.raises(NotFound, match=r"trend@3 is not served here now; serve that .*DELETE"):
                    await ask
            await second.delete(other, "ada")
            served["trend@3"] = hosted
            assert json.loads(await second.update(mine, "ada", bars[1]))["id"] == 2

    run_async(main())


def test_two_processes_at_once_make_one_history(store_on, redis_server, run_async):
    """Both are sent updates as they come; each that was answered is in the one history, in the order of its times."""

    async def main():
        stores = [store_on(redis_server), store_on(redis_server), store_on(redis_server)]
        answered = {}
        async with running(*stores):
            mine = (await stores[0].open(SPEC, "ada")).id
            clock = iter(range(1, 10_000))

            async def send(store, count):
                for _ in range(count):
                    place = next(clock)
                    try:
                        answered[place] = json.loads(await store.update(mine, "ada", value(place)))
                    except Conflict:
                        continue
                    await asyncio.sleep(0)

            await asyncio.gather(*(send(store, 40) for store in stores))
            facts = [await store.facts(mine, "ada") for store in stores]
        assert len(answered) > 30
        assert {one.updates for one in facts} == {len(answered)}
        assert [answered[place]["id"] for place in sorted(answered)] == list(range(1, len(answered) + 1))
        history = StreamSession(SPEC)
        for place in sorted(answered):
            history.update(float(place % 7), place)
            assert json.loads(history.kept[-1][1]) == answered[place]
        assert sum(store.health().superseded for store in stores) == 0

    run_async(main())


def test_the_owner_hands_over_what_it_had_not_saved(store_on, redis_server, run_async):
    async def main():
        first, second = store_on(redis_server, save_seconds=1000.0), store_on(redis_server)
        async with running(first, second):
            mine = (await first.open(SPEC, "ada")).id
            for place in range(1, 20):
                await first.update(mine, "ada", value(place))
            assert await second.update(mine, "ada", value(20)) == alone(SPEC, range(1, 21)).kept[-1][1]
            assert await first.update(mine, "ada", value(21)) == alone(SPEC, range(1, 22)).kept[-1][1]

    run_async(main())


def test_readers_in_one_process_get_what_another_answers(store_on, redis_server, run_async):
    async def main():
        first, second = store_on(redis_server), store_on(redis_server)
        async with running(first, second):
            mine = (await first.open(SPEC, "ada")).id
            await first.update(mine, "ada", value(1))
            reader = await second.read(mine, "ada", after=0)
            sent = [await first.update(mine, "ada", value(place)) for place in range(2, 12)]
            found = [await reader.next(10.0) for _ in range(11)]
            assert [update_id for update_id, _ in found] == list(range(1, 12))
            assert [answer for _, answer in found[1:]] == sent
            await first.delete(mine, "ada")
            assert (await reader.next(10.0), reader.ended) == (None, "gone")

    run_async(main())


def test_a_deleted_session_stays_deleted_wherever_it_is_held(store_on, redis_server, run_async, until):
    async def main():
        first, second = store_on(redis_server), store_on(redis_server)
        async with running(first, second):
            mine = (await first.open(SPEC, "ada")).id
            await first.update(mine, "ada", value(1))
            with pytest.raises(NotFound):
                await second.delete(mine, "bob")
            await second.delete(mine, "ada")
            await until(lambda: len(first) == 0, "the owner's dropping it")
            for store in (first, second):
                with pytest.raises(NotFound):
                    await store.update(mine, "ada", value(2))

    run_async(main())


def keys_in(server, tmp_path):
    with redis.Redis(port=server.port) as client:
        return {name.decode().removeprefix(f"t:{tmp_path}:") for name in client.scan_iter(f"t:{tmp_path}:*")}


def test_deleting_what_is_not_there_leaves_nothing_in_redis(store_on, redis_server, run_async, tmp_path):
    async def main():
        store = store_on(redis_server)
        for place in range(20):
            with pytest.raises(NotFound):
                await store.delete(f"st_{place:024}", "bob")
        await store.stop()

    run_async(main())
    assert keys_in(redis_server, tmp_path) == set()


def test_no_key_deletes_the_session_of_another_that_redis_has_not_yet(store_on, own_redis, run_async, until, tmp_path):
    async def main():
        first, second = store_on(own_redis), store_on(own_redis)
        own_redis.stop(signal.SIGKILL)
        mine, ended = [(await first.open(SPEC, "ada")).id for _ in range(2)]
        await first.update(mine, "ada", value(1))
        own_redis.start()
        with pytest.raises(NotFound):
            await second.delete(mine, "bob")
        await until(lambda: deleted(first, ended), "Redis is back")
        await first.tick()
        assert await first.update(mine, "ada", value(2)) == alone(SPEC, [1, 2]).kept[-1][1]
        assert (await second.facts(mine, "ada")).updates == 1
        assert {name for name in keys_in(own_redis, tmp_path) if name.startswith("gone:")} == {f"gone:{ended}"}
        for store in (first, second):
            await store.stop()

    async def deleted(store, one):
        with contextlib.suppress(Unavailable):
            await store.delete(one, "ada")
            return True

    run_async(main())


def test_limits_count_the_sessions_of_all_processes(store_on, redis_server, run_async):
    async def main():
        stores = [store_on(redis_server, sessions_per_key=4, sessions=6) for _ in range(2)]
        async with running(*stores):
            for store in (*stores, *stores):
                await store.open(SPEC, "ada")
            for store in stores:
                with pytest.raises(AuguryError, match="4 of 4"):
                    await store.open(SPEC, "ada")
            await stores[0].open(SPEC, "bob")
            await stores[1].open(SPEC, "bob")
            with pytest.raises(AuguryError, match="6 of"):
                await stores[0].open(SPEC, "cat")

    run_async(main())


def test_redis_away_memory_goes_on_and_health_says_so(store_on, own_redis, run_async, until):
    async def main():
        store = store_on(own_redis)
        async with running(store):
            plain, durable = (await store.open(SPEC, "ada")).id, (await store.open(DURABLE, "ada")).id
            await store.update(plain, "ada", value(1))
            await store.update(durable, "ada", value(1))
            own_redis.stop(signal.SIGKILL)
            await store.update(plain, "ada", value(2))
            with pytest.raises(Unavailable):
                await store.update(durable, "ada", value(2))
            with pytest.raises(Unavailable):
                await store.update("st_" + 24 * "x", "ada", value(2))
            opened = (await store.open(SPEC, "ada")).id
            await until(lambda: store.health().redis == "away", "the notice")
            assert store.health().unsaved >= 2
            own_redis.start()
            await until(lambda: store.health().redis == "up" and not store.health().unsaved, "Redis is back")
            assert await store.update(durable, "ada", value(2)) == alone(DURABLE, [1, 2]).kept[-1][1]
            other = store_on(own_redis)
            async with running(other):
                assert await other.update(plain, "ada", value(3)) == alone(SPEC, [1, 2, 3]).kept[-1][1]
                assert (await other.facts(opened, "ada")).updates == 0

    run_async(main())


CHILD = """
import asyncio, sys
from augury_server.settings.sections import RedisSettings, StreamSettings
from augury_server.streams.spec import StreamSpec
from augury_server.streams.store import SessionStore
from augury_server.streams.update import ValueUpdate

async def main():
    redis = RedisSettings(url="redis://127.0.0.1:%(port)d/0", timeout_seconds=2.0)
    store = SessionStore(StreamSettings(save_seconds=0.05), redis=redis, prefix=%(prefix)r)
    await store.start()
    mine = (await store.open(StreamSpec.from_dict(%(spec)r), "ada")).id
    print(mine, flush=True)
    for place in range(1, 100000):
        await store.update(mine, "ada", ValueUpdate(value=float(place %% 7), at_ns=place))
        print(place, flush=True)
        await asyncio.sleep(0)

asyncio.run(main())
"""


@pytest.mark.parametrize("durable", [True, False])
def test_a_killed_process_loses_no_durable_answer_and_of_others_only_the_last(
    durable, store_on, redis_server, run_async, tmp_path
):
    spec = DURABLE if durable else SPEC
    code = CHILD % {"port": redis_server.port, "prefix": f"t:{tmp_path}:", "spec": spec.to_dict()}
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    try:
        mine = child.stdout.readline().strip()
        for line in child.stdout:
            if int(line) >= 300:
                break
        child.send_signal(signal.SIGKILL)
        answered = max([int(line) for line in child.stdout.read().split("\n")[:-1] if line], default=300)
    finally:
        child.kill()
        child.wait(30)
        child.stdout.close()

    async def main():
        store = store_on(redis_server)
        async with running(store):
            updates = (await store.facts(mine, "ada")).updates
            assert updates <= answered + 1
            if durable:
                assert updates >= answered
            found = await store.update(mine, "ada", value(10**6))  # once the dead owner's lease is over
            assert found == alone(spec, [*range(1, updates + 1), 10**6]).kept[-1][1]

    run_async(main())
