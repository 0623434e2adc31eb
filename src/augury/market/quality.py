"""Data quality of bars: every defect named by row, a score from 0 to 100, and nothing repaired."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from augury.arrays import IntVector
from augury.errors import InvalidBars
from augury.market.columns import BAR_SPELLINGS, find_columns
from augury.market.findings import Finding, QualityReport, rows_named, score_of
from augury.market.judging import Judge, QualitySpec
from augury.market.raw import raw_bars, symbols_of
from augury.market.tables import as_pandas
from augury.market.timeframe import Timeframe

__all__ = ["QualitySpec", "quality_by_symbol", "quality_report"]


def quality_report(
    bars: Any,
    *,
    timeframe: str | Timeframe | None = None,
    zone: str | None = None,
    symbol: str = "",
    spec: QualitySpec | None = None,
) -> QualityReport:
    """Judge one symbol's bars; works on tables that `validate_bars` refuses.

    Rules: missing_column, no_time, naive_times, out_of_order, duplicate (same row again), conflicting_duplicate (same
    time, other values), those of the Bars contract (not_finite, non_positive_price, high_below_low, inconsistent_high,
    inconsistent_low, negative_volume), gap (by the series' own week, see `find_gaps`), stale (runs of unchanged bars or
    closes), zero_volume, spike (leaves and comes back), wick, split_like, unit_jump and jump (leaves and stays),
    declared_split and dividend (prices contradict the vendor's own split and dividend columns, where given).
    Rows are positions in the table, from 0. A step names the first row on the new level. The whole history is judged
    with hindsight: this is a look at data, not a feature.

    Raises InvalidBars for what is not a table, has no times at all, no rows, or several symbols (`quality_by_symbol`).
    """
    spec = spec or QualitySpec()
    table = as_pandas(bars, error=InvalidBars)
    if len(table) == 0:
        raise InvalidBars("expected at least one bar to judge, got a table without rows")
    if len(listed := symbols_of(table)) > 1:
        raise InvalidBars(f"expected bars of one symbol, got {len(listed)}; use quality_by_symbol")
    raw = raw_bars(table, zone=zone, tolerant=True)
    judge = Judge(raw=raw, findings=[], skipped=[])
    judge.columns_and_times(zone)
    judge.bar_rules()
    order = judge.usable_rows()
    length = judge.gaps(timeframe, spec)
    judge.stale(order, spec)
    judge.levels(order, spec)
    findings = tuple(judge.findings)
    return QualityReport(
        symbol=symbol or (listed[0] if listed else ""),
        rows=len(table),
        timeframe=None if length is None else str(length),
        findings=findings,
        skipped=tuple(judge.skipped),
        score=score_of(findings, len(table)),
    )


def quality_by_symbol(
    bars: Any,
    *,
    timeframe: str | Timeframe | None = None,
    zone: str | None = None,
    spec: QualitySpec | None = None,
) -> dict[str, QualityReport]:
    """`quality_report` of every symbol in a table with a symbol column; rows are positions in the whole table."""
    table = as_pandas(bars, error=InvalidBars)
    column = find_columns(table.columns, {"symbol": BAR_SPELLINGS["symbol"]}, error=InvalidBars).get("symbol")
    if column is None:
        raise InvalidBars("expected a symbol column; use quality_report for bars of one symbol")
    reports: dict[str, QualityReport] = {}
    for name, rows in sorted(table.groupby(table[column].astype("str").to_numpy()).indices.items()):
        report = quality_report(table.iloc[rows], timeframe=timeframe, zone=zone, symbol=str(name), spec=spec)
        places = np.asarray(rows, dtype=np.int64)
        reports[str(name)] = replace(report, findings=tuple(_moved(finding, places) for finding in report.findings))
    return reports


def _moved(finding: Finding, rows: IntVector) -> Finding:
    """The finding with its rows counted in the whole table."""
    positions = tuple(int(rows[at]) for at in finding.positions)
    old, new = rows_named(finding.positions, finding.times_ns), rows_named(positions, finding.times_ns)
    return replace(finding, positions=positions, message=finding.message.replace(old, new))
