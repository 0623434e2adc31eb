"""A result as the story that reports tell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from augury.arrays import IntVector
from augury.backtest.proof.proof_record import Proof
from augury.backtest.proof.proof_telling import UNPROVEN, known_number, null_tests, told_intervals, told_tries, what_ifs
from augury.backtest.result import BacktestResult
from augury.backtest.run_facts import gross_exposure
from augury.backtest.search.sweep_result import SweepResult
from augury.market.timeframe import close_times
from augury.report import Benchmark, DataFacts, Grid, Story

__all__ = ["story_of"]


def story_of(result: BacktestResult, title: str | None = None) -> Story:
    """Everything a report shows of a result; without a proof the sections that need one are left out."""
    proof, run = result.proof, result.run
    heading = result.strategy + (f" on {result.symbol}" if result.symbol else "")
    return Story(
        title=title or heading,
        strategy=result.strategy,
        parameters=dict(result.parameters),
        settings=_settings(result),
        data=DataFacts(
            symbols=(result.symbol,) if result.symbol else (),
            timeframe=result.timeframe,
            bars=len(run.bars),
            first_ns=int(run.bars.opened_at[0]),
            last_ns=int(run.bars.opened_at[-1]),
            fingerprint=result.fingerprint,
        ),
        times=_closes(result),
        equity=run.equity,
        initial_cash=run.spec.initial_cash,
        bars_per_year=known_number(result.subject.periods_per_year),
        benchmark=None if proof is None else Benchmark(name="buy and hold", equity=proof.benchmark),
        exposure=_exposure(result),
        bars=run.bars,
        trades=result.trades,
        measures=tuple(result.metrics.values()),
        cost_totals=result.costs,
        tests=() if proof is None else null_tests(proof),
        intervals=() if proof is None else told_intervals(proof),
        sensitivity=None if proof is None or proof.sweep is None else _heat_map(proof.sweep, result),
        checks=() if proof is None else what_ifs(proof),
        verdict=None if proof is None else proof.verdict,
        unjudged=UNPROVEN,
        tries=None if proof is None else told_tries(proof),
        notes=(*result.notes, *(() if proof is None else (*_forward_note(proof), *proof.notes))),
        provenance={
            "strategy code": result.strategy_id,
            "settings": run.spec.id,
            "data": result.fingerprint,
            "equity": result.digests["equity"][:16],
            **({} if proof is None else {"proof settings": proof.spec.id, "seed": proof.spec.seed}),
        },
    )


def _closes(result: BacktestResult) -> IntVector:
    """When each bar is known; its open where the bars have no prevailing length."""
    opened_at = result.run.bars.opened_at
    return close_times(opened_at, result.timeframe) if result.timeframe else opened_at


def _forward_note(proof: Proof) -> tuple[str, ...]:
    """What the walk-forward says, when the verdict shown is the one in sample."""
    forward = proof.out_of_sample
    if forward is None or proof.verdict is forward:
        return ()
    return (f"Walk-forward, on bars that no choice had seen: {forward.headline}",)


def _exposure(result: BacktestResult) -> Any:
    gross = gross_exposure(result.run)
    return np.where(np.isfinite(gross), gross, np.nan)


def _settings(result: BacktestResult) -> dict[str, object]:
    spec = result.spec.to_dict()
    nested = {"costs", "exits"}
    flat: dict[str, object] = {name: value for name, value in spec.items() if name not in nested and value is not None}
    for name in nested:
        flat.update({key: value for key, value in spec[name].items() if value is not None})
    return flat


def _heat_map(sweep: SweepResult, result: BacktestResult) -> Grid | None:
    """The Sharpe ratio over the two parameters with the most values, the others as in the result."""
    sizes = [np.unique(column).size for column in sweep.params.T]
    order = sorted(range(len(sizes)), key=lambda at: -sizes[at])
    moving = [at for at in order[:2] if sizes[at] > 1]
    if not moving:
        return None
    x = moving[0]
    y = moving[1] if len(moving) > 1 else None
    wanted = np.ones(len(sweep), dtype=np.bool_)
    for at in range(len(sizes)):
        if at not in moving:
            wanted &= sweep.params[:, at] == result.subject.values[at]
    if not wanted.any():
        return None
    return _grid(sweep, result, x, y, wanted)


def _grid(sweep: SweepResult, result: BacktestResult, x: int, y: int | None, wanted: Any) -> Grid:
    xs = np.unique(sweep.params[:, x])
    ys: Sequence[float] = np.unique(sweep.params[:, y]).tolist() if y is not None else [0.0]
    values = np.full((len(ys), len(xs)), np.nan)
    columns = np.searchsorted(xs, sweep.params[wanted, x])
    lines = np.searchsorted(ys, sweep.params[wanted, y]) if y is not None else np.zeros(columns.size, dtype=np.int64)
    values[lines, columns] = sweep.measured("sharpe")[wanted]
    chosen = (
        int(np.searchsorted(xs, result.subject.values[x])),
        int(np.searchsorted(ys, result.subject.values[y])) if y is not None else 0,
    )
    return Grid(
        x_name=sweep.names[x],
        x_values=tuple(xs.tolist()),
        y_name=sweep.names[y] if y is not None else "",
        y_values=tuple(ys) if y is not None else ("",),
        values=values,
        measure="sharpe",
        chosen=chosen,
    )
