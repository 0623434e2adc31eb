"""When what failed is tried again: after pauses that double."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

__all__ = ["Retries"]

_LONGEST_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Failure:
    reason: str
    pause: float
    again_at: float


class Retries:
    """What failed, why, and from when on it is tried again: after `first` seconds, then twice that, up to a minute."""

    def __init__(self, *, clock: Callable[[], float], first: float) -> None:
        self._clock, self._first = clock, first
        self._failures: dict[str, _Failure] = {}

    def due(self, key: str) -> bool:
        """Whether it may be tried: it never failed, or its pause is over."""
        failure = self._failures.get(key)
        return failure is None or self._clock() >= failure.again_at

    def failed(self, key: str, reason: str) -> None:
        """It failed (again)."""
        before = self._failures.get(key)
        pause = self._first if before is None else min(2.0 * before.pause, max(_LONGEST_SECONDS, self._first))
        failure = _Failure(reason=reason, pause=pause, again_at=self._clock() + pause)
        self._failures = {**self._failures, key: failure}

    def succeeded(self, key: str) -> None:
        """It works."""
        self._failures = {other: failure for other, failure in self._failures.items() if other != key}

    def keep(self, keys: Iterable[str]) -> None:
        """Forget every other: it is not wanted any more."""
        wanted = set(keys)
        self._failures = {key: failure for key, failure in self._failures.items() if key in wanted}

    def reasons(self) -> dict[str, str]:
        """Why each failed the last time."""
        return {key: failure.reason for key, failure in self._failures.items()}
