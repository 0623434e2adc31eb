"""Portfolios: identities, invariances, shared cash, calendars, listings and exits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augury.backtest.account.engine import run_engine
from augury.backtest.account.layout import FILL_BAR, FILL_UNITS, REASONS
from augury.backtest.portfolio.panel import Panel
from augury.backtest.portfolio.panel_actions import PanelAction
from augury.backtest.portfolio.portfolio_history import PanelHistory, WeightsWithHistory
from augury.backtest.portfolio.portfolio_layout import FILL_SYMBOL
from augury.backtest.portfolio.portfolio_spec import PortfolioSpec, RebalanceSpec
from augury.backtest.portfolio.portfolio_weights import StrategyShare, WeightTable
from augury.backtest.portfolio.running import run_portfolio_engine
from augury.backtest.spec import BacktestSpec, CostSpec, ExitSpec
from augury.market.bars import BarArrays, bar_arrays
from augury.market.resampling import resample
from augury.sample import SPLITS, load_sample

FREE = CostSpec(commission_rate=0.0, slippage_rate=0.0, borrow_rate=0.0, margin_interest_rate=0.0)
MONTHLY = RebalanceSpec(when="monthly")
EQUAL = {"AAPL": 0.2, "FB": 0.2, "GOOG": 0.2, "IBM": 0.2, "MSFT": 0.2}


@pytest.fixture(scope="module")
def frames() -> dict[str, pd.DataFrame]:
    return load_sample().bars


@pytest.fixture(scope="module")
def panel(frames: dict[str, pd.DataFrame]) -> Panel:
    return Panel.of(frames).loaded()


def spec_of(**account: Any) -> PortfolioSpec:
    rebalance = account.pop("rebalance", MONTHLY)
    own = {name: account.pop(name) for name in list(account) if name in PortfolioSpec.__slots__}
    return PortfolioSpec(backtest=BacktestSpec(**account), rebalance=rebalance, **own)


def test_cash_and_holdings_are_equity_and_contributions_are_its_change(panel: Panel) -> None:
    weights = {"AAPL": 0.6, "FB": -0.3, "GOOG": 0.4, "IBM": -0.4, "MSFT": 0.2}
    run = run_portfolio_engine(panel, weights, spec_of(leverage=2.0, costs=CostSpec(cash_interest_rate=0.02)))
    np.testing.assert_allclose(run.cash + run.net, run.equity, rtol=1e-12)
    change = run.equity[-1] - 10_000.0
    assert run.contributions.sum() + run.interest == pytest.approx(change, rel=1e-10)
    assert (run.borrowing > 0).tolist() == [False, True, False, True, False]
    traded = np.bincount(run.fills[:, FILL_SYMBOL].astype(int), run.fills[:, FILL_UNITS], 5)
    np.testing.assert_allclose(traded, run.units, atol=1e-9)


def test_contributions_and_equity_agree_at_every_bar_of_a_short_history(panel: Panel) -> None:
    spec = spec_of(leverage=1.5, exits=ExitSpec(stop_loss=0.05), rebalance=RebalanceSpec(when="weekly"))
    weights = {"AAPL": 0.9, "IBM": -0.6}
    whole = run_portfolio_engine(panel, weights, spec)
    for bars in range(2, 120, 7):
        part = run_portfolio_engine(panel.until(int(panel.closed_at[bars - 1])), weights, spec)
        assert part.contributions.sum() + part.interest == pytest.approx(whole.equity[bars - 1] - 10_000.0, abs=1e-7)


@settings(max_examples=30)
@given(st.integers(2, 3200), st.sampled_from(["on_change", "daily", "weekly", "monthly", "every_n_bars", "threshold"]))
def test_the_past_does_not_depend_on_how_the_history_goes_on(bars: int, when: Any) -> None:
    """Later prices, weights and listings are changed; every value up to the cut stays, bit for bit."""
    frames = load_sample().bars
    numbers = {"every_n_bars": {"every_bars": 17}, "threshold": {"threshold": 0.05}}.get(when, {})
    spec = spec_of(rebalance=RebalanceSpec(when=when, **numbers), exits=ExitSpec(trailing_stop=0.1))
    panel = Panel.of(frames)
    cut = panel.opened_at[bars - 1]
    rng = np.random.default_rng(bars)
    rows = rng.dirichlet(np.ones(5), len(panel))
    changed = rows.copy()
    changed[bars:] = rng.dirichlet(np.ones(5), len(panel) - bars)
    other = {}
    for name, frame in frames.items():
        bent = frame.copy()
        later = bent.index.asi8 > cut
        bent.loc[later, ["open", "high", "low", "close"]] *= rng.uniform(0.2, 5.0)
        keep = ~later | (rng.random(len(bent)) < 0.9)
        if name == "FB" and frame.index.asi8[0] > cut:
            keep &= frame.index.asi8 > frame.index.asi8[0] + 50 * 86_400 * 10**9
        other[name] = bent[keep]
    once = run_portfolio_engine(panel, WeightTable(known_at=panel.closed_at, rows=rows), spec)
    bent_panel = Panel.of(other)
    table = WeightTable(known_at=panel.closed_at, rows=changed)
    again = run_portfolio_engine(bent_panel, table, spec)
    same = int(np.searchsorted(bent_panel.opened_at, cut, side="right"))
    assert same == bars
    np.testing.assert_array_equal(again.equity[:bars], once.equity[:bars])
    np.testing.assert_array_equal(again.cash[:bars], once.cash[:bars])


@given(st.integers(1, 400))
@settings(max_examples=25)
def test_blocks_of_any_length_give_the_same_bits(block_bars: int) -> None:
    panel = Panel.of(load_sample().bars).until("2001-06-01T00:00Z")
    spec = spec_of(exits=ExitSpec(stop_loss=0.1), delay_bars=2, costs=CostSpec(cash_interest_rate=0.01))

    def momentum(history: PanelHistory) -> dict[str, float] | None:
        closes = history.closes
        return None if len(closes) < 20 else (closes.iloc[-1] > closes.iloc[-20]).astype(float).mul(0.2).to_dict()

    for weights in (EQUAL, momentum, WeightsWithHistory(function=momentum, lookback_bars=20)):
        whole, parts = (
            run_portfolio_engine(panel, weights, spec),
            run_portfolio_engine(panel, weights, spec.replace(block_bars=block_bars)),
        )
        np.testing.assert_array_equal(whole.equity, parts.equity)
        np.testing.assert_array_equal(whole.fills, parts.fills)


def test_prices_in_another_currency_and_times_moved_by_weeks_change_nothing_else(
    frames: dict[str, pd.DataFrame],
) -> None:
    spec = spec_of(rebalance=RebalanceSpec(when="weekly"), leverage=2.0)
    weights = {"AAPL": 0.8, "IBM": -0.7, "FB": 0.3}
    run = run_portfolio_engine(Panel.of(frames), weights, spec)
    scaled, moved = {}, {}
    for name, frame in frames.items():
        scaled[name] = frame.copy()
        scaled[name][["open", "high", "low", "close"]] *= 4.0
        moved[name] = frame.set_axis(frame.index + pd.Timedelta(weeks=52))
    np.testing.assert_array_equal(run_portfolio_engine(Panel.of(scaled), weights, spec).equity, run.equity)
    np.testing.assert_array_equal(run_portfolio_engine(Panel.of(moved), weights, spec).equity, run.equity)
    rich = spec.replace(backtest=spec.backtest.replace(initial_cash=40_000.0))
    np.testing.assert_array_equal(run_portfolio_engine(Panel.of(frames), weights, rich).equity, run.equity * 4.0)


def test_symbols_bought_once_are_separate_accounts(frames: dict[str, pd.DataFrame]) -> None:
    """One purchase each at the same open and nothing after it: nothing is shared, so k accounts of 1/k give the sum."""
    names = ["AAPL", "IBM", "MSFT"]
    spec = BacktestSpec(initial_cash=9_000.0, exits=ExitSpec(stop_loss=0.2, maximum_holding_bars=400))
    panel = Panel.of({name: frames[name] for name in names})
    run = run_portfolio_engine(
        panel, dict.fromkeys(names, 1 / 3), PortfolioSpec(backtest=spec, rebalance=RebalanceSpec(when="once"))
    )
    targets = np.ones(len(panel))
    alone = [run_engine(bar_arrays(frames[name]), targets, spec.replace(initial_cash=3_000.0)) for name in names]
    np.testing.assert_allclose(run.equity, sum(one.equity for one in alone), rtol=1e-12)
    for at, one in enumerate(alone):
        assert run.contributions[at] == pytest.approx(one.equity[-1] - 3_000.0, rel=1e-10)


@settings(max_examples=40)
@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from([0.0, 0.001, 0.05]),
    st.sampled_from([0.0, 5.0]),
    st.sampled_from([0.0, 0.02]),
    st.sampled_from(["after_costs", "before_costs"]),
    st.booleans(),
)
def test_a_fully_invested_portfolio_never_overdraws(
    seed: int, rate: float, minimum: float, slippage: float, sizing: Any, whole: bool
) -> None:
    rng = np.random.default_rng(seed)
    panel = Panel.of(load_sample().bars).until("2001-03-01T00:00Z")
    rows = rng.dirichlet(np.full(5, 0.5), len(panel))
    costs = CostSpec(commission_rate=rate, minimum_commission=minimum, slippage_rate=slippage)
    spec = spec_of(
        costs=costs, rebalance=RebalanceSpec(when="every_n_bars", every_bars=3), sizing=sizing, whole_units=whole
    )
    run = run_portfolio_engine(
        panel, WeightTable(known_at=panel.closed_at, rows=rows / rows.sum(axis=1, keepdims=True)), spec
    )
    alive = run.equity >= 100.0 * minimum  # below that the least commissions of sales can cost more than these bring
    assert alive[:50].all()
    assert run.cash[alive].min() >= -1e-8 * run.equity.max()
    assert (run.gross[alive] <= run.equity[alive] * (1 + 1e-8)).all()


def test_weights_hold_after_the_costs_of_getting_there(panel: Panel) -> None:
    costs = CostSpec(commission_rate=0.01, slippage_rate=0.0)
    spec = spec_of(costs=costs, fill="next_close", rebalance=MONTHLY)
    run = run_portfolio_engine(panel, {"AAPL": 0.5, "IBM": 0.3, "MSFT": 0.2}, spec)
    for bar in np.unique(run.fills[:, FILL_BAR].astype(int))[:20]:
        held = np.array(
            [
                run.fills[(run.fills[:, FILL_BAR] <= bar) & (run.fills[:, FILL_SYMBOL] == s), FILL_UNITS].sum()
                for s in (0, 3, 4)
            ]
        )
        values = held * panel.dense[3, bar, [0, 3, 4]]  # type: ignore[index]
        np.testing.assert_allclose(values / run.equity[bar], [0.5, 0.3, 0.2], rtol=1e-9)


def test_a_listing_in_the_middle_of_the_history_is_bought_at_its_second_bar(panel: Panel) -> None:
    run = run_portfolio_engine(panel, EQUAL, spec_of(rebalance=RebalanceSpec(when="on_change")))
    fills = run.fills_frame()
    first = fills[fills["symbol"] == "FB"].index[0]
    assert panel.listed_at("FB").date().isoformat() == "2012-05-18"
    assert first.date().isoformat() == "2012-05-21"
    assert run.contributions[1] != 0.0


def test_a_symbol_without_a_bar_is_not_traded_and_keeps_its_last_close(frames: dict[str, pd.DataFrame]) -> None:
    hole = frames["IBM"].drop(frames["IBM"].index[200:230])
    panel = Panel.of({"AAPL": frames["AAPL"], "IBM": hole})
    spec = spec_of(costs=FREE, rebalance=RebalanceSpec(when="daily"))
    run = run_portfolio_engine(panel, {"AAPL": 0.5, "IBM": 0.5}, spec)
    at = run.fills[run.fills[:, FILL_SYMBOL] == 1, FILL_BAR]
    assert not np.isin(np.arange(200, 230), at).any()
    assert run.stale[199:231].tolist() == [0] + [1] * 30 + [0]
    last, held = (
        hole["close"].iloc[199],
        run.fills[(run.fills[:, FILL_SYMBOL] == 1) & (run.fills[:, FILL_BAR] < 200), FILL_UNITS].sum(),
    )
    aapl = run.fills[(run.fills[:, FILL_SYMBOL] == 0) & (run.fills[:, FILL_BAR] <= 215), FILL_UNITS].sum()
    expected = run.cash[215] + held * last + aapl * frames["AAPL"]["close"].iloc[215]
    assert run.equity[215] == pytest.approx(expected, rel=1e-12)


def test_a_delisted_symbol_is_closed_at_its_last_close_or_the_price_given(frames: dict[str, pd.DataFrame]) -> None:
    bars = {"AAPL": frames["AAPL"], "IBM": frames["IBM"].iloc[:500]}
    spec = spec_of(costs=FREE, rebalance=RebalanceSpec(when="once"))
    weights = {"IBM": 0.5}
    closed = run_portfolio_engine(Panel.of(bars), weights, spec)
    np.testing.assert_allclose(closed.equity[500:], closed.equity[499], rtol=1e-12)
    assert closed.fills_frame()["why"].tolist() == ["signal", "delisting"]
    dear = run_portfolio_engine(Panel.of(bars), weights, spec.replace(delisting_cost_rate=0.4))
    held = closed.fills[0, FILL_UNITS] * bars["IBM"]["close"].iloc[-1]
    assert closed.equity[-1] - dear.equity[-1] == pytest.approx(0.4 * held, rel=1e-12)
    gone = [PanelAction(symbol="IBM", at=int(frames["AAPL"].index.asi8[500]), delisted=True, price=0.0)]
    lost = run_portfolio_engine(Panel.of(bars, actions=gone), weights, spec)
    assert lost.equity[-1] == pytest.approx(closed.equity[-1] - held, rel=1e-12)
    kept = run_portfolio_engine(Panel.of(bars, delist_ended=False), weights, spec)
    assert kept.stale[-1] == 1
    assert kept.equity[-1] == closed.equity[499]


def test_splits_leave_equity_as_it_was_and_dividends_are_paid(frames: dict[str, pd.DataFrame]) -> None:
    names = ["AAPL", "MSFT", "IBM"]
    splits = [
        PanelAction(symbol=one.ticker, at=f"{one.effective_on.isoformat()}T00:00Z", split_ratio=one.ratio)
        for one in SPLITS
    ]
    adjusted = {name: frames[name].copy() for name in names}
    for one in SPLITS:
        before = adjusted[one.ticker].index < pd.Timestamp(one.effective_on, tz="UTC")
        adjusted[one.ticker].loc[before, ["open", "high", "low", "close"]] /= one.ratio
    weights = dict.fromkeys(names, 0.3)
    raw = run_portfolio_engine(Panel.of({name: frames[name] for name in names}, actions=splits), weights, spec_of())
    smooth = run_portfolio_engine(Panel.of(adjusted), weights, spec_of())
    np.testing.assert_allclose(raw.equity, smooth.equity, rtol=1e-11)
    paid = PanelAction(symbol="IBM", at=int(frames["IBM"].index.asi8[100]), dividend=1.5)
    free = spec_of(costs=FREE, rebalance=RebalanceSpec(when="once"))
    panels = [Panel.of({"IBM": frames["IBM"]}, actions=some) for some in ([], [paid])]
    for sign in (1.0, -1.0):
        without, with_it = (run_portfolio_engine(one, {"IBM": 0.5 * sign}, free) for one in panels)
        assert with_it.equity[-1] - without.equity[-1] == pytest.approx(1.5 * without.units[0], rel=1e-9)
        assert with_it.dividends[0] == pytest.approx(1.5 * without.units[0])


@pytest.mark.parametrize(("when", "periods"), [("daily", 3269), ("weekly", None), ("monthly", 156)])
def test_calendar_rebalances_are_filled_in_the_first_bar_of_each_period(
    panel: Panel, when: Any, periods: int | None
) -> None:
    spec = spec_of(costs=FREE, rebalance=RebalanceSpec(when=when))
    run = run_portfolio_engine(panel, {"AAPL": 0.5, "IBM": 0.4}, spec)
    days = pd.DatetimeIndex(run.fills_frame().index.unique())
    calendar = pd.DatetimeIndex(panel.opened_at.view("datetime64[ns]"), tz="UTC")
    naive = calendar.tz_localize(None)
    label = {"daily": naive.to_period("D"), "weekly": naive.to_period("W-SUN"), "monthly": naive.to_period("M")}[when]
    firsts = calendar[1:][np.asarray(label[1:] != label[:-1])]
    assert periods is None or len(firsts) == periods
    opens = panel.dense[0][:, [0, 3]]  # type: ignore[index]
    same = calendar[np.flatnonzero((opens[1:] == opens[:-1]).all(axis=1)) + 1]
    assert set(firsts) - set(same) <= set(days)  # at unchanged opens there is nothing to trade
    assert set(days) - set(firsts) <= {calendar[1]}


def test_the_clock_of_a_zone_decides_where_a_day_begins() -> None:
    hours = pd.date_range("2024-01-02T14:00Z", periods=200, freq="h", name="timestamp")
    rng = np.random.default_rng(0)
    price = 100.0 * np.exp(np.cumsum(rng.normal(0, 0.01, (200, 2)), axis=0))
    bars = {
        name: pd.DataFrame({"open": p, "high": p, "low": p, "close": p, "volume": 1.0}, index=hours)
        for name, p in zip("AB", price.T, strict=True)
    }
    for zone, hour in (("UTC", 0), ("Asia/Tokyo", 15)):
        run = run_portfolio_engine(
            Panel.of(bars), {"A": 0.5, "B": 0.5}, spec_of(rebalance=RebalanceSpec(when="daily", zone=zone), costs=FREE)
        )
        assert set(run.fills_frame().index[2:].hour) == {hour}


def test_a_threshold_is_kept_between_orders(panel: Panel) -> None:
    spec = spec_of(costs=FREE, rebalance=RebalanceSpec(when="threshold", threshold=0.05), fill="same_close")
    run = run_portfolio_engine(panel, {"AAPL": 0.5, "IBM": 0.5}, spec)
    units, weights = np.zeros(2), []
    for bar in range(len(panel)):
        for fill in run.fills[run.fills[:, FILL_BAR] == bar]:
            units[{0: 0, 3: 1}[int(fill[FILL_SYMBOL])]] += fill[FILL_UNITS]
        weights.append(units * panel.dense[3, bar, [0, 3]] / run.equity[bar])  # type: ignore[index]
    assert np.abs(np.array(weights) - 0.5).max() <= 0.05 + 1e-9
    assert 10 < run.rebalances < 400


def test_strategies_with_shares_of_the_capital_are_added_up_as_each_is_known(frames: dict[str, pd.DataFrame]) -> None:
    panel = Panel.of({name: frames[name] for name in ("AAPL", "IBM")}).loaded()
    weekly = resample(frames["AAPL"], "1W")
    slow = pd.Series(np.where(weekly["close"].diff() > 0, 1.0, 0.0), weekly.index)
    fast = pd.Series(np.where(frames["IBM"]["close"].diff() > 0, 1.0, -1.0), frames["IBM"].index)
    shares = [
        StrategyShare(symbol="AAPL", positions=slow, share=0.6, timeframe="1W"),
        StrategyShare(symbol="IBM", positions=fast, share=0.4),
    ]
    run = run_portfolio_engine(
        panel, shares, spec_of(costs=FREE, rebalance=RebalanceSpec(when="daily"), fill="next_close")
    )
    closed = (weekly.index + pd.Timedelta(weeks=1)).asi8
    for bar in (50, 51, 52, 53, 54, 55, 1000):
        known = int(np.searchsorted(closed, panel.closed_at[bar - 1], side="right")) - 1
        values = [slow.iloc[known] * 0.6, fast.iloc[bar - 1] * 0.4]
        units = [
            run.fills[(run.fills[:, FILL_SYMBOL] == s) & (run.fills[:, FILL_BAR] <= bar), FILL_UNITS].sum()
            for s in (0, 1)
        ]
        got = np.array(units) * panel.dense[3, bar] / run.equity[bar]  # type: ignore[index]
        np.testing.assert_allclose(got, values, atol=1e-9)


def test_a_function_sees_only_what_had_closed(panel: Panel) -> None:
    seen: list[tuple[int, int]] = []

    def weights(history: PanelHistory) -> dict[str, float]:
        assert not history.values.flags.writeable
        seen.append((int(history.opened_at[-1]), history.values.shape[1]))
        return {"AAPL": 0.5}

    run_portfolio_engine(panel, WeightsWithHistory(function=weights, lookback_bars=30), spec_of(block_bars=700))
    assert len(seen) == 157
    assert max(length for _, length in seen) == 30
    months = pd.DatetimeIndex([moment for moment, _ in seen[1:]]).to_period("M")
    calendar = pd.DatetimeIndex(panel.opened_at)
    last = pd.Series(calendar, calendar.to_period("M")).groupby(level=0).max()
    assert [moment for moment, _ in seen[1:]] == [int(last[month].value) for month in months]


def test_stops_close_one_name_and_the_next_rebalance_buys_it_again(panel: Panel) -> None:
    run = run_portfolio_engine(panel, {"AAPL": 0.5, "IBM": 0.5}, spec_of(exits=ExitSpec(stop_loss=0.1)))
    fills = run.fills_frame()
    stops = fills[fills["why"] == "stop_loss"]
    assert len(stops) > 10
    first = stops.iloc[0]
    after = fills[(fills["symbol"] == first["symbol"]) & (fills.index > stops.index[0])]
    assert after.iloc[0]["units"] > 0
    assert after.index[0].month != stops.index[0].month


def test_caps_per_name_and_the_buffer_bound_the_orders(panel: Panel) -> None:
    spec = spec_of(
        costs=FREE, rebalance=RebalanceSpec(when="daily"), fill="same_close", max_weight=0.25, cash_buffer=0.1
    )
    run = run_portfolio_engine(panel, {"AAPL": 0.5, "IBM": 0.3, "MSFT": 0.2}, spec)
    np.testing.assert_allclose(run.gross / run.equity, 0.7, rtol=1e-9)
    tight = run_portfolio_engine(panel, {"AAPL": 0.5, "IBM": 0.3, "MSFT": 0.2}, spec.replace(cash_buffer=0.4))
    np.testing.assert_allclose(tight.gross / tight.equity, 0.6, rtol=1e-9)


def test_a_margin_call_cuts_all_positions_to_the_cap(panel: Panel) -> None:
    spec = spec_of(leverage=3.0, maintenance_margin=0.32, rebalance=RebalanceSpec(when="once"))
    run = run_portfolio_engine(panel, {"AAPL": 1.5, "IBM": -1.5}, spec)
    assert "margin" in set(run.fills_frame()["why"])
    assert REASONS[6] == "margin"


def test_dropping_fills_changes_no_other_number(panel: Panel) -> None:
    kept, dropped = (run_portfolio_engine(panel, EQUAL, spec_of(keep_fills=keep)) for keep in (True, False))
    assert len(dropped.fills) == 0
    assert len(kept.fills) > 500
    np.testing.assert_array_equal(kept.equity, dropped.equity)
    np.testing.assert_array_equal(kept.traded, dropped.traded)


def test_more_fills_than_the_buffer_holds_are_all_kept() -> None:
    rng = np.random.default_rng(0)
    times = 86_400 * 10**9 * np.arange(2000, dtype=np.int64)
    price = 10.0 * np.exp(np.cumsum(rng.normal(0, 0.01, (2000, 4)), axis=0))
    bars = {f"S{s}": BarArrays(times, np.ascontiguousarray(np.stack([p, p, p, p, p]))) for s, p in enumerate(price.T)}
    run = run_portfolio_engine(
        Panel.of(bars), dict.fromkeys(bars, 0.25), spec_of(rebalance=RebalanceSpec(when="daily"))
    )
    assert len(run.fills) > 6_000
    assert (np.diff(run.fills[:, FILL_BAR]) >= 0).all()
    assert run.commissions.sum() == pytest.approx(run.fills[:, 3].sum())
