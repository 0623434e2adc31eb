"""From an account and its studies to evidence and a verdict."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from augury.arrays import FloatVector
from augury.audit.account import Account
from augury.audit.benchmark import HeldBenchmark
from augury.audit.checks.case import Case
from augury.audit.claim import Claim, Remark
from augury.audit.cost_study import CostStudy
from augury.audit.delay_study import DelayStudy
from augury.audit.tries import CountedTries
from augury.validation import (
    BootstrapInterval,
    BootstrapSpec,
    Evidence,
    Overfitting,
    OverfittingSpec,
    RandomisationTest,
    Superiority,
    Tests,
    Verdict,
    bootstrap_intervals,
    gather_evidence,
    judge,
    overfitting_probability,
    performance_by_year,
    superiority_test,
    timing_test,
)

__all__ = ["Proof", "evidence_of", "proof_of", "verdict_of"]

_RERUN = "needs the strategy itself, which an audit does not have: run augury validate on it"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Proof:
    """The statistical tests of an account: intervals, overfitting among variants, superiority, timing."""

    intervals: tuple[BootstrapInterval, ...]
    overfitting: Overfitting | None
    superiority: Superiority | None
    timing: RandomisationTest | None


def proof_of(case: Case, benchmark: HeldBenchmark | None, replications: int, seed: int) -> Proof:
    """Run the tests that the file allows, from one seed."""
    account = case.account
    spec = BootstrapSpec(replications=replications, bars_per_year=account.periods_per_year)
    intervals = bootstrap_intervals(account.returns, ("sharpe", "cagr", "max_drawdown"), spec, seed=seed)
    superiority = None
    if benchmark is not None:
        superiority = superiority_test(account.returns[np.newaxis, :], benchmark.returns, seed=seed)
    return Proof(
        intervals=intervals,
        overfitting=_overfitting(case.claim),
        superiority=superiority,
        timing=_timing(case, seed),
    )


def _overfitting(claim: Claim) -> Overfitting | None:
    variants = claim.variants
    if variants is None or variants.returns is None or len(variants.returns) < 2:
        return None
    for blocks in (16, 10, 6, 4):
        if variants.returns.shape[1] >= 8 * blocks:
            return overfitting_probability(variants.returns, OverfittingSpec(blocks=blocks))
    return None


def _timing(case: Case, seed: int) -> RandomisationTest | None:
    """Whether the positions were well timed: one symbol, marked on its bars."""
    positions = _positions(case)
    if positions is None or case.prices is None:
        return None
    bars = next(iter(case.prices.by_symbol.values()))
    at = np.searchsorted(bars.closed_at, case.account.times, side="right") - 1
    closes = bars.matrix[3][at]
    return timing_test(positions[:-1], closes[1:] / closes[:-1] - 1.0, seed=seed)


def _positions(case: Case) -> FloatVector | None:
    """+1, 0 or -1 held at each close, float64[n]; None for several symbols or without bars."""
    account, trades = case.account, case.trades
    if case.prices is None or trades is None or account.basis != "marked" or len(trades.symbols) > 1:
        return None
    if account.entry_at is None or account.exit_at is None or len(account.times) < 60:
        return None
    held = np.zeros(len(account.times) + 1)
    np.add.at(held, account.entry_at, trades.side)
    np.add.at(held, account.exit_at, -trades.side)
    return np.asarray(np.sign(np.cumsum(held)[:-1]))


def evidence_of(
    case: Case,
    tries: CountedTries,
    studies: tuple[CostStudy, DelayStudy],
    proof: Proof,
    remarks: tuple[Remark, ...],
    context: tuple[HeldBenchmark | None, bool | None],
) -> Evidence:
    """What is known, as the verdict needs it; `context` is the benchmark and whether the data are out of sample.

    With exactly one try nothing was searched, so the test of timing stands in for the permutation test where there is
    one; otherwise permutation tests need the strategy and count as not made.
    """
    account, trades = case.account, case.trades
    costs, delays = studies
    profits = None if trades is None else trades.profit[~trades.is_open & np.isfinite(trades.profit)]
    tests = Tests(
        interval=proof.intervals[0],
        superiority=proof.superiority,
        overfitting=proof.overfitting,
        effective=tries.effective,
        cost=costs.multiples,
        delay=delays.sensitivity,
        years=performance_by_year(account.returns, account.times, bars_per_year=account.periods_per_year),
    )
    benchmark, out_of_sample = context
    evidence = gather_evidence(
        account.returns,
        tests,
        trials=tries.number,
        profits=profits,
        benchmark=None if benchmark is None else benchmark.returns,
        bars_per_year=account.periods_per_year,
    )
    timed = proof.timing if tries.number == 1 and proof.timing is not None and proof.timing.computed else None
    known = {name: why for name, why in _missing(costs, delays, benchmark).items() if getattr(evidence, name) is None}
    margin = costs.break_even_bps / costs.charged_bps if costs.charged_bps > 0.0 else math.nan
    return replace(
        evidence,
        out_of_sample=out_of_sample,
        net_of_costs=_net(case),
        permutation_p=None if timed is None else timed.p_value,
        break_even_margin=None if math.isnan(margin) else margin,
        same_bar_fills=any(one.rule == "same_close_fills" for one in remarks) if case.prices is not None else None,
        reasons=(*evidence.reasons, *known.items()),
    )


def _missing(costs: CostStudy, delays: DelayStudy, benchmark: HeldBenchmark | None) -> dict[str, str]:
    """Why figures are missing that only this room knows of."""
    reasons = {
        "permutation_p": _RERUN,
        "walk_forward_permutation_p": _RERUN,
        "sharpe_double_cost": costs.reason or "no costs were charged, so they cannot be doubled",
        "sharpe_delay_1": delays.reason or "",
        "out_of_sample": "not stated (--out-of-sample)",
    }
    if benchmark is None:
        reasons["superiority_p"] = "no benchmark was passed (--benchmark)"
    return {name: why for name, why in reasons.items() if why}


def _net(case: Case) -> bool | None:
    """Whether costs were charged; None for a curve alone, which does not say."""
    if case.trades is None or not np.isfinite(case.trades.costs).any():
        return None
    return bool(np.nansum(case.trades.costs) > 0.0)


def verdict_of(evidence: Evidence, remarks: tuple[Remark, ...], account: Account | None) -> Verdict:
    """The verdict on the evidence; refuted when the backtest claims what cannot be, whatever its figures say."""
    verdict = judge(evidence)
    errors = [one for one in remarks if one.severity == "error"]
    if not errors or account is None:
        return verdict
    more = f" and {len(errors) - 1} more" if len(errors) > 1 else ""
    headline = f"Refuted: the backtest claims what cannot be. {errors[0].text}{more}"
    return replace(verdict, level="refuted", headline=headline)
