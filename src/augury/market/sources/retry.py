"""Asking again, a bounded number of times, when a vendor is away for the moment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, TypeVar

import msgspec

from augury.errors import Unavailable
from augury.spec import Spec

__all__ = ["RetrySpec", "with_retries"]

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrySpec(Spec):
    """At most `attempts` calls; the first wait is `first_wait_seconds`, each one after `factor` times as long."""

    attempts: Annotated[int, msgspec.Meta(ge=1)] = 4
    first_wait_seconds: Annotated[float, msgspec.Meta(ge=0)] = 1.0
    factor: Annotated[float, msgspec.Meta(ge=1)] = 3.0
    longest_wait_seconds: Annotated[float, msgspec.Meta(ge=0)] = 30.0


def with_retries(call: Callable[[], Answer], spec: RetrySpec, sleep: Callable[[float], object]) -> Answer:
    """The answer of `call`, asked again while it raises Unavailable; the last error says how often it was tried."""
    wait = spec.first_wait_seconds
    for attempt in range(1, spec.attempts + 1):
        try:
            return call()
        except Unavailable as error:
            if attempt == spec.attempts:
                tries = "once" if attempt == 1 else f"{attempt} times"
                raise Unavailable(f"{error}; tried {tries}, retry later") from error
        sleep(min(wait, spec.longest_wait_seconds))
        wait *= spec.factor
    raise AssertionError("attempts is at least 1")
