"""Predictions to record."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from augury_server.predictions.recording import PredictionRecord

START = datetime(2026, 3, 1, tzinfo=UTC)
DAY_NS = 86_400 * 10**9
FIRST_BAR_NS = 1_772_236_800 * 10**9


@pytest.fixture(scope="session")
def made() -> Callable[..., PredictionRecord]:
    """The prediction number n: of three symbols and two versions in turn, a minute after the one before."""

    def make(n: int, **given: Any) -> PredictionRecord:
        fields: dict[str, Any] = {
            "id": UUID(int=(n * 0x9E3779B97F4A7C15 + 1) % 2**128),
            "model_name": "trend",
            "model_version": 1 + n % 2,
            "symbol": ("AAPL", "IBM", "MSFT")[n % 3],
            "bar_opened_at_ns": FIRST_BAR_NS + n // 6 * DAY_NS,
            "made_at": START + timedelta(minutes=n),
            "probabilities": (0.25, 0.75),
            "decision": ("up", "down", "")[n % 5 % 3],
            "inputs_sha256": f"{n:064x}",
            "latency_us": 40 + n % 7,
            "request_id": f"r-{n // 3}",
            "experiment": "ab" if n % 4 == 0 else "",
            "variant": ("champion", "challenger")[n % 8 // 4] if n % 4 == 0 else "",
        }
        return PredictionRecord(**(fields | given))

    return make
