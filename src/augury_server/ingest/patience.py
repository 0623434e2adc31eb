"""Asking again when something is away for the moment, with waits that differ so that callers do not come in step."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from augury.market.sources.retry import RetrySpec, with_retries
from augury_server.settings.current import current_settings

__all__ = ["jittered", "patiently", "retry_spec"]

Answer = TypeVar("Answer")


def retry_spec() -> RetrySpec:
    """How often and after which waits something is asked again, from the settings."""
    settings = current_settings().ingest
    return RetrySpec(attempts=settings.retry_attempts, first_wait_seconds=settings.retry_wait_seconds)


def jittered(seconds: float, *, sleep: Callable[[float], object] = time.sleep) -> None:
    """Sleep between half and one and a half times as long: callers that failed together come back apart."""
    sleep(seconds * random.uniform(0.5, 1.5))  # noqa: S311 - no secret is made of it


def patiently(call: Callable[[], Answer]) -> Answer:
    """The answer of `call`, asked again while it raises Unavailable."""
    return with_retries(call, retry_spec(), jittered)
