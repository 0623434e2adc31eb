"""How many worker processes there should be: a pure function of what waits, what runs and what was seen before."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from augury.errors import InvalidInput

__all__ = ["Decision", "Load", "Memory", "ScalingPolicy", "decide"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalingPolicy:
    """Bounds and patience.

    `jobs_per_process`: how many jobs one process runs at once. A need must last `grow_after_seconds` before processes
    are added and `shrink_after_seconds` without it before they are taken away. When the oldest due job has waited
    `patience_seconds`, one more process is wanted than there is.
    """

    minimum: int = 1
    maximum: int = 4
    jobs_per_process: int = 1
    patience_seconds: float = 30.0
    grow_after_seconds: float = 2.0
    shrink_after_seconds: float = 60.0

    def __post_init__(self) -> None:
        if not 1 <= self.minimum <= self.maximum:
            raise InvalidInput(
                f"expected 1 <= fewest <= most worker processes, got {self.minimum} and {self.maximum}; "
                "set jobs.autoscale_min and jobs.autoscale_max"
            )
        if self.jobs_per_process < 1:
            raise InvalidInput(f"jobs_per_process should be 1 or more, got {self.jobs_per_process}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What there is to do: due jobs that wait, jobs that run, and for how long the oldest due one has waited."""

    waiting: int
    running: int = 0
    oldest_seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """How many processes were wanted at which times, oldest first; what `decide` needs to know of the past."""

    wanted: tuple[tuple[float, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """How many processes there should be from now on, and why; `memory` goes into the next call."""

    processes: int
    reason: str
    memory: Memory


def decide(policy: ScalingPolicy, load: Load, memory: Memory, *, current: int, now: float) -> Decision:
    """Grow to what was wanted throughout the last `grow_after_seconds`, shrink to the most that was wanted in the last
    `shrink_after_seconds`, else stay.

    Always within the bounds; never fewer for a longer queue; a constant load moves the number in one direction only.
    `now` is in seconds of a clock that does not go back.
    """
    wanted, why = _wanted(policy, load, current)
    history = _remembered(memory.wanted, now - policy.shrink_after_seconds)
    if history and history[-1][0] > now:
        history = ()  # a clock that went back: what was seen is of no use
    history = (*history, (now, wanted))
    processes, reason = current, "as wanted" if wanted == current else "waiting for the need to last"
    least = _over(history, now - policy.grow_after_seconds, min)
    most = _over(history, now - policy.shrink_after_seconds, max)
    if least is not None and least > current:
        processes, reason = least, why
    elif most is not None and most < current:
        processes, reason = most, f"no need of more than {most} for {policy.shrink_after_seconds:g} s"
    if not policy.minimum <= processes <= policy.maximum:
        processes = min(max(processes, policy.minimum), policy.maximum)
        reason = f"between {policy.minimum} and {policy.maximum}"
    return Decision(processes=processes, reason=reason, memory=Memory(wanted=history))


def _wanted(policy: ScalingPolicy, load: Load, current: int) -> tuple[int, str]:
    """What the load asks for at this moment, within the bounds."""
    wanted = math.ceil((load.waiting + load.running) / policy.jobs_per_process)
    why = f"{load.waiting} waiting, {load.running} running"
    if load.waiting and load.oldest_seconds > policy.patience_seconds and current + 1 > wanted:
        wanted, why = current + 1, f"the oldest due job has waited {load.oldest_seconds:.0f} s"
    return min(max(wanted, policy.minimum), policy.maximum), why


def _remembered(history: tuple[tuple[float, int], ...], since: float) -> tuple[tuple[float, int], ...]:
    """What was seen since then, and the last that was seen before: it held at that time."""
    before = [place for place, (time, _) in enumerate(history) if time <= since]
    return history[before[-1] :] if before else history


def _over(history: tuple[tuple[float, int], ...], since: float, extreme: Callable[[Iterable[int]], int]) -> int | None:
    """The least or most that was wanted since then; None when nothing reaches so far back."""
    if history[0][0] > since:
        return None
    return extreme(wanted for _, wanted in _remembered(history, since))
