"""The door for portfolios: weights in, a result with measures, trades and reports out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from augury.backtest.portfolio.panel import Panel
from augury.backtest.portfolio.portfolio_history import WeightsWithHistory, rows_of
from augury.backtest.portfolio.portfolio_result import PortfolioResult
from augury.backtest.portfolio.portfolio_spec import PortfolioSpec
from augury.backtest.portfolio.running import run_rows

__all__ = ["run_portfolio"]


def run_portfolio(
    panel: Panel | Mapping[str, Any], weights: Any, spec: PortfolioSpec | None = None, *, name: str = ""
) -> PortfolioResult:
    """Run a portfolio over a panel's bars, one shared account for all symbols: curve, trades, costs and measures.

    `panel` is a Panel, or what `Panel.of` takes: a mapping from symbol to bars.
    `weights` are target fractions of equity, negative for short: a mapping (constant), a frame with a row a time and a
    column a symbol (see `frame_weights`), a function of the `PanelHistory` known at each decision (None: as before), or
    a list of `StrategyShare`. What is known at the close of bar t is decided there and filled in bar t+1, as
    `spec.backtest.fill` says. A symbol without a bar then is traded at its next one.

    Only one block of `spec.block_bars` bars is in memory at a time; memory grows with the number of bars (48 bytes
    each) and of fills; trades and their measures are matched when they are asked for. `name` is for reports; without
    it a function's own is taken. `run_portfolio_engine` is the bare run.

    Raises InvalidInput for weights that are NaN, for symbols outside the panel (NotFound), beyond the leverage, or
    never known while the panel lasts; NotEnoughData for fewer than two bars.

    >>> from augury.sample import load_sample
    >>> result = run_portfolio(load_sample().bars, {"AAPL": 0.5, "IBM": 0.5})
    >>> len(result.trades), bool(result.trades["is_open"].all()), result.proof is None
    (2, True, True)
    """
    spec = PortfolioSpec() if spec is None else spec
    panel = panel if isinstance(panel, Panel) else Panel.of(panel)
    rows = rows_of(weights, panel, spec)
    run = run_rows(panel, rows, spec)
    return PortfolioResult(name=name or _name_of(weights), run=run, weights=rows.decided())


def _name_of(weights: Any) -> str:
    function = weights.function if isinstance(weights, WeightsWithHistory) else weights
    name = getattr(function, "__name__", "") if callable(function) else ""
    return "portfolio" if name in ("", "<lambda>") else name
