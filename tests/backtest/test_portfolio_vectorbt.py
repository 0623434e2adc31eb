"""Portfolios agree with another library's portfolio of shared cash."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest

from augury.backtest.portfolio.panel import Panel
from augury.backtest.portfolio.portfolio_spec import PortfolioSpec
from augury.backtest.portfolio.portfolio_weights import WeightTable
from augury.backtest.portfolio.running import run_portfolio_engine
from augury.backtest.spec import BacktestSpec, CostSpec
from augury.sample import load_sample


@pytest.fixture(scope="module")
def frames() -> dict[str, pd.DataFrame]:
    return load_sample().bars


def closes_of(frames: dict[str, pd.DataFrame], names: list[str]) -> tuple[Panel, pd.DataFrame, pd.DataFrame]:
    panel = Panel.of({name: frames[name] for name in names})
    column = {kind: pd.DataFrame({name: frames[name][kind] for name in names}) for kind in ("open", "close")}
    return panel, column["open"], column["close"]


@pytest.mark.parametrize(("fee", "slip", "gross"), [(0.0, 0.0, 1.0), (0.002, 0.001, 0.95)])
@pytest.mark.parametrize("fill", ["next_open", "same_close"])
def test_equity_equals_vectorbts_shared_cash_portfolio(
    frames: dict[str, pd.DataFrame], fee: float, slip: float, gross: float, fill: Any
) -> None:
    """The other library sizes before costs: with `before_costs` sizing the two agree to 1e-9, month after month."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        vbt = pytest.importorskip("vectorbt", reason="vectorbt is not installed")
    names = ["AAPL", "IBM", "MSFT"]
    panel, opens, closes = closes_of(frames, names)
    rng = np.random.default_rng(1)
    month = closes.index.tz_localize(None).to_period("M")
    first = np.flatnonzero(month[1:] != month[:-1]) + (1 if fill == "same_close" else 0)
    rows = gross * rng.dirichlet(np.ones(3), first.size)
    sizes = pd.DataFrame(np.nan, closes.index, names)
    sizes.iloc[first] = rows
    sizes = sizes if fill == "same_close" else sizes.shift(1)
    price = closes if fill == "same_close" else opens
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        peer = vbt.Portfolio.from_orders(
            close=closes, size=sizes, price=price, val_price=price, size_type="targetpercent", fees=fee, slippage=slip,
            cash_sharing=True, group_by=True, call_seq="auto", init_cash=10_000.0,
        )  # fmt: skip
        value = peer.value().to_numpy()
    costs = CostSpec(commission_rate=fee, slippage_rate=slip, borrow_rate=0.0, margin_interest_rate=0.0)
    spec = PortfolioSpec(backtest=BacktestSpec(costs=costs, fill=fill), sizing="before_costs")
    table = WeightTable(known_at=panel.closed_at[first], rows=rows)
    run = run_portfolio_engine(panel, table, spec)
    np.testing.assert_allclose(run.equity, value, rtol=1e-9)
    assert len(run.fills) > 400
