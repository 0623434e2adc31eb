"""The verbs of recorded predictions show what was recorded."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from augury.errors import InvalidInput
from augury.operations.registry import run
from augury_server.predictions.outcomes import Realised, join_outcomes
from augury_server.predictions.recording import record_predictions


@pytest.fixture
def recorded(sqlite_platform: Any, made: Any) -> None:
    now = datetime.now(UTC) - timedelta(hours=5)
    records = [made(n, made_at=now + timedelta(minutes=n), model_version=1) for n in range(60)]
    record_predictions(records)
    keys = {(one.symbol, one.bar_opened_at_ns) for one in records}
    join_outcomes(
        [
            Realised(
                model_name="trend", model_version=1, symbol=symbol, bar_opened_at_ns=bar, known_at_ns=bar + 1,
                outcome="up",
            )
            for symbol, bar in keys
        ],
        now_ns=2**62,
    )  # fmt: skip


@pytest.mark.usefixtures("recorded")
def test_the_newest_predictions_of_a_symbol_are_listed() -> None:
    rows = run("predictions.list", model="trend", version=1, symbol="IBM", limit=5).to_dict()["rows"]
    assert len(rows) == 5
    assert {(row["model"], row["symbol"], row["outcome"]) for row in rows} == {("trend@1", "IBM", "up")}
    assert [row["made"] for row in rows] == sorted((row["made"] for row in rows), reverse=True)
    with pytest.raises(InvalidInput, match="model_version was given without model_name"):
        run("predictions.list", version=1)


@pytest.mark.usefixtures("recorded")
def test_counts_show_the_share_that_was_right() -> None:
    (row,) = run("predictions.counts", days=1).to_dict()["rows"]
    decisions = [("up", "down", "")[n % 5 % 3] for n in range(60)]
    assert (row["predictions"], row["decided"], row["right"]) == (60, sum(map(bool, decisions)), decisions.count("up"))
    assert row["hit_rate"] == pytest.approx(decisions.count("up") / sum(map(bool, decisions)))
    assert run("predictions.counts", days=0.001).to_dict()["rows"] == []
