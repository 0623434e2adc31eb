"""How many workers there should be: bounds, patience, and no to and fro, on loads drawn and simulated."""

from __future__ import annotations

import heapq
import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augury.errors import InvalidInput
from augury_server.jobs.workers.policy import Load, Memory, ScalingPolicy, decide

policies = st.builds(
    lambda low, more, per, grow, shrink: ScalingPolicy(
        minimum=low, maximum=low + more, jobs_per_process=per, grow_after_seconds=grow, shrink_after_seconds=shrink
    ),
    st.integers(1, 5), st.integers(0, 8), st.integers(1, 4), st.floats(0.5, 10), st.floats(10, 120),
)  # fmt: skip
loads = st.builds(
    lambda waiting, running, oldest: Load(waiting=waiting, running=running, oldest_seconds=oldest if waiting else 0.0),
    st.integers(0, 60), st.integers(0, 20), st.floats(0, 100),
)  # fmt: skip


def follow(policy: ScalingPolicy, observed: list[tuple[float, Load]], current: int) -> list[int]:
    """How many processes there are after each look."""
    memory, now, found = Memory(), 0.0, []
    for pause, load in observed:
        now += pause
        decision = decide(policy, load, memory, current=current, now=now)
        memory, current = decision.memory, decision.processes
        found.append(current)
    return found


@given(policies, st.lists(st.tuples(st.floats(0.1, 30), loads), min_size=1, max_size=60), st.integers(0, 30))
def test_the_number_is_within_its_bounds_whatever_is_seen(
    policy: ScalingPolicy, observed: list[tuple[float, Load]], current: int
) -> None:
    assert all(policy.minimum <= number <= policy.maximum for number in follow(policy, observed, current))


@given(policies, loads, st.floats(0.1, 5), st.integers(1, 20))
def test_a_constant_load_moves_the_number_in_one_direction_and_then_not_at_all(
    policy: ScalingPolicy, load: Load, pause: float, current: int
) -> None:
    found = [current, *follow(policy, [(pause, load)] * 400, current)]
    steps = [after - before for before, after in itertools.pairwise(found)]
    assert not (any(step > 0 for step in steps[1:]) and any(step < 0 for step in steps[1:]))
    settled = int(policy.shrink_after_seconds / pause) + 2
    grows_on = int(policy.maximum * (policy.grow_after_seconds / pause + 2))  # by age, one after another
    if settled + grows_on < len(found):
        assert len(set(found[settled + grows_on :])) == 1


@given(
    policies,
    st.lists(st.tuples(st.floats(0.1, 20), loads, st.integers(0, 30)), min_size=1, max_size=40),
    st.integers(1, 13),
)
def test_a_longer_queue_never_asks_for_fewer(
    policy: ScalingPolicy, observed: list[tuple[float, Load, int]], current: int
) -> None:
    """The same number of workers at each look, so that only the queue differs."""
    shorter, longer, now = Memory(), Memory(), 0.0
    for pause, load, more in observed:
        now += pause
        fuller = Load(waiting=load.waiting + more, running=load.running, oldest_seconds=load.oldest_seconds)
        little = decide(policy, load, shorter, current=current, now=now)
        much = decide(policy, fuller, longer, current=current, now=now)
        shorter, longer = little.memory, much.memory
        assert much.processes >= little.processes


def test_growing_takes_a_need_that_lasts_and_shrinking_a_longer_calm() -> None:
    policy = ScalingPolicy(minimum=1, maximum=4, grow_after_seconds=2, shrink_after_seconds=60)
    blink = [(1.0, Load(waiting=0)), (1.0, Load(waiting=9)), (1.0, Load(waiting=0)), (1.0, Load(waiting=0))]
    assert follow(policy, blink, 1) == [1, 1, 1, 1], "one look is no need"
    lasting = [(1.0, Load(waiting=3))] * 3
    assert follow(policy, lasting, 1) == [1, 1, 3]
    calm = [(1.0, Load(waiting=3))] * 3 + [(1.0, Load(waiting=0))] * 62
    found = follow(policy, calm, 1)
    assert found[2:62] == [3] * 60
    assert found[-1] == 1


def test_a_job_that_waits_too_long_calls_for_one_more_after_another() -> None:
    policy = ScalingPolicy(minimum=1, maximum=3, patience_seconds=30, grow_after_seconds=2)
    stuck = [(1.0, Load(waiting=1, oldest_seconds=31.0 + second)) for second in range(12)]
    found = follow(policy, stuck, 1)
    assert found[0] == 1
    assert sorted(set(found)) == [1, 2, 3]
    decision = decide(policy, Load(waiting=1, oldest_seconds=99), Memory(wanted=((0.0, 2),)), current=1, now=5.0)
    assert "has waited 99 s" in decision.reason


def test_a_clock_that_goes_back_is_survived() -> None:
    policy = ScalingPolicy(grow_after_seconds=2)
    memory = Memory(wanted=((100.0, 4), (101.0, 4)))
    decision = decide(policy, Load(waiting=0), memory, current=2, now=5.0)
    assert decision.processes == 2
    assert decision.memory.wanted == ((5.0, 1),)


@pytest.mark.parametrize(("minimum", "maximum", "per"), [(0, 4, 1), (5, 4, 1), (1, 4, 0)])
def test_bounds_that_are_none_are_refused(minimum: int, maximum: int, per: int) -> None:
    with pytest.raises(InvalidInput):
        ScalingPolicy(minimum=minimum, maximum=maximum, jobs_per_process=per)


def simulate(policy: ScalingPolicy, rate: float, seconds: float, seed: int) -> tuple[list[int], float]:
    """Poisson arrivals of jobs of about two seconds, served by as many workers as the policy says (a start takes two
    seconds); the number each second, and the 95th percentile of waiting."""
    random = np.random.default_rng(seed)
    arrivals = np.cumsum(random.exponential(1 / rate, int(3 * rate * seconds) + 10)).tolist()
    queue: list[float] = []
    busy: list[float] = []
    starting: list[float] = []
    memory, current, ready, numbers, waits = Memory(), 1, 1, [], []
    for tick in range(int(seconds * 10)):
        now = tick / 10
        while arrivals and arrivals[0] <= now:
            queue.append(arrivals.pop(0))
        while busy and busy[0] <= now:
            heapq.heappop(busy)
        while starting and starting[0] <= now:
            starting.pop(0)
            ready += 1
        while queue and len(busy) < ready:
            waits.append(now - queue.pop(0))
            heapq.heappush(busy, now + random.uniform(1.5, 2.5))
        if tick % 10 == 0:
            load = Load(waiting=len(queue), running=len(busy), oldest_seconds=now - queue[0] if queue else 0.0)
            decision = decide(policy, load, memory, current=current, now=now)
            memory = decision.memory
            starting += [now + 2.0] * max(0, decision.processes - current)
            ready -= max(0, current - decision.processes)
            current = decision.processes
            numbers.append(current)
    return numbers, float(np.percentile(waits, 95))


def test_steady_traffic_is_served_without_to_and_fro() -> None:
    policy = ScalingPolicy(minimum=1, maximum=8)
    fixed = ScalingPolicy(minimum=1, maximum=1)
    hasty = ScalingPolicy(minimum=1, maximum=8, grow_after_seconds=1e-6, shrink_after_seconds=1e-6)
    for seed in range(3):
        numbers, waited = simulate(policy, rate=1.5, seconds=1800, seed=seed)  # three workers' worth of work
        changes = sum(before != after for before, after in itertools.pairwise(numbers[120:]))
        assert changes <= 30, "less than one change a minute under random traffic"
        assert waited < 5
        assert np.mean(numbers) < 7
        nervous, _ = simulate(hasty, rate=1.5, seconds=1800, seed=seed)
        assert sum(before != after for before, after in itertools.pairwise(nervous)) > 10 * max(changes, 10)
        _, alone = simulate(fixed, rate=1.5, seconds=300, seed=seed)
        assert alone > 10 * waited, "one worker alone drowns: the traffic is a test"
