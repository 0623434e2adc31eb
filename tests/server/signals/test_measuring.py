"""What came of a decision, against a slow table of pandas; what happens later must not matter."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augury.market import Timeframe
from augury.market.bars import BarArrays
from augury_server.ingest.bar_rows import KnownBars
from augury_server.signals.measuring import Terms, earliest_maturity, measure

HOUR = Timeframe.of("1h")
TERMS = Terms(timeframe=HOUR, cost_rate=0.001, prompt_fraction=0.05)


def random_bars(seed: int, size: int = 40, *, gaps: bool = True, late: bool = True) -> KnownBars:
    rng = np.random.default_rng(seed)
    steps = rng.choice([1, 1, 1, 2, 17], size) if gaps else np.ones(size, dtype=np.int64)
    opened_at = np.cumsum(steps) * HOUR.ns
    opens = 100 * np.exp(np.cumsum(rng.normal(0, 0.01, size)))
    closes = opens * np.exp(rng.normal(0, 0.01, size))
    highs, lows = np.maximum(opens, closes) * 1.004, np.minimum(opens, closes) * 0.996
    delays = rng.choice([0, 0, 0, HOUR.ns // 100, 3 * HOUR.ns, 9 * HOUR.ns], size) if late else 0
    matrix = np.stack([opens, highs, lows, closes, np.full(size, 1e3)])
    return KnownBars(BarArrays(opened_at, matrix), opened_at + HOUR.ns + delays)


def slow(bars: KnownBars, signal: tuple[str, int, int], horizon: int, terms: Terms) -> dict[str, Any] | None:
    """The same in plain words, a row at a time."""
    kind, closed, known = signal
    columns = ["open", "high", "low", "close", "volume"]
    table = pd.DataFrame(bars.bars.matrix.T, columns=columns).assign(opened=bars.bars.opened_at, known=bars.known_at)
    earliest = closed if (known - closed) / terms.timeframe.ns <= terms.prompt_fraction else known
    held = table[table.opened >= earliest].head(horizon)
    if len(held) < horizon:
        return None
    entry, leave = held.open.iloc[0], held.close.iloc[-1]
    found = {
        "entry_at_ns": held.opened.iloc[0],
        "exit_at_ns": held.opened.iloc[-1] + HOUR.ns,
        "known_at_ns": max(known, held.known.max()),
        "entry_price": entry,
        "exit_price": leave,
        "forward_return": (leave - entry) / entry,
    }
    if kind == "HOLD":
        return found | dict.fromkeys(("net_return", "hit", "max_favourable", "max_adverse"))
    paid = terms.cost_rate * entry + terms.cost_rate * leave
    gain = (leave - entry if kind == "BUY" else entry - leave) - paid
    ups, downs = held.high / entry - 1, held.low / entry - 1
    ways = (ups.max(), downs.min()) if kind == "BUY" else ((-downs).max(), (-ups).min())
    return found | {"net_return": gain / entry, "hit": gain > 0, "max_favourable": ways[0], "max_adverse": ways[1]}


@pytest.mark.parametrize("kind", ["BUY", "SELL", "HOLD"])
@pytest.mark.parametrize("horizon", [1, 3, 11])
def test_an_outcome_is_what_a_table_of_the_bars_says(kind: str, horizon: int) -> None:
    compared = 0
    for seed in range(15):
        bars = random_bars(seed)
        for at in range(0, 40, 3):
            signal = (kind, int(bars.bars.opened_at[at]) + HOUR.ns, int(bars.known_at[: at + 1].max()))
            found, expected = measure(bars, signal, horizon, TERMS), slow(bars, signal, horizon, TERMS)
            assert (found is None) == (expected is None)
            if found is None or expected is None:
                continue
            compared += 1
            for name, value in expected.items():
                got = getattr(found, name)
                if isinstance(value, float):
                    assert math.isclose(got, value, rel_tol=1e-12, abs_tol=1e-14), name
                else:
                    assert got == value, name
    assert compared > 100


@given(
    seed=st.integers(0, 10_000), at=st.integers(0, 30), horizon=st.integers(1, 8), kind=st.sampled_from(["BUY", "SELL"])
)
def test_bars_outside_the_stretch_change_nothing_and_those_inside_do(
    seed: int, at: int, horizon: int, kind: str
) -> None:
    bars = random_bars(seed, late=False)
    signal = (kind, int(bars.bars.opened_at[at]) + HOUR.ns, int(bars.known_at[at]))
    before = measure(bars, signal, horizon, TERMS)
    if before is None:
        return
    opened_at = bars.bars.opened_at
    inside = (opened_at >= before.entry_at_ns) & (opened_at < before.exit_at_ns)
    outside = bars.bars.matrix.copy()
    outside[:, ~inside] *= 7.0
    assert measure(KnownBars(BarArrays(opened_at, outside), bars.known_at), signal, horizon, TERMS) == before
    changed = bars.bars.matrix.copy()
    changed[3, np.flatnonzero(inside)[-1]] *= 1.01
    after = measure(KnownBars(BarArrays(opened_at, changed), bars.known_at), signal, horizon, TERMS)
    assert after is not None
    assert after.net_return != before.net_return


def test_entry_is_never_before_the_signal_was_known() -> None:
    bars = random_bars(3, gaps=False, late=False)
    closed = int(bars.bars.opened_at[10]) + HOUR.ns
    prompt = measure(bars, ("BUY", closed, closed + HOUR.ns // 25), 2, TERMS)
    late = measure(bars, ("BUY", closed, closed + 3 * HOUR.ns + 1), 2, TERMS)
    assert prompt is not None
    assert late is not None
    assert prompt.entry_at_ns == closed
    assert late.entry_at_ns == closed + 4 * HOUR.ns


def test_an_outcome_waits_until_its_last_bar_is_there() -> None:
    bars = random_bars(5, size=10, gaps=False, late=False)
    signal = ("BUY", int(bars.bars.opened_at[4]) + HOUR.ns, int(bars.known_at[4]))
    assert measure(bars, signal, 5, TERMS) is not None
    assert measure(bars[slice(0, 9)], signal, 5, TERMS) is None
    assert measure(bars, signal, 6, TERMS) is None


def test_costs_are_paid_on_both_sides_and_can_turn_a_gain_into_a_miss() -> None:
    opened_at = np.arange(3) * HOUR.ns
    prices = np.array([[100.0, 100.0, 100.0], [101.0] * 3, [99.0] * 3, [100.0, 100.2, 100.2], [1.0] * 3])
    bars = KnownBars(BarArrays(opened_at, prices), opened_at + HOUR.ns)
    signal = ("BUY", HOUR.ns, HOUR.ns)
    free = measure(bars, signal, 1, Terms(timeframe=HOUR, cost_rate=0.0, prompt_fraction=0.0))
    dear = measure(bars, signal, 1, Terms(timeframe=HOUR, cost_rate=0.002, prompt_fraction=0.0))
    assert free is not None
    assert dear is not None
    assert free.hit
    assert free.net_return == pytest.approx(0.002)
    assert not dear.hit
    assert dear.net_return == pytest.approx(0.002 - 0.002 * (1 + 1.002))
    assert free.forward_return == dear.forward_return


@given(seed=st.integers(0, 5_000), at=st.integers(0, 30), horizon=st.integers(1, 9))
def test_nothing_matures_before_the_earliest_maturity(seed: int, at: int, horizon: int) -> None:
    bars = random_bars(seed, late=False)
    closed = int(bars.bars.opened_at[at]) + HOUR.ns
    found = measure(bars, ("BUY", closed, closed), horizon, TERMS)
    if found is not None:
        assert found.exit_at_ns >= earliest_maturity(closed, horizon, HOUR)
