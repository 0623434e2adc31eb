"""Run one strategy on one instrument's bars."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from augury.arrays import FloatMatrix, FloatVector
from augury.backtest.account.engine import EngineRun, run_engine
from augury.backtest.account.trades import Trades, traded_notional, trades_of
from augury.backtest.result import BacktestResult
from augury.backtest.run_facts import gross_exposure
from augury.backtest.spec import BacktestSpec
from augury.backtest.subject import Subject, subject_of
from augury.errors import InvalidInput
from augury.market.times import iso
from augury.metrics import Curve, Metrics, measure

__all__ = ["metrics_of", "result_of", "run_backtest", "run_subject"]

_DEFAULT = BacktestSpec()


def run_backtest(
    strategy: Any,
    bars: Any,
    parameters: Mapping[str, Any] | None = None,
    spec: BacktestSpec | None = None,
    *,
    actions: FloatMatrix | None = None,
    symbol: str = "",
) -> BacktestResult:
    """Run a strategy on bars: curve, trades, costs and measures.

    `strategy` is a registered name, the path of a `.py` file that defines `positions(bars)`, such a function, a
    Strategy, or target positions float64[n] themselves. `bars` is a frame (see `validate_bars`) or BarArrays. `actions`
    float64[3, n] are corporate actions, see `action_matrix`: orders fill at prices as traded, the strategy sees them
    free of the steps of splits. Decisions at bar t use bars up to t and are executed at the open of t+1 unless
    `spec.fill` says otherwise. Nothing is recorded, so a ledger does not count this try; `augury.run("backtest", ...)`
    writes to one.

    InvalidInput for positions that are NaN, misaligned or beyond the leverage cap, and for parameters out of bounds;
    InvalidBars for bars that break a rule.

    >>> from augury.sample import load_sample
    >>> result = run_backtest("sma_crossover", load_sample().bars["AAPL"], {"fast": 10, "slow": 30})
    >>> len(result.trades) > 30
    True
    """
    spec = _DEFAULT if spec is None else spec
    subject = subject_of(strategy, bars, parameters, spec, symbol, actions)
    return result_of(subject, run_subject(subject, spec))


def run_subject(subject: Subject, spec: BacktestSpec, values: FloatVector | None = None) -> EngineRun:
    """The engine's run of a subject, with other parameter values where they are given."""
    if subject.given is not None:
        return subject.given.run(subject.bars, spec, subject.actions)
    return run_engine(subject.bars, subject.targets(spec, values), spec, actions=subject.actions)


def result_of(subject: Subject, run: EngineRun) -> BacktestResult:
    """Trades and measures of a run."""
    trades = trades_of(run)
    return BacktestResult(subject=subject, run=run, trade_list=trades, metrics=metrics_of(subject, run, trades))


def _refuse_overflow(run: EngineRun) -> None:
    """InvalidInput when the account grew beyond what a number can hold."""
    wrong = ~np.isfinite(run.equity)
    if wrong.any():
        at = int(wrong.argmax())
        raise InvalidInput(
            f"the account is worth {run.equity[at]} at bar {at} ({iso(int(run.bars.opened_at[at]))}), beyond what can "
            "be counted; look for a wrong price there, or begin with less money"
        )


def metrics_of(subject: Subject, run: EngineRun, trades: Trades, benchmark: FloatVector | None = None) -> Metrics:
    """Measures of a run; `benchmark` are simple bar returns float64[n] of the same bars."""
    gross = gross_exposure(run)
    if not math.isfinite(float(gross.sum())):
        _refuse_overflow(run)
        gross = np.where(np.isfinite(gross), gross, 0.0)
    curve = Curve(
        equity=run.equity,
        initial_cash=run.spec.initial_cash,
        periods_per_year=subject.periods_per_year,
        opened_at=run.bars.opened_at,
        gross_exposure=gross,
        traded_notional=traded_notional(run),
    )
    return measure(curve, trades.outcomes(), benchmark)
