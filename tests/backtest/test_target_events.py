"""Events run from one to the next against the same events as a target a bar: every bit of it the same."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from augury.backtest import BacktestSpec, CostSpec, ExitSpec, run_engine
from augury.backtest.account.engine import years_between
from augury.backtest.account.event_engine import run_target_events
from augury.backtest.account.events import TargetEvents
from augury.backtest.account.layout import FILLS
from augury.market.bars import BarArrays

EXITS = (
    ExitSpec(),
    ExitSpec(stop_loss=0.02, take_profit=0.04),
    ExitSpec(trailing_stop=0.03),
    ExitSpec(stop_loss=0.05, trailing_stop=0.02, maximum_holding_bars=90),
)
COSTS = (
    CostSpec(borrow_rate=0.0, margin_interest_rate=0.0),
    CostSpec(),
    CostSpec(cash_interest_rate=0.03),
)


def random_events(rng: np.random.Generator, n: int, leverage: float, share: float) -> TargetEvents:
    bars = np.flatnonzero(rng.random(n) < share)
    levels = rng.choice([0.0, 1.0, 1.0, 0.5, -1.0], bars.size) if share < 0.02 else rng.choice([0.0, 1.0], bars.size)
    return TargetEvents(bars=bars, targets=levels * leverage, n=n)


@pytest.mark.parametrize("fill", FILLS)
@pytest.mark.parametrize("exits", EXITS)
@pytest.mark.parametrize("costs", COSTS)
def test_events_and_a_target_a_bar_give_the_same_bits(
    make_random_bars: Callable[..., BarArrays], fill: str, exits: ExitSpec, costs: CostSpec
) -> None:
    rng = np.random.default_rng(7)
    for n, share, swing in (
        (1, 0.2, 0.01),
        (70, 0.05, 0.03),
        (900, 0.01, 0.004),
        (2500, 0.003, 0.001),
        (900, 0.1, 0.01),
    ):
        for leverage, drift, delay in ((1.0, None, 0), (2.0, None, 1), (1.0, 0.1, 0)):
            bars = make_random_bars(n, n, swing)
            spec = BacktestSpec(
                fill=fill, exits=exits, costs=costs, leverage=leverage, rebalance_drift=drift, delay_bars=delay
            )
            events = random_events(rng, n, leverage, share)
            sparse = run_target_events(bars, events, spec)
            dense = run_engine(bars, events.dense(), spec, events=True)
            for name in ("equity", "fills", "state", "targets"):
                assert getattr(sparse, name).tobytes() == getattr(dense, name).tobytes(), name


def test_events_on_most_bars_and_corporate_actions_go_through_the_loop_of_targets(
    make_random_bars: Callable[..., BarArrays],
) -> None:
    rng = np.random.default_rng(3)
    bars = make_random_bars(5, 300, 0.01)
    actions = np.array([np.ones(300), np.zeros(300), np.full(300, np.nan)])
    actions[0, 120] = 2.0
    for events, given in ((random_events(rng, 300, 1.0, 0.9), None), (random_events(rng, 300, 1.0, 0.01), actions)):
        sparse = run_target_events(bars, events, BacktestSpec(), actions=given)
        dense = run_engine(bars, events.dense(), BacktestSpec(), actions=given, events=True)
        assert sparse.equity.tobytes() == dense.equity.tobytes()
        assert isinstance(sparse.ordered, np.ndarray)


def test_events_that_a_delay_moves_behind_the_last_bar_are_gone() -> None:
    events = TargetEvents(bars=np.array([2, 7, 9]), targets=np.array([1.0, 0.0, 1.0]), n=10)
    later = events.later(2)
    assert later.bars.tolist() == [4, 9]
    assert np.flatnonzero(~np.isnan(later.dense())).tolist() == [4, 9]


@pytest.mark.parametrize("bars", [1, 2, 16_383, 16_384, 20_000])
def test_years_between_bars_have_the_same_bits_for_short_and_long_histories(bars):
    times = np.cumsum(np.random.default_rng(1).integers(1, 10**12, bars)).astype(np.int64)
    expected = np.concatenate([[0.0], np.diff(times).astype(float) / (360 * 86_400 * 10.0**9)])
    arrays = BarArrays(times, np.ones((5, bars)))
    assert np.array_equal(years_between(arrays), expected)
