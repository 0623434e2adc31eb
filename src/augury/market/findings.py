"""What a quality check found: which rule, which rows, how bad, and the score that follows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

import numpy as np
import pandas as pd

from augury.market.bars import time_index
from augury.market.rules import BAR_RULES
from augury.market.times import iso

__all__ = ["CONTRACT_RULES", "Finding", "QualityReport", "Severity", "score_of"]

Severity: TypeAlias = Literal["error", "warning", "info"]

_PENALTY: Final[Mapping[Severity, float]] = {"error": 0.5, "warning": 0.2, "info": 0.0}
CONTRACT_RULES: Final[frozenset[str]] = frozenset(
    {"missing_column", "no_time", "naive_times", "out_of_order", "duplicate", "conflicting_duplicate", *BAR_RULES}
)
"""Findings that `validate_bars` refuses; the others leave bars that it accepts."""

_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One broken rule: where and how often.

    `positions` are row positions in the table that was judged (from 0), `times_ns` their times (int64 ns UTC; the
    smallest int64 where a row has none). `extent` is how many bars the defect concerns (rows, or absent bars of a gap).
    Errors are rows that cannot be right, warnings rows that are probably not, infos facts worth knowing.
    """

    rule: str
    severity: Severity
    message: str
    positions: tuple[int, ...]
    times_ns: tuple[int, ...]
    extent: int

    @property
    def count(self) -> int:
        """How many rows (for gaps: places) are named."""
        return len(self.positions)

    @property
    def timestamps(self) -> pd.DatetimeIndex:
        """The times of the rows named, UTC; NaT where a row has none."""
        return time_index(np.array(self.times_ns, dtype=np.int64))

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-ready values, every row included."""
        return {
            "rule": self.rule,
            "severity": self.severity,
            "count": self.count,
            "extent": self.extent,
            "message": self.message,
            "rows": list(self.positions),
            "timestamps": [iso(moment) for moment in self.times_ns],
        }


def score_of(findings: tuple[Finding, ...], rows: int) -> float:
    """100 x the product over findings of 1 - w (0.2 + 0.8 sqrt(share)), share = min(1, extent / rows).

    w is 0.5 for errors, 0.2 for warnings, 0 for infos. A single bad row costs at least a fifth of its rule's weight
    however long the series is, since one wrong price is enough to ruin a backtest. More findings, or larger ones, never
    raise the score.
    """
    score = 100.0
    for finding in findings:
        share = min(1.0, finding.extent / rows)
        score *= 1.0 - _PENALTY[finding.severity] * (0.2 + 0.8 * share**0.5)
    return score


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityReport:
    """The judgement of one symbol's bars: findings, a score from 0 to 100 (see `score_of`), and what was not judged.

    `timeframe` is the bar length used for gaps, None when it could not be told. `skipped` pairs a rule with the reason
    why it could not be applied; a rule that was skipped says nothing about the data.
    """

    symbol: str
    rows: int
    timeframe: str | None
    findings: tuple[Finding, ...]
    skipped: tuple[tuple[str, str], ...]
    score: float

    def finding(self, rule: str) -> Finding | None:
        """The finding of this rule, None when the rule was kept (or skipped, see `skipped`)."""
        return next((finding for finding in self.findings if finding.rule == rule), None)

    @property
    def keeps_contract(self) -> bool:
        """True when no rule of the Bars contract is broken; `validate_bars` then accepts the table."""
        return all(finding.rule not in CONTRACT_RULES for finding in self.findings)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-ready values."""
        return {
            "symbol": self.symbol,
            "rows": self.rows,
            "timeframe": self.timeframe,
            "score": self.score,
            "findings": [finding.to_dict() for finding in self.findings],
            "skipped": [{"rule": rule, "reason": reason} for rule, reason in self.skipped],
        }

    def to_frame(self) -> pd.DataFrame:
        """One row a finding: rule, severity, count, extent, message."""
        names = ("rule", "severity", "count", "extent", "message")
        return pd.DataFrame([[getattr(finding, name) for name in names] for finding in self.findings], columns=names)

    def __str__(self) -> str:
        """A few lines of text, one a finding."""
        title = f"{self.symbol or 'bars'}: score {self.score:.1f} of 100, {self.rows} rows, timeframe {self.timeframe}"
        lines = [f"  {finding.severity}: {finding.rule}: {finding.message}" for finding in self.findings]
        lines += [f"  not judged: {rule}: {reason}" for rule, reason in self.skipped]
        return "\n".join([title, *lines])


def rows_named(positions: tuple[int, ...], times_ns: tuple[int, ...]) -> str:
    """The first few rows in words: "row 3 (2020-01-02T00:00:00Z), ... and 4 more"."""
    pairs = zip(positions[:_SHOWN], times_ns[:_SHOWN], strict=True)
    shown = ", ".join(f"row {position} ({iso(moment)})" for position, moment in pairs)
    return shown + (f" and {len(positions) - _SHOWN} more" if len(positions) > _SHOWN else "")
