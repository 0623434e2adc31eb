"""An audit as a story for the report page, the notebook and the terminal."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from augury.audit.account import Account
from augury.audit.audit import Audit
from augury.audit.check_tables import check_tables
from augury.audit.claim import ClaimedTrades
from augury.errors import NotEnoughData
from augury.report import (
    Benchmark,
    Candles,
    DataFacts,
    FindingItem,
    GateItem,
    Interval,
    MeasureItem,
    NullTest,
    Story,
    Tries,
    VerdictItem,
)

__all__ = ["audit_story", "findings_of"]

_SAME = {
    "few_trades": "few_trades",
    "autocorrelated": "autocorrelated",
    "same_bar_fills": "same_close_fills",
    "one_trade": "one_trade",
}
_SEVERITY = {"fatal": "error", "serious": "warning", "worth knowing": "info"}
_ORDER = {"error": 0, "warning": 1, "info": 2}
_BASIS = {
    "curve": "the account's own curve",
    "marked": "trades valued at every close of the bars",
    "booked": "profits booked when trades close",
    "trial": "returns kept by the search",
}


def findings_of(audit: Audit) -> tuple[FindingItem, ...]:
    """Remarks and the verdict's concerns as one ranked list, nothing said twice."""
    told = {one.rule for one in audit.remarks}
    found = [FindingItem(severity=one.severity, text=one.text, remedy=one.remedy) for one in audit.remarks]
    for concern in audit.verdict.concerns:
        if _SAME.get(concern.name) not in told:
            text = concern.message[:1].upper() + concern.message[1:]
            remedy = concern.remedy[:1].upper() + concern.remedy[1:]
            found.append(FindingItem(severity=_SEVERITY[concern.severity], text=f"{text}.", remedy=f"{remedy}."))
    return tuple(sorted(found, key=lambda one: _ORDER[one.severity]))


def audit_story(audit: Audit) -> Story:
    """The story of an audit: curve, benchmark, trades, candles of a single symbol, tests, checks, verdict, findings.

    Raises NotEnoughData for a search whose trials kept no returns: there is no curve to show.
    """
    account, claim = audit.account, audit.claim
    if account is None or audit.metrics is None:
        raise NotEnoughData(
            "the search kept no returns, so there is no curve to report on; pass the chosen trial's trades or "
            "equity too"
        )
    return Story(
        title=claim.name or "backtest",
        subtitle=f"Audit of a {claim.tool} backtest" if claim.tool != "table" else "Audit of a backtest",
        times=account.times,
        equity=account.equity,
        initial_cash=account.initial_cash,
        strategy=claim.name,
        settings={**claim.settings, "judged by": _BASIS[account.basis]},
        data=_data(audit),
        bars_per_year=account.periods_per_year,
        benchmark=None
        if audit.benchmark is None
        else Benchmark(name=audit.benchmark.name, equity=audit.benchmark.equity),
        exposure=_exposure(account),
        bars=_candles(audit),
        trades=None if claim.trades is None else _trades(claim.trades, account),
        measures=tuple(_measure(measure) for measure in audit.metrics.values()),
        cost_totals=_cost_totals(claim.trades),
        tests=_tests(audit),
        intervals=_intervals(audit),
        checks=check_tables(audit),
        verdict=_verdict(audit),
        tries=_tries(audit),
        notes=tuple(f"Not checked: {check}, because {reason}." for check, reason in audit.skipped),
        provenance={
            "files": ", ".join(Path(source).name for source in claim.sources),
            "seed": audit.spec.seed,
            "audit": audit.spec.id,
        },
    )


def _data(audit: Audit) -> DataFacts:
    trades = audit.claim.trades
    symbols = () if trades is None else tuple(symbol for symbol in trades.symbols if symbol)
    return DataFacts(symbols=symbols, timeframe=audit.claim.timeframe or "")


def _exposure(account: Account) -> Any:
    exposure = account.exposure
    return None if exposure is None or not np.isfinite(exposure).all() else exposure


def _candles(audit: Audit) -> Any:
    """The bars of the only symbol, within the account's time."""
    prices, account = audit.prices, audit.account
    if prices is None or account is None or len(prices.by_symbol) != 1:
        return None
    bars = next(iter(prices.by_symbol.values()))
    wanted = (bars.closed_at > account.times[0] - (account.times[1] - account.times[0])) & (
        bars.opened_at <= account.times[-1]
    )
    if not wanted.any():
        return None
    return Candles(opened_at=bars.opened_at[wanted], matrix=np.ascontiguousarray(bars.matrix[:, wanted]))


def _trades(trades: ClaimedTrades, account: Account) -> dict[str, Any]:
    held = np.full(len(trades), np.nan)
    if account.entry_at is not None and account.exit_at is not None:
        held = (account.exit_at - account.entry_at).astype(np.float64)
    return {
        "side": trades.side,
        "entry_time": trades.entry_ns,
        "exit_time": trades.exit_ns,
        "entry_price": trades.entry_price,
        "exit_price": trades.exit_price,
        "units": trades.units,
        "profit_and_loss": trades.profit,
        "return": trades.trade_return,
        "costs": trades.costs,
        "holding_bars": held,
        "exit_reason": list(trades.exit_reason),
        "is_open": trades.is_open,
    }


def _measure(measure: Any) -> MeasureItem:
    return MeasureItem(
        name=measure.name,
        value=measure.value if math.isfinite(measure.value) else None,
        unit=measure.unit,
        standard_error=measure.standard_error,
        flags=tuple(measure.flags),
        reason=measure.reason,
    )


def _cost_totals(trades: ClaimedTrades | None) -> dict[str, float]:
    if trades is None or not np.isfinite(trades.costs).any():
        return {}
    return {"commission and fees": float(np.nansum(trades.costs))}


def _tests(audit: Audit) -> tuple[NullTest, ...]:
    timing = None if audit.proof is None else audit.proof.timing
    if timing is None or not timing.computed:
        return ()
    explanation = (
        "The same positions at other times: how much of the result is their timing. It says nothing about how they "
        "were found."
    )
    return (
        NullTest(
            name="Timing of the positions",
            null=timing.null,
            observed=timing.observed,
            p_value=timing.p_value,
            statistic="mean return a bar",
            explanation=explanation,
        ),
    )


def _intervals(audit: Audit) -> tuple[Interval, ...]:
    found = () if audit.proof is None else audit.proof.intervals
    return tuple(
        Interval(name=one.statistic, low=one.lower, high=one.upper, level=one.confidence, method=one.method)
        for one in found
        if one.computed
    )


def _tries(audit: Audit) -> Tries | None:
    number = audit.tries.number
    if number is None:
        return None
    worth = audit.tries.effective
    effective = None if worth is None or not math.isfinite(worth.effective) else worth.effective
    return Tries(number=number, effective=effective, source=audit.tries.source)


def _verdict(audit: Audit) -> VerdictItem:
    passed = {"passed": True, "not applicable": True, "failed": False, "not tested": None}
    gates = tuple(
        GateItem(
            name=item.title,
            value=item.value,
            bound=None if item.bound is None or item.relation == "is" else f"{item.relation} {item.bound:.4g}",
            passed=passed[item.status],
            explanation=item.why,
            remedy=item.remedy,
        )
        for item in audit.verdict.gate
    )
    return VerdictItem(
        level=audit.verdict.level, headline=audit.verdict.headline, gates=gates, findings=findings_of(audit)
    )
