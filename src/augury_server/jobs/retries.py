"""Which errors are worth another try, and how long to wait for it."""

from __future__ import annotations

import errno
import random

from django.db import InterfaceError, OperationalError

from augury.errors import Conflict, Unavailable

__all__ = ["backoff_seconds", "is_transient"]

_PASSING = frozenset(
    {errno.EAGAIN, errno.EDQUOT, errno.EHOSTUNREACH, errno.EIO, errno.EMFILE, errno.ENETDOWN, errno.ENETUNREACH,
     errno.ENFILE, errno.ENOSPC, errno.ESTALE}
)  # fmt: skip
"""Troubles of a system that pass: full, overloaded, cut off. A missing file or right does not."""


def is_transient(error: BaseException) -> bool:
    """Whether the same call may work later: something is away, changed meanwhile, or used up for now."""
    if isinstance(error, Unavailable | Conflict | OperationalError | InterfaceError):
        return True
    return isinstance(error, ConnectionError | TimeoutError) or (isinstance(error, OSError) and error.errno in _PASSING)


def backoff_seconds(attempt: int, *, first: float, longest: float, rng: random.Random | None = None) -> float:
    """Seconds to wait after a failed attempt (1, 2, ...): anywhere up to a bound that doubles (full jitter)."""
    bound = min(longest, first * 2.0 ** min(attempt - 1, 60))
    return (rng or random).uniform(0.0, bound)
