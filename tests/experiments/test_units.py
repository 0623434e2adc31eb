"""Units: a symbol, or a symbol's day by the open of the bar."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augury.errors import InvalidInput
from augury.experiments import UNIT_KINDS, unit_of

NS = 10**9


@given(at=st.integers(-(2**60), 2**62), symbol=st.text(min_size=1, max_size=12))
def test_a_unit_is_the_symbol_or_the_symbol_with_its_day_in_utc(at: int, symbol: str) -> None:
    day = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at // 1000)
    assert unit_of("symbol", symbol, at) == symbol
    assert unit_of("symbol_day", symbol, at) == f"{symbol} {day.date()}"


@pytest.mark.parametrize(
    ("at", "day"),
    [(0, "1970-01-01"), (-1, "1969-12-31"), (86_400 * NS - 1, "1970-01-01"), (86_400 * NS, "1970-01-02")],
)
def test_a_day_begins_at_midnight(at: int, day: str) -> None:
    assert unit_of("symbol_day", "AAPL", at) == f"AAPL {day}"


def test_what_is_no_unit_is_refused() -> None:
    with pytest.raises(InvalidInput, match="name the symbol"):
        unit_of("symbol", "", 0)
    with pytest.raises(InvalidInput, match="symbol or symbol_day"):
        unit_of("request", "AAPL", 0)  # type: ignore[arg-type]
    assert UNIT_KINDS == ("symbol", "symbol_day")
