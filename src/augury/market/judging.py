"""The checks behind a quality report, one method a group of rules, each recording what it found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import msgspec
import numpy as np

from augury.arrays import BoolVector, IntVector
from augury.errors import AuguryError
from augury.market.bars import BAR_COLUMNS
from augury.market.findings import Finding, Severity, rows_named
from augury.market.gaps import find_gaps
from augury.market.raw import RawBars
from augury.market.rules import BAR_RULES, NO_TIME, distinct_times, times_increase
from augury.market.steps import dividend_mismatches, find_spikes, find_steps, match_declared
from augury.market.timeframe import Timeframe, infer_timeframe
from augury.market.times import iso
from augury.spec import Spec

__all__ = ["Judge", "QualitySpec"]

_AtLeastTwo = Annotated[int, msgspec.Meta(ge=2)]


@dataclass(frozen=True, slots=True, kw_only=True)
class QualitySpec(Spec):
    """Where the line is drawn: stale runs in bars, spikes and steps in log price and robust standard deviations."""

    stale_bars: _AtLeastTwo = 5
    stale_closes: _AtLeastTwo = 10
    spike_floor: Annotated[float, msgspec.Meta(gt=0)] = 0.22
    step_floor: Annotated[float, msgspec.Meta(gt=0)] = 0.35
    sigmas: Annotated[float, msgspec.Meta(gt=0)] = 10.0
    holiday_days: Annotated[int, msgspec.Meta(ge=0)] = 2
    split_window_bars: Annotated[int, msgspec.Meta(ge=0)] = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """Raw bars under judgement, with the findings and the rules skipped so far."""

    raw: RawBars
    findings: list[Finding]
    skipped: list[tuple[str, str]]

    def found(self, rule: str, severity: Severity, rows: IntVector, what: str, extent: int | None = None) -> None:
        """Record a finding about these rows, if there are any."""
        if rows.size == 0:
            return
        positions = tuple(int(row) for row in rows)
        times = tuple(int(self.raw.opened_at[row]) for row in rows)
        message = f"{what}: {rows_named(positions, times)}"
        self.findings.append(
            Finding(
                rule=rule,
                severity=severity,
                message=message,
                positions=positions,
                times_ns=times,
                extent=rows.size if extent is None else extent,
            )
        )

    def found_everywhere(self, rule: str, severity: Severity, what: str) -> None:
        """Record a finding about the whole table, which names no rows."""
        finding = Finding(
            rule=rule, severity=severity, message=what, positions=(), times_ns=(), extent=self.raw.opened_at.size
        )
        self.findings.append(finding)

    def columns_and_times(self, zone: str | None) -> None:
        """Missing columns, missing and naive times, order, repeated times."""
        times = self.raw.opened_at
        if self.raw.missing:
            self.found_everywhere("missing_column", "error", f"no column for {', '.join(self.raw.missing)}")
        self.found("no_time", "error", np.flatnonzero(times == NO_TIME), "no readable time")
        if self.raw.kind == "naive" and zone is None:
            self.found_everywhere("naive_times", "warning", "clock times without a zone, read as UTC")
        known = np.flatnonzero(times != NO_TIME)
        earlier = np.maximum.accumulate(times[known])
        late = known[1:][times[known][1:] < earlier[:-1]]
        reversed_file = late.size == known.size - 1 and bool((np.diff(times[known]) < 0).all())
        self.found(
            "out_of_order", "error", late, "rows run newest first" if reversed_file else "earlier than a row before"
        )
        self._duplicates(known)

    def _duplicates(self, known: IntVector) -> None:
        times = self.raw.opened_at[known]
        if times_increase(times):
            return
        order = known[np.argsort(times, kind="stable")]
        first = np.flatnonzero(np.diff(np.sort(times), prepend=NO_TIME))
        original = order[np.repeat(first, np.diff(np.append(first, order.size)))]
        again = original != order
        here, there = self.raw.matrix[:, order], self.raw.matrix[:, original]
        same = ((here == there) | (np.isnan(here) & np.isnan(there))).all(axis=0)
        self.found("duplicate", "error", np.sort(order[again & same]), "the same time and values as a row before")
        self.found(
            "conflicting_duplicate", "error", np.sort(order[again & ~same]), "the time of a row before, other values"
        )

    def bar_rules(self) -> None:
        """The rules of the Bars contract, and volumes of zero; columns that are missing altogether are left out."""
        bars = self.raw.matrix.copy()
        for row, name in enumerate(BAR_COLUMNS):
            if name in self.raw.missing:
                bars[row] = 1.0 if row == 4 else bars[row]
        present = [row for row, name in enumerate(BAR_COLUMNS) if name not in self.raw.missing]
        for rule, (meaning, broken) in BAR_RULES.items():
            where = broken(bars[present]) if rule == "not_finite" else broken(bars)
            self.found(rule, "error", np.flatnonzero(where), f"broken: {meaning}")
        if "volume" not in self.raw.missing:
            self.found("zero_volume", "warning", np.flatnonzero(self.raw.matrix[4] == 0.0), "volume is zero")

    def usable_rows(self) -> IntVector:
        """Positions in time order of rows with a time and four sound prices, the first of each time."""
        prices = self.raw.matrix[:4]
        sound = np.isfinite(prices).all(axis=0) & (prices > 0.0).all(axis=0) & (self.raw.opened_at != NO_TIME)
        rows = np.flatnonzero(sound)
        if times_increase(self.raw.opened_at[rows]):
            return rows
        _, first = np.unique(self.raw.opened_at[rows], return_index=True)
        return np.asarray(rows[first], dtype=np.int64)

    def gaps(self, timeframe: str | Timeframe | None, spec: QualitySpec) -> Timeframe | None:
        """Holes in the timetable; the bar length is inferred when not given, and the rule skipped when that fails."""
        times = distinct_times(self.raw.opened_at)
        try:
            length = infer_timeframe(times) if timeframe is None else Timeframe.of(timeframe)
        except AuguryError as problem:
            if timeframe is not None:
                raise
            self.skipped.append(("gap", str(problem)))
            return None
        gaps = find_gaps(times, length, holiday_days=spec.holiday_days)
        if gaps:
            row_of = {int(moment): row for row, moment in reversed(list(enumerate(self.raw.opened_at)))}
            rows = np.array([row_of[int(times[gap.before + 1])] for gap in gaps])
            worst = max(gaps, key=lambda gap: gap.missing_bars)
            absent = sum(gap.missing_bars for gap in gaps)
            what = (
                f"{absent:,} bar{'s' * (absent > 1)} absent in {len(gaps):,} gap{'s' * (len(gaps) > 1)}, the longest "
                f"{iso(int(times[worst.before]))} to {iso(int(times[worst.before + 1]))} ({worst.reason}); gaps end at"
            )
            severity: Severity = "error" if worst.missing_bars * length.ns >= 10 * Timeframe.of("1D").ns else "warning"
            self.found("gap", severity, rows, what, extent=absent)
        return length

    def stale(self, order: IntVector, spec: QualitySpec) -> None:
        """Runs of bars, or of closes, that do not change; the rows that repeat are named."""
        prices = self.raw.matrix[:4, order]
        same_bar = (prices[:, 1:] == prices[:, :-1]).all(axis=0)
        same_close = prices[3, 1:] == prices[3, :-1]
        repeats = _in_long_runs(same_bar, spec.stale_bars - 1) | _in_long_runs(same_close, spec.stale_closes - 1)
        what = f"unchanged for {spec.stale_bars} bars (or {spec.stale_closes} closes) or more"
        self.found("stale", "warning", np.sort(order[1:][repeats]), what)

    def levels(self, order: IntVector, spec: QualitySpec) -> None:
        """Spikes, steps, and contradictions with the vendor's own split and dividend columns."""
        if order.size < 3:
            self.skipped.append(("spike", f"needs 3 sound bars, there are {order.size}"))
            return
        spikes, wicks = find_spikes(self.raw.matrix[:4, order], floor=spec.spike_floor, sigmas=spec.sigmas)
        self.found("spike", "error", np.sort(order[spikes]), "a price far from both neighbours, which agree")
        self.found("wick", "warning", np.sort(order[wicks & ~spikes]), "a high or low far beyond everything around it")
        calm = order[~spikes]
        prices = np.ascontiguousarray(self.raw.matrix[:4, calm])
        paid = None if self.raw.dividends is None else self.raw.dividends[calm]
        declared = set()
        if self.raw.splits is not None:
            window = spec.split_window_bars
            matches = match_declared(prices, self.raw.splits[calm], window_bars=window, dividends=paid)
            declared = {step.at for step in matches}
            rows = np.array([calm[step.at] for step in matches], dtype=np.int64)
            what = "prices step by a split that the table declares: not adjusted for it, or twice, or at another row"
            self.found("declared_split", "error", rows, what)
        found = find_steps(prices, floor=spec.step_floor, sigmas=spec.sigmas, dividends=paid)
        steps = [step for step in found if step.at not in declared]
        for rule, severity, meaning in _STEPS:
            chosen = [step for step in steps if step.kind == rule]
            ratios = ", ".join(f"x {step.ratio:.4g}" for step in chosen[:5])
            rows = np.array([calm[step.at] for step in chosen], dtype=np.int64)
            self.found(rule, severity, rows, f"{meaning} ({ratios})")
        if self.raw.dividends is not None and self.raw.adjusted_close is not None:
            wrong = dividend_mismatches(
                self.raw.matrix[3, order], self.raw.adjusted_close[order], self.raw.dividends[order]
            )
            self.found("dividend", "error", order[wrong], "the dividend disagrees with the step of the adjusted close")


_STEPS: tuple[tuple[str, Severity, str], ...] = (
    ("unit_jump", "error", "prices step by a power of ten, as when the unit changes"),
    ("split_like", "warning", "prices step by a usual split ratio and stay: not adjusted for a split?"),
    ("jump", "warning", "prices step and stay"),
)


def _in_long_runs(same: BoolVector, length: int) -> BoolVector:
    """True inside runs of at least `length` True values."""
    edges = np.diff(np.concatenate(([0], same.astype(np.int8), [0])))
    starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    kept = np.zeros(same.size, dtype=np.bool_)
    for start, end in zip(starts, ends, strict=True):
        kept[start:end] = end - start >= length
    return kept
