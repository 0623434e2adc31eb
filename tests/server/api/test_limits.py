"""Rate limits: buckets in memory, their headers, anonymous callers, and one limit for several processes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis

from augury_server.api.limits import Buckets, address_group
from augury_server.api.shared_limits import SharedBuckets

Probes = Callable[..., Any]


class Hand:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@settings(max_examples=100, deadline=None, derandomize=True)
@given(limit=st.integers(1, 100), steps=st.lists(st.floats(0, 3), max_size=120))
def test_a_bucket_lets_through_its_size_and_its_rate_and_no_more(limit: int, steps: list[float]) -> None:
    clock = Hand()
    buckets = Buckets(limit, clock=clock)
    began, taken = clock.now, 0
    for step in steps:
        clock.now += step
        before = taken
        verdict = buckets.take("a")
        taken += verdict.allowed
        bound = limit + (clock.now - began) * limit / 60.0
        assert taken <= bound + 1e-6
        if not verdict.allowed:
            assert before + 1 > bound - limit * 1e-9 or verdict.wait >= 1
            assert verdict.remaining == 0
            ahead = Buckets(limit, clock=clock)
            ahead._left, ahead._at = dict(buckets._left), dict(buckets._at)
            clock.now += verdict.wait
            assert ahead.take("a").allowed, "after the wait that was told there is one more"
            clock.now -= verdict.wait
        assert 0 <= verdict.remaining < limit or limit == verdict.remaining + 1


def test_a_bucket_is_full_again_when_it_says_so() -> None:
    clock = Hand()
    buckets = Buckets(60, clock=clock)
    verdicts = [buckets.take("a") for _ in range(61)]
    assert [each.allowed for each in verdicts] == [True] * 60 + [False]
    assert [each.remaining for each in verdicts[:3]] == [59, 58, 57]
    clock.now += verdicts[-1].reset
    assert buckets.take("a").remaining == 59
    assert buckets.take("b").remaining == 59


def test_however_many_names_come_the_buckets_are_bounded_and_busy_ones_stay() -> None:
    clock = Hand()
    buckets = Buckets(10, clock=clock, most=100)
    for number in range(2_000):
        clock.now += 0.01
        buckets.take(f"address{number}")
        busy = buckets.take("busy")
        assert len(buckets) <= 100
    assert not busy.allowed


def test_a_machine_with_many_ipv6_addresses_has_one_bucket() -> None:
    assert address_group("2001:db8::1") == address_group("2001:db8::ffff:1") != address_group("2001:db8:0:1::1")
    assert address_group("192.0.2.7") == "192.0.2.7"
    assert address_group("fe80::1%eth0") == "fe80::/64"
    assert address_group("a:b") == "a:b"


def test_a_key_over_its_limit_hears_how_long_to_wait(probes: Probes) -> None:
    api = probes(**{"api.requests_per_minute": 5})
    client = api.client()
    answers = [client.get("/v1/count/1") for _ in range(7)]
    assert [each.status_code for each in answers] == [200] * 5 + [429] * 2
    assert [int(each.headers["ratelimit-remaining"]) for each in answers] == [4, 3, 2, 1, 0, 0, 0]
    assert {each.headers["ratelimit-limit"] for each in answers} == {"5"}
    assert all(1 <= int(each.headers["ratelimit-reset"]) <= 61 for each in answers)
    told = answers[-1]
    assert told.json()["type"] == "urn:augury:problem:too-many-requests"
    assert 1 <= int(told.headers["retry-after"]) <= 13
    assert api.client("operator").get("/v1/count/1").status_code == 200


def test_guessing_keys_is_limited_by_address_and_valid_keys_go_on(probes: Probes) -> None:
    api = probes(**{"api.anonymous_per_minute": 10})
    anybody = api.client(None)
    codes = [anybody.get("/v1/count/1", headers={"x-api-key": f"aug_{n:012x}_guess"}).status_code for n in range(30)]
    assert codes == [401] * 10 + [429] * 20
    assert anybody.get("/").status_code == 429
    assert anybody.get("/health/live").status_code == 200
    assert api.client().get("/v1/count/1").status_code == 200


# --- through Redis ---------------------------------------------------------------------------------------------


def shared(port: int, limit: int, clock: Callable[[], float] | None = None) -> SharedBuckets:
    client = Redis(port=port, socket_timeout=1.0, socket_connect_timeout=1.0)
    return SharedBuckets(Buckets(limit), client, "limit:", **({"clock": clock} if clock else {}))


async def settle(buckets: SharedBuckets) -> None:
    while buckets._tasks:
        await asyncio.gather(*tuple(buckets._tasks))


@pytest.mark.parametrize("limit", [20, 400, 6_000])
def test_several_processes_together_keep_to_one_limit(redis_server: Any, limit: int) -> None:
    async def run() -> tuple[int, int]:
        processes = [shared(redis_server.port, limit) for _ in range(3)]
        taken = 0
        for _ in range(limit):
            for each in processes:
                taken += each.take(f"k{limit}").allowed
            await asyncio.gather(*map(settle, processes))
        lease = processes[0].lease
        for each in processes:
            await each.stop()
        return taken, lease

    taken, lease = asyncio.run(run())
    assert taken >= limit * 0.9 - 3 * lease
    assert taken <= limit * 1.1 + 3 * lease


def test_a_request_never_waits_for_redis(redis_server: Any) -> None:
    async def run() -> None:
        first, second = shared(redis_server.port, 600), shared(redis_server.port, 600)
        early = [each.take("burst").allowed for _ in range(500) for each in (first, second)]  # nothing is awaited
        assert all(early)
        await settle(first)
        await settle(second)
        paid, other = (first, second) if first._leases["burst"].have > 0 else (second, first)  # who came first
        assert paid.take("burst").allowed, "its debt was paid by the first lease"
        refused = [other.take("burst") for _ in range(20)]
        assert not any(each.allowed for each in refused), "for the other's debt there was not enough"
        assert refused[0].wait > 30, "it is made up for"
        await first.stop()
        await second.stop()

    asyncio.run(run())


def test_what_passes_while_redis_is_asked_is_no_shortage(redis_server: Any) -> None:
    async def run() -> None:
        buckets = shared(redis_server.port, 6_000)
        for _ in range(10):
            # many more than a lease while the first answer is under way, and far from the limit
            assert all(buckets.take("slow").allowed for _ in range(3 * buckets.lease))
            await settle(buckets)
        await buckets.stop()

    asyncio.run(run())


def test_while_redis_is_away_each_process_goes_by_its_own_limit_and_then_shares_again(own_redis: Any) -> None:
    async def run() -> None:
        clock = Hand()
        buckets = shared(own_redis.port, 60, clock)
        assert buckets.take("a").allowed
        await settle(buckets)
        own_redis.stop()
        for _ in range(5):
            buckets.take("a")
            await settle(buckets)
        assert buckets.problem
        allowed = [buckets.take("a").allowed for _ in range(100)]
        assert 40 <= sum(allowed) <= 60
        own_redis.start()
        clock.now += 5.0
        assert buckets.take("b").allowed
        await settle(buckets)
        assert not buckets.problem
        await buckets.stop()

    asyncio.run(run())


def test_two_servers_share_a_limit_and_survive_redis(probes: Probes, own_redis: Any, serve: Any) -> None:
    api = probes(**{"redis.url": f"redis://127.0.0.1:{own_redis.port}/0", "api.requests_per_minute": 60})
    first, token = api.client(), api.keys["viewer"]
    assert first.get("/v1/count/1").status_code == 200
    second = serve(api.platform, probes.app(), keys=api.keys)  # type: ignore[attr-defined]
    with httpx.Client(base_url=second.url, headers={"x-api-key": token}) as other:
        codes, began = [], time.monotonic()
        for _ in range(60):
            codes += [client.get("/v1/count/1").status_code for client in (first, other)]
            api.wait(lambda: not (api.state.limits._tasks or second.state.limits._tasks), "the leases")
        refilled = time.monotonic() - began + 1.0
        assert set(codes) == {200, 429}
        assert 50 <= codes.count(200) <= 60 + 2 * api.state.limits.lease + refilled
        own_redis.stop()
        assert {other.get("/v1/count/1").status_code for _ in range(5)} <= {200, 429}
        assert httpx.get(f"{api.url}/").status_code == 200
        own_redis.start()
