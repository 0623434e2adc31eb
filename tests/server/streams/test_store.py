"""Sessions in one process: whose they are, how many there may be, when they end, who reads them."""

from __future__ import annotations

import pytest

from augury.errors import InvalidInput, NotFound, Refused
from augury_server.streams.spec import StreamSpec
from augury_server.streams.update import ValueUpdate

SPEC = StreamSpec(kept_updates=4)


class Clock:
    def __init__(self):
        self.now = 10**18

    def __call__(self):
        return self.now


def test_a_session_belongs_to_the_key_that_opened_it(store_on, run_async):
    async def main():
        store = store_on()
        mine = (await store.open(SPEC, "ada")).id
        await store.update(mine, "ada", ValueUpdate(value=1.0))
        for ask in (store.facts, store.delete, store.read):
            with pytest.raises(NotFound):
                await ask(mine, "bob")
        with pytest.raises(NotFound):
            await store.update(mine, "bob", ValueUpdate(value=1.0))
        assert (await store.page("bob")).sessions == ()
        assert (await store.facts(mine, "ada")).updates == 1

    run_async(main())


def test_ids_cannot_be_guessed(store_on, run_async):
    async def main():
        store = store_on()
        ids = {(await store.open(SPEC, "ada")).id for _ in range(500)}
        assert len(ids) == 500
        assert all(len(one) >= 27 for one in ids)

    run_async(main())


def test_there_are_limits_for_a_key_for_all_and_for_windows(store_on, run_async):
    async def main():
        store = store_on(sessions=5, sessions_per_key=3, longest_window=200)
        first = [(await store.open(SPEC, "ada")).id for _ in range(3)]
        with pytest.raises(Refused, match="3 of 3"):
            await store.open(SPEC, "ada")
        for _ in range(2):
            await store.open(SPEC, "bob")
        with pytest.raises(Refused, match="5 of"):
            await store.open(SPEC, "bob")
        await store.delete(first[0], "ada")
        await store.open(SPEC, "bob")
        for options in ({"window": 201}, {"simple_averages": [201]}, {"trend_window": 300}):
            with pytest.raises(InvalidInput, match="200"):
                await store.open(StreamSpec.from_dict(options), "ada")

    run_async(main())


def test_unused_sessions_are_forgotten_and_used_ones_are_not(store_on, run_async):
    async def main():
        clock = Clock()
        store = store_on(clock=clock, idle_seconds=60.0)
        idle, used = [(await store.open(SPEC, "ada")).id for _ in range(2)]
        reader = await store.read(idle, "ada")
        clock.now += 40 * 10**9
        await store.update(used, "ada", ValueUpdate(value=1.0))
        clock.now += 40 * 10**9
        await store.tick()
        with pytest.raises(NotFound):
            await store.facts(idle, "ada")
        assert (await store.facts(used, "ada")).updates == 1
        assert (await reader.next(), reader.ended) == (None, "gone")
        assert store.health().open == 1

    run_async(main())


def test_durable_needs_redis_and_models_need_a_host(store_on, run_async):
    async def main():
        store = store_on()
        with pytest.raises(InvalidInput, match=r"redis\.url"):
            await store.open(StreamSpec(durable=True), "ada")
        with pytest.raises(NotFound, match="no model"):
            await store.open(StreamSpec(kind="bars", model="trend"), "ada")

    run_async(main())


def test_readers_get_every_answer_and_resume_as_far_as_answers_are_kept(store_on, run_async):
    async def main():
        store = store_on()
        mine = (await store.open(SPEC, "ada")).id
        reader = await store.read(mine, "ada")
        sent = [await store.update(mine, "ada", ValueUpdate(value=float(value))) for value in range(10)]
        assert [await reader.next() for _ in range(10)] == list(enumerate(sent, start=1))
        again = await store.read(mine, "ada", after=8)
        early = await store.read(mine, "ada", after=2)
        assert [(await again.next())[0] for _ in range(2)] == [9, 10]
        assert [(await early.next())[0] for _ in range(4)] == [7, 8, 9, 10]  # 3 to 6 are not kept
        assert (await again.next(0.01), again.ended) == (None, "")

    run_async(main())


def test_a_reader_that_lags_is_ended_and_the_others_are_not(store_on, run_async):
    async def main():
        store = store_on()
        mine = (await store.open(SPEC, "ada")).id
        slow, quick = await store.read(mine, "ada", limit=20), await store.read(mine, "ada", limit=20)
        for value in range(30):
            await store.update(mine, "ada", ValueUpdate(value=float(value)))
            assert (await quick.next())[0] == value + 1
        assert [(await slow.next())[0] for _ in range(20)] == list(range(1, 21))
        assert (await slow.next(), slow.ended, quick.ended) == (None, "slow", "")
        assert store.health().readers == 1
        for _ in range(31):
            await store.read(mine, "ada")
        with pytest.raises(Refused, match="readers"):
            await store.read(mine, "ada")

    run_async(main())


def test_readers_that_left_make_room_even_when_no_answer_came_meanwhile(store_on, run_async):
    async def main():
        store = store_on()
        mine = (await store.open(SPEC, "ada")).id
        for _ in range(3):
            readers = [await store.read(mine, "ada") for _ in range(32)]
            with pytest.raises(Refused, match="readers"):
                await store.read(mine, "ada")
            for reader in readers:
                reader.end("left")

    run_async(main())


def test_pages_go_through_all_sessions_of_a_key_once(store_on, run_async):
    async def main():
        store = store_on()
        mine = {(await store.open(SPEC, "ada")).id for _ in range(25)}
        await store.open(SPEC, "bob")
        seen, after = [], ""
        while after is not None:
            page = await store.page("ada", after=after, limit=10)
            seen += [line.id for line in page.sessions]
            after = page.next
        assert seen == sorted(mine)

    run_async(main())
