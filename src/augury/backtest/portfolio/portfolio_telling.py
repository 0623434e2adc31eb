"""The result of a portfolio as the story that reports tell."""

from __future__ import annotations

import numpy as np

from augury.arrays import FloatVector
from augury.backtest.portfolio.portfolio_facts import gross_exposure
from augury.backtest.portfolio.portfolio_result import PortfolioResult
from augury.backtest.proof.portfolio_benchmark import BENCHMARK_NAME
from augury.backtest.proof.proof_telling import UNPROVEN, known_number, null_tests, told_intervals, told_tries, what_ifs
from augury.report import Benchmark, CheckTable, DataFacts, Story

__all__ = ["portfolio_story"]

_SHOWN = 20
_MONEY = ("contributions", "commissions", "slippage", "borrowing", "dividends", "traded")


def portfolio_story(result: PortfolioResult, title: str | None = None) -> Story:
    """Everything a report shows of a portfolio; without a proof the sections that need one are left out."""
    proof, run, panel = result.proof, result.run, result.run.panel
    return Story(
        title=title or _heading(result),
        strategy=result.name,
        parameters=_constant_weights(result),
        settings=_settings(result),
        data=DataFacts(
            symbols=panel.symbols,
            timeframe=str(panel.timeframe),
            bars=len(panel),
            first_ns=int(panel.opened_at[0]),
            last_ns=int(panel.opened_at[-1]),
            fingerprint=result.fingerprint,
        ),
        times=panel.closed_at,
        equity=run.equity,
        initial_cash=run.spec.backtest.initial_cash,
        bars_per_year=known_number(result.bars_per_year),
        benchmark=None if proof is None else Benchmark(name=BENCHMARK_NAME, equity=proof.benchmark),
        exposure=gross_exposure(run),
        trades=result.trades if run.spec.keep_fills else None,
        measures=tuple(result.metrics.values()),
        cost_totals=result.costs,
        tests=() if proof is None else null_tests(proof),
        intervals=() if proof is None else told_intervals(proof),
        checks=(_by_symbol(result), *(() if proof is None else what_ifs(proof))),
        verdict=None if proof is None else proof.verdict,
        unjudged=UNPROVEN,
        tries=None if proof is None else told_tries(proof),
        notes=(*result.notes, *(() if proof is None else proof.notes)),
        provenance={
            "settings": run.spec.id,
            "data": result.fingerprint,
            "equity": result.digests["equity"][:16],
            **({} if proof is None else {"proof settings": proof.spec.id, "seed": proof.spec.seed}),
        },
    )


def _heading(result: PortfolioResult) -> str:
    names = result.symbols
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return f"{result.name[:1].upper()}{result.name[1:]} of {shown}"


def _constant_weights(result: PortfolioResult) -> dict[str, object]:
    """The weights by symbol where they never change and are few."""
    rows = result.weights.rows
    held = np.flatnonzero(rows[0])
    if len(rows) != 1 or held.size > _SHOWN:
        return {}
    return {result.symbols[at]: round(float(rows[0, at]), 6) for at in held}


def _settings(result: PortfolioResult) -> dict[str, object]:
    """Every option that is set, without its folder."""
    flat: dict[str, object] = {}
    pending = [result.spec.to_dict()]
    while pending:
        for name, value in pending.pop(0).items():
            if isinstance(value, dict):
                pending.append(value)
            elif value is not None:
                flat[name] = value
    return flat


def _by_symbol(result: PortfolioResult) -> CheckTable:
    """What each symbol added, the largest first; those beyond the first as one row."""
    run, names = result.run, result.symbols
    money: FloatVector = np.stack([getattr(run, name) for name in _MONEY], axis=1)
    order = np.argsort(-np.abs(run.contributions), kind="stable")
    shown, rest = order[:_SHOWN], order[_SHOWN:]
    rows: list[tuple[float | str | None, ...]] = [(names[at], *money[at].tolist()) for at in shown]
    if rest.size:
        rows.append((f"{rest.size} others", *money[rest].sum(axis=0).tolist()))
    return CheckTable(
        title="By symbol",
        columns=("symbol", *_MONEY),
        rows=tuple(rows),
        units=("", *("money",) * len(_MONEY)),
        note="Contributions are after a symbol's own costs; with interest they add up to the change in equity.",
    )
