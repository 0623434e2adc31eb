"""What a run cost and what a reader has to know about it, read off the account's last state."""

from __future__ import annotations

import numpy as np

from augury.arrays import FloatVector
from augury.backtest.account import layout
from augury.backtest.account.engine import EngineRun
from augury.market.times import iso

__all__ = ["bar_returns", "costs_of", "gross_exposure", "notes_of"]


def bar_returns(initial_cash: float, equity: FloatVector) -> FloatVector:
    """Simple bar returns float64[n], the first from the initial cash; 0 once the account is at 0 or below.

    A return on nothing has no meaning, and after its ruin an account trades no more.
    """
    returns = np.zeros(len(equity))
    before = np.concatenate(([initial_cash], equity[:-1]))
    np.divide(equity, before, out=returns, where=before > 0.0)
    np.subtract(returns, 1.0, out=returns, where=before > 0.0)
    return returns


def gross_exposure(run: EngineRun) -> FloatVector:
    """|units * price| over equity at each close, float64[n]; not finite where that cannot be computed."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.asarray(np.abs(run.units * run.bars.matrix[3] / run.equity))


def costs_of(run: EngineRun) -> dict[str, float]:
    """Money by kind: commission, slippage and borrowing paid; interest and dividends received (negative: paid)."""
    places = {
        "commission": layout.COMMISSION,
        "slippage": layout.SLIPPAGE,
        "borrowing": layout.BORROWING,
        "interest": layout.INTEREST,
        "dividends": layout.DIVIDENDS,
    }
    return {name: float(run.state[place]) for name, place in places.items()}


def notes_of(run: EngineRun) -> tuple[str, ...]:
    """What has to be said about how it was run, in sentences."""
    state, notes = run.state, []
    if run.spec.fill == "same_close":
        notes.append("Orders are filled at the close they are decided on: that needs a price before it is known.")
    if state[layout.AMBIGUOUS] > 0:
        notes.append(
            f"In {state[layout.AMBIGUOUS]:.0f} bars both the stop and the target were within reach; the stop was "
            "taken first."
        )
    if state[layout.CLIPPED] > 0:
        notes.append(f"{state[layout.CLIPPED]:.0f} fills were cut by the volume limit.")
    if state[layout.RUINED] >= 0:
        moment = iso(int(run.bars.opened_at[int(state[layout.RUINED])]))
        notes.append(f"The account was ruined at {moment}; nothing was traded after that.")
    return tuple(notes)
