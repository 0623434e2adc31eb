"""Seven measures of 10,000 equity curves of 2,520 bars, on one thread: best CPU time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from augury.metrics import measure_many
from peers import absent, load, vectorbt_engines
from timing import beside, best_of, best_of_process, sized
from vectorbt_side import set_engine
from workloads import agreed, passed

CURVES, BARS, FEW = sized(10_000, 200), 2520, sized(500, 20)
NAME = f"seven measures of {CURVES:,} curves x {BARS:,} bars"
NAMES = ("total_return", "cagr", "volatility", "sharpe", "sortino", "max_drawdown", "calmar")


def curves() -> np.ndarray:
    """Equity float64[curves, bars]; the first bar is a gain, since no peer counts the initial cash as a peak."""
    rng = np.random.default_rng(3)
    steps = rng.normal(3e-4, 0.01, (CURVES, BARS))
    steps[:, 0] = np.abs(steps[:, 0])
    return 100.0 * np.cumprod(1.0 + steps, axis=1)


def of_vectorbt(table: pd.DataFrame) -> np.ndarray:
    """Its accessor on bar returns, a column a curve; the returns are made outside the timing."""
    returns = table.vbt.returns(freq="1D", year_freq="252 days")
    found = (
        returns.total(), returns.annualized(), returns.annualized_volatility(), returns.sharpe_ratio(),
        returns.sortino_ratio(), returns.max_drawdown(), returns.calmar_ratio(),
    )  # fmt: skip
    return np.array([np.asarray(each) for each in found])


def of_empyrical(module: Any, rows: list[Any]) -> np.ndarray:
    return np.array(
        [
            [
                module.cum_returns_final(row), module.annual_return(row), module.annual_volatility(row),
                module.sharpe_ratio(row), module.sortino_ratio(row), module.max_drawdown(row), module.calmar_ratio(row),
            ]
            for row in rows
        ]
    ).T  # fmt: skip


def row(mine: float, peer: str, theirs: float, *, target: str, agreement: str, note: str) -> dict[str, Any]:
    return beside(mine, theirs, name=NAME, peer=peer, target=target, agreement=agreement, note=note)


def run() -> list[dict[str, Any]]:
    equity = curves()
    found = measure_many(equity, 100.0, 252.0, workers=1)
    values = np.array([found[name] for name in NAMES])
    mine = best_of_process(lambda: measure_many(equity, 100.0, 252.0, workers=1), sized(7, 2))
    returns = equity / np.concatenate([np.full((CURVES, 1), 100.0), equity[:, :-1]], axis=1) - 1.0
    rows = []
    vbt, why_not = load("vectorbt")
    if vbt is None:
        rows.append(absent(NAME, "vectorbt", ">= 4 x", why_not))
    else:
        table = pd.DataFrame(np.asfortranarray(returns.T), index=pd.date_range("2010-01-01", periods=BARS))
    for peer, engine in vectorbt_engines() if vbt else []:
        set_engine(vbt, engine)
        theirs = passed(lambda: of_vectorbt(table))
        seconds = passed(lambda: best_of_process(lambda: of_vectorbt(table), sized(3, 1)))
        note = "its returns accessor, given returns where we are given equity"
        rows.append(row(mine, peer, seconds, target=">= 4 x", agreement=agreed(values, theirs, 1e-8), note=note))
    empyrical, why_not = load("empyrical")
    if empyrical is None:
        return [*rows, absent(NAME, "empyrical-reloaded", ">= 40 x", why_not)]
    days = pd.date_range("2010-01-01", periods=BARS)
    given = {"pandas series": [pd.Series(each, index=days) for each in returns[:FEW]], "arrays": list(returns[:FEW])}
    for kind, some in given.items():
        agreement = agreed(values[:, :FEW], passed(lambda some=some: of_empyrical(empyrical, some)), 1e-8)
        seconds = passed(lambda some=some: best_of(lambda: of_empyrical(empyrical, some), sized(3, 1))) * CURVES / FEW
        note = f"a call a measure and curve on {kind}, extrapolated from {FEW}"
        rows.append(row(mine, "empyrical-reloaded", seconds, target=">= 40 x", agreement=agreement, note=note))
    return rows
