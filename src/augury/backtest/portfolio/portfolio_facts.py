"""What a portfolio cost and what a reader has to know about it, read off its run."""

from __future__ import annotations

import numpy as np

from augury.arrays import FloatVector
from augury.backtest.account import layout
from augury.backtest.portfolio.portfolio_run import PortfolioRun
from augury.market.times import iso

__all__ = ["fill_money", "gross_exposure", "portfolio_costs", "portfolio_notes"]

_MOST = 0.5  # share of all profit from which on a single name is worth a word


def portfolio_costs(run: PortfolioRun) -> dict[str, float]:
    """Money by kind over all symbols: commission, slippage and borrowing paid; interest and dividends received."""
    return {
        "commission": float(run.commissions.sum()),
        "slippage": float(run.slippage.sum()),
        "borrowing": float(run.borrowing.sum()),
        "interest": run.interest,
        "dividends": float(run.dividends.sum()),
    }


def gross_exposure(run: PortfolioRun) -> FloatVector:
    """Value of all positions, signs left out, over equity at each close, float64[n]; 0 once equity is gone."""
    found = np.zeros(len(run.equity))
    return np.divide(run.gross, run.equity, out=found, where=run.equity > 0.0)


def fill_money(run: PortfolioRun) -> tuple[FloatVector, FloatVector] | None:
    """Value traded and costs paid in each bar, float64[n] both; None when the run kept no fills."""
    if not run.spec.keep_fills:
        return None
    at, n = run.fills[:, layout.FILL_BAR].astype(np.int64), len(run.panel)
    value = np.abs(run.fills[:, layout.FILL_UNITS]) * run.fills[:, layout.FILL_PRICE]
    spent = run.fills[:, layout.FILL_COMMISSION] + run.fills[:, layout.FILL_SLIPPAGE]
    traded, paid = (np.bincount(at, money, minlength=n).astype(np.float64) for money in (value, spent))
    return traded, paid


def portfolio_notes(run: PortfolioRun) -> tuple[str, ...]:
    """What has to be said about how it was run, in sentences."""
    notes = []
    if run.spec.backtest.fill == "same_close":
        notes.append("Orders are filled at the close they are decided on: that needs a price before it is known.")
    if run.ambiguous:
        notes.append(
            f"Both the stop and the target of a position were within reach in {_bars(run.ambiguous)}; the stop was "
            "taken first."
        )
    if run.clipped and run.spec.backtest.volume_limit is not None:
        notes.append(f"{run.clipped:,} fills were cut by the volume limit or by what the account could carry.")
    if run.cut_short:
        notes.append(f"Purchases were scaled down together to what the account could carry at {_bars(run.cut_short)}.")
    if not run.spec.keep_fills:
        notes.append("The list of fills was dropped (`keep_fills` is off): no trades and no turnover are known.")
    if run.ruined_bar is not None:
        moment = iso(int(run.panel.opened_at[run.ruined_bar]))
        notes.append(f"The account was ruined at {moment}; nothing was traded after that.")
    return (*notes, *_one_name(run))


def _one_name(run: PortfolioRun) -> tuple[str, ...]:
    total, best = float(run.contributions.sum()), int(np.argmax(run.contributions))
    if np.count_nonzero(run.traded) < 3 or total <= 0.0 or run.contributions[best] < _MOST * total:
        return ()
    name, share = run.panel.symbols[best], run.contributions[best] / total
    return (f"{name} alone made {share:.0%} of the profit of all symbols.",)


def _bars(count: int) -> str:
    return "one bar" if count == 1 else f"{count:,} bars"
