"""When a call is tried again, and after how long."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import msgspec

from augury.client.problems import error_of
from augury.client.steps import Attempt, Call, Failure, Flow, Means, Pause, Reply
from augury.errors import InvalidInput

__all__ = ["Retries", "Timeouts", "perform", "retry_after"]

REFUSED_BEFORE_WORK = frozenset({429})
"""The platform says that it did nothing: trying again is safe for every call."""

MAY_PASS = frozenset({502, 503, 504})
"""Something between or behind was away; whether work was done is unknown, so only safe calls are tried again."""


class Timeouts(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds: to connect, without a byte of an answer, and for one call in all, its retries and pauses included."""

    connect_seconds: float = 5.0
    read_seconds: float = 30.0
    total_seconds: float = 120.0

    def __post_init__(self) -> None:
        if not all(0 < value < float("inf") for value in (self.connect_seconds, self.read_seconds, self.total_seconds)):
            raise InvalidInput(f"timeouts are positive numbers of seconds, got {self!r}")


class Retries(msgspec.Struct, frozen=True, kw_only=True):
    """How often a call is tried in all, and the pauses between: a random part of a ceiling that doubles up to a cap."""

    attempts: int = 5
    first_seconds: float = 0.1
    longest_seconds: float = 5.0

    def __post_init__(self) -> None:
        if self.attempts < 1 or not 0 <= self.first_seconds <= self.longest_seconds < float("inf"):
            raise InvalidInput(f"retries need attempts >= 1 and 0 <= first_seconds <= longest_seconds, got {self!r}")

    def pause(self, tried: int, chance: float) -> float:
        """Seconds to wait after the attempt number `tried` (from 1); `chance` in 0..1 picks the part of the ceiling."""
        ceiling = min(self.longest_seconds, self.first_seconds * 2.0 ** min(tried - 1, 60))
        return ceiling * chance


def perform(call: Call, timeouts: Timeouts, retries: Retries, means: Means) -> Flow[Reply]:
    """Send a call until a reply below 300 comes; the pauses grow, and all of it ends before the deadline.

    Raises the error that the platform's problem document names, or Unavailable when no reply came.
    """
    start = means.clock()
    until = start + (call.deadline_seconds or timeouts.total_seconds)
    tried = 0
    while True:
        tried += 1
        left = max(until - means.clock(), 0.001)
        outcome = yield Attempt(call=call, seconds=left)
        assert isinstance(outcome, Reply | Failure)
        if isinstance(outcome, Reply) and outcome.status < 300:
            return outcome
        wait = _wait(call, outcome, tried, retries, means)
        if wait is None or means.clock() + wait >= until:
            raise error_of(call, outcome, tried)
        yield Pause(seconds=wait)


def _wait(call: Call, outcome: Reply | Failure, tried: int, retries: Retries, means: Means) -> float | None:
    """Seconds until the next attempt; None when there should be none."""
    if tried >= retries.attempts:
        return None
    pause = retries.pause(tried, means.random())
    if isinstance(outcome, Failure):
        return pause if call.safe or not outcome.sent else None
    if outcome.status == 409 and tried > 1 and "Idempotency-Key" in call.headers:
        return pause  # the attempt that broke off is still being answered there
    if outcome.status in REFUSED_BEFORE_WORK or (outcome.status in MAY_PASS and call.safe):
        return max(retry_after(outcome), pause)
    return None


def retry_after(reply: Reply) -> float:
    """Seconds that a reply asks to wait: Retry-After as a number or a date; 0 without one that can be read."""
    text = reply.headers.get("retry-after", "").strip()
    if text.isascii() and text.replace(".", "", 1).isdigit():
        return float(text)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    now = reply.headers.get("date", "")
    try:
        since = parsedate_to_datetime(now) if now else datetime.now(UTC)
    except ValueError:
        since = datetime.now(UTC)
    return max(0.0, (at.astimezone(UTC) - since.astimezone(UTC)).total_seconds())
