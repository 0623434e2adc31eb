"""The proof of a portfolio: what its returns, its trades and runs under other conditions say, and the verdict."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from augury.arrays import FloatVector
from augury.backtest.portfolio.portfolio_facts import fill_money
from augury.backtest.portfolio.portfolio_history import TableRows
from augury.backtest.portfolio.portfolio_result import PortfolioResult
from augury.backtest.portfolio.portfolio_trades import all_trades, trades_by_symbol
from augury.backtest.portfolio.running import run_rows
from augury.backtest.proof.portfolio_benchmark import hold_equal_weights
from augury.backtest.proof.proof_record import Proof
from augury.backtest.proof.proof_spec import ProofSpec
from augury.backtest.proof.proof_tests import (
    COST_MULTIPLES,
    DELAYS,
    Tried,
    break_even_of,
    effective_on_record,
    intervals_of,
    untouched,
    varied_runs,
)
from augury.backtest.run_facts import bar_returns
from augury.errors import InvalidInput
from augury.metrics import sharpe
from augury.validation import Evidence, gather_evidence, judge, performance_by_year, superiority_test
from augury.validation.evidence import Tests
from augury.validation.sensitivity import BreakEven

__all__ = ["prove_portfolio"]

_NOT_PERMUTED = "the weights of a portfolio are not recomputed on permuted bars"


def prove_portfolio(
    result: PortfolioResult,
    spec: ProofSpec | None = None,
    *,
    tried: Tried | None = None,
    leaks: int | None = None,
) -> PortfolioResult:
    """The result with its proof, as far as returns, trades and further runs of the same weights go.

    Intervals, probabilistic and deflated Sharpe ratio, track record, superiority over equal weights held, the same
    weights later and dearer, calendar years, the verdict. Permutation tests are not made, and the verdict says so.
    Arguments as in `prove`. InvalidInput when it cannot be told how many bars make a year.
    """
    spec = spec or ProofSpec()
    if not result.bars_per_year > 0.0:
        raise InvalidInput(
            f"how many bars make a year cannot be told from these {len(result.run.panel)}; a proof needs it: set "
            "periods_per_year of the account, such as 252 for daily bars of an exchange, or pass more bars"
        )
    benchmark = hold_equal_weights(result).equity
    held = bar_returns(result.spec.backtest.initial_cash, benchmark)
    intervals = intervals_of(result.returns, result.bars_per_year, spec)
    tests = Tests(
        interval=intervals[0],
        superiority=superiority_test(result.returns[None, :], held, seed=spec.seed),
        effective=effective_on_record(None, tried),
        cost=varied_runs("cost multiple", COST_MULTIPLES, [_again(result, 0, times) for times in COST_MULTIPLES], 1.0),
        delay=varied_runs("delay in bars", DELAYS, [_again(result, bars, 1.0) for bars in DELAYS], 0.0),
        break_even=_break_even(result),
        years=performance_by_year(result.returns, result.run.panel.opened_at, bars_per_year=result.bars_per_year),
    )
    evidence = replace(_evidence(result, tests, held, tried), leaks=leaks)
    proof = Proof(
        spec=spec,
        tests=tests,
        in_sample=judge(evidence),
        out_of_sample=None,
        intervals=intervals,
        benchmark=benchmark,
        tried=tried,
        trials=evidence.trials,
        sweep=None,
        walk_forward=None,
        notes=(f"No permutation test: {_NOT_PERMUTED}.",),
    )
    return replace(result, proof=proof)


def _again(result: PortfolioResult, later: int, times: float) -> float:
    """The Sharpe ratio of the same weights so many bars later at so many times the costs."""
    account, panel = result.spec.backtest, result.run.panel
    returns = result.returns
    if later or times != 1.0:
        costs = account.costs.scaled(times)
        if costs is None:
            return float("nan")
        changed = account.replace(delay_bars=account.delay_bars + later, costs=costs)
        spec = result.spec.replace(backtest=changed, keep_fills=False)
        returns = bar_returns(account.initial_cash, run_rows(panel, TableRows(result.weights, panel), spec).equity)
    return sharpe(returns, result.bars_per_year)


def _break_even(result: PortfolioResult) -> BreakEven | None:
    money = fill_money(result.run)
    if money is None:
        return None
    before = np.concatenate(([result.spec.backtest.initial_cash], result.run.equity[:-1]))
    return break_even_of(np.stack([result.returns, money[1], money[0], before]), result.spec.backtest.costs)


def _evidence(result: PortfolioResult, tests: Tests, held: FloatVector, tried: Tried | None) -> Evidence:
    kept = result.spec.keep_fills
    trades = all_trades(trades_by_symbol(result.run)) if kept else None
    found = gather_evidence(
        result.returns,
        tests,
        trials=None if tried is None else max(tried.configurations, 1),
        profits=None if trades is None else trades.closed_profits(),
        benchmark=held,
        bars_per_year=result.bars_per_year,
    )
    spent = result.costs["commission"] + result.costs["slippage"]
    missing = [(name, _NOT_PERMUTED) for name in ("permutation_p", "walk_forward_permutation_p")]
    if trades is None:
        missing.append(("trades", "the fills were dropped (`keep_fills` is off)"))
    return replace(
        found,
        out_of_sample=untouched(None, tried),
        record_kept=tried is not None,
        net_of_costs=bool(spent > 0.0 or not result.run.traded.any()),
        same_bar_fills=result.spec.backtest.fill == "same_close",
        ambiguous_share=None if trades is None else result.run.ambiguous / max(1, len(trades)),
        reasons=(*found.reasons, *missing),
    )
