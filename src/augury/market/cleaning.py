"""Mending bars on request: named rules drop or move rows, every change is listed, no price is invented."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

import numpy as np
import pandas as pd

from augury.arrays import BoolVector, FloatMatrix, IntVector
from augury.errors import InvalidBars, InvalidInput, nearest
from augury.market.bars import BAR_COLUMNS, BarArrays, bars_frame
from augury.market.judging import QualitySpec
from augury.market.raw import RawBars, raw_bars, symbols_of
from augury.market.rules import BAR_RULES, NO_TIME
from augury.market.steps import find_spikes
from augury.market.tables import as_pandas
from augury.market.times import iso
from augury.market.validate import check_bar_arrays

__all__ = ["CLEAN_RULES", "CleanChange", "CleanReport", "clean"]

CLEAN_RULES: Final[dict[str, str]] = {
    "no_time": "drop rows without a readable time",
    "not_finite": "drop rows with NaN or infinity in a price or the volume",
    "non_positive_price": "drop rows with a price of 0 or less",
    "high_below_low": "drop rows whose high is below their low",
    "inconsistent_high": "drop rows whose high is below open or close",
    "inconsistent_low": "drop rows whose low is above open or close",
    "negative_volume": "drop rows with negative volume",
    "zero_volume": "drop rows with volume 0",
    "out_of_order": "move rows into the order of their times",
    "duplicate": "drop rows that repeat an earlier row's time and values",
    "conflicting_duplicate": "of rows with one time and different values keep the last in the table",
    "spike": "drop rows whose open or close lies far from both neighbours, which agree",
}
"""Rule -> what `clean` does about it. Applied in this order, whatever order they are asked in."""

_Action: TypeAlias = Literal["dropped", "moved"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanChange:
    """One row changed: its position in the table given, its time (int64 ns UTC), its values, rule and action."""

    rule: str
    action: _Action
    position: int
    time_ns: int
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanReport:
    """Everything that `clean` did, row by row, and how many rows came in and went out."""

    rules: tuple[str, ...]
    rows_before: int
    rows_after: int
    changes: tuple[CleanChange, ...]

    def to_frame(self) -> pd.DataFrame:
        """One row a change: rule, action, position, timestamp, open, high, low, close, volume."""
        rows = [(c.rule, c.action, c.position, iso(c.time_ns), *c.values) for c in self.changes]
        return pd.DataFrame(rows, columns=["rule", "action", "position", "timestamp", *BAR_COLUMNS])

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-ready values; NaN and infinite values as text."""
        return {
            "rules": list(self.rules),
            "rows_before": self.rows_before,
            "rows_after": self.rows_after,
            "changes": [
                {
                    "rule": change.rule,
                    "action": change.action,
                    "position": change.position,
                    "timestamp": iso(change.time_ns),
                    "values": [value if np.isfinite(value) else str(value) for value in change.values],
                }
                for change in self.changes
            ],
        }


def clean(table: Any, *, rules: Sequence[str], zone: str | None = None) -> tuple[pd.DataFrame, CleanReport]:
    """Drop or move the rows that break the named rules (see CLEAN_RULES), and say so row by row.

    Values are never changed, filled or adjusted; splits and changes of unit are therefore not mended here. Whether a
    spike is one is judged with the bars after it, so cleaned history must not be taken for what was known then.
    `zone` as in `validate_bars`; the result keeps the Bars contract. Raises InvalidInput for an unknown rule and
    InvalidBars when the rows left still break a rule that was not named, or none are left.

    >>> import pandas as pd
    >>> days = pd.to_datetime(["2024-01-02", "2024-01-03", "2024-01-03"], utc=True)
    >>> table = pd.DataFrame({"time": days, "open": 9.0, "high": 9.5, "low": 8.5, "close": 9.2, "volume": 1.0})
    >>> bars, report = clean(table, rules=["duplicate"])
    >>> len(bars), report.changes[0].position
    (2, 2)
    """
    for rule in rules:
        if rule not in CLEAN_RULES:
            raise InvalidInput(f"clean has no rule {rule!r}; {nearest(rule, CLEAN_RULES)}")
    frame = as_pandas(table, error=InvalidBars)
    if len(listed := symbols_of(frame)) > 1:
        raise InvalidBars(f"expected bars of one symbol, got {len(listed)} ({', '.join(listed[:8])}); clean each alone")
    raw = raw_bars(frame, zone=zone, tolerant=True)
    if raw.missing:
        raise InvalidBars(f"expected columns {', '.join(BAR_COLUMNS)}; missing {', '.join(raw.missing)}")
    if raw.kind == "naive" and zone is None:
        raise InvalidBars("clock times without a zone cannot be placed; pass zone= ('UTC', 'America/New_York', ...)")
    rows = np.arange(raw.opened_at.size, dtype=np.int64)
    changes: list[CleanChange] = []
    for rule in CLEAN_RULES:
        if rule not in rules:
            continue
        kept = _apply(rule, raw, rows)
        moved = rule == "out_of_order"
        changed = rows[kept != rows] if moved else np.setdiff1d(rows, kept)
        changes += [_change(rule, "moved" if moved else "dropped", int(row), raw) for row in changed]
        rows = kept
    if rows.size == 0:
        raise InvalidBars(f"the rules {', '.join(rules)} leave none of the {raw.opened_at.size} rows")
    matrix = np.ascontiguousarray(raw.matrix[:, rows])
    try:
        check_bar_arrays(BarArrays(raw.opened_at[rows], matrix))
    except InvalidBars as problem:
        left = str(problem).replace("expected that", f"expected that, after the rules {', '.join(rules) or '(none)'},")
        raise InvalidBars(f"{left}; rows count from 0 among the {rows.size} left") from problem
    report = CleanReport(
        rules=tuple(rule for rule in CLEAN_RULES if rule in rules),
        rows_before=int(raw.opened_at.size),
        rows_after=int(rows.size),
        changes=tuple(changes),
    )
    return bars_frame(raw.opened_at[rows], matrix), report


def _apply(rule: str, raw: RawBars, rows: IntVector) -> IntVector:
    """The rows left, in their new order."""
    times, bars = raw.opened_at[rows], raw.matrix[:, rows]
    if rule == "out_of_order":
        return np.asarray(rows[np.argsort(times, kind="stable")])
    if rule == "no_time":
        dropped = times == NO_TIME
    elif rule == "zero_volume":
        dropped = bars[4] == 0.0
    elif rule == "duplicate":
        dropped = _repeats(times, bars)
    elif rule == "conflicting_duplicate":
        dropped = pd.Series(times).duplicated(keep="last").to_numpy()
    elif rule == "spike":
        dropped = _spikes(times, bars)
    else:
        dropped = BAR_RULES[rule][1](bars)
    return np.asarray(rows[~dropped])


def _repeats(times: IntVector, bars: FloatMatrix) -> BoolVector:
    seen: set[bytes] = set()
    repeats = np.zeros(times.size, dtype=np.bool_)
    for at in np.flatnonzero(pd.Series(times).duplicated(keep=False)):
        key = times[at].tobytes() + bars[:, at].tobytes()
        repeats[at] = key in seen
        seen.add(key)
    return repeats


def _spikes(times: IntVector, bars: FloatMatrix) -> BoolVector:
    sound = np.flatnonzero(np.isfinite(bars[:4]).all(axis=0) & (bars[:4] > 0.0).all(axis=0))
    order = sound[np.argsort(times[sound], kind="stable")]
    limits = QualitySpec()
    found, _ = find_spikes(bars[:4, order], floor=limits.spike_floor, sigmas=limits.sigmas)
    spikes = np.zeros(times.size, dtype=np.bool_)
    spikes[order] = found
    return spikes


def _change(rule: str, action: _Action, row: int, raw: RawBars) -> CleanChange:
    values = tuple(float(value) for value in raw.matrix[:, row])
    return CleanChange(rule=rule, action=action, position=row, time_ns=int(raw.opened_at[row]), values=values)
