"""Times as people write them, turned into int64 ns since the epoch (UTC); zones are never guessed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias
from zoneinfo import ZoneInfo, available_timezones

import numpy as np
import pandas as pd

from augury.arrays import BoolVector, IntVector
from augury.errors import InvalidInput, nearest
from augury.market.rules import NO_TIME

__all__ = ["EARLIEST_NS", "LATEST_NS", "Moment", "TimeKind", "Times", "instant", "iso", "parse_times", "time_zone"]

TimeKind: TypeAlias = Literal["aware", "naive", "date"]

_OFFSET = r"(?:\d:\d\d|[T ]\d{4,6}).*?(Z|z|[+-]\d{2}:?(?:\d{2})?)$"
_EPOCH_UNITS = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}
_FIRST_SECOND, _LAST_SECOND = 315_532_800, 4_102_444_800  # 1980-01-01 and 2100-01-01, UTC
_DAY_NS = 86_400 * 10**9

Moment: TypeAlias = int | str | dt.datetime
"""An instant: int64 ns UTC, ISO 8601 text with an offset, or a datetime with a zone."""

EARLIEST_NS = int(pd.Timestamp("1678-01-01").value)
LATEST_NS = int(pd.Timestamp("2261-01-01").value)  # a year below the end of int64 ns: closes of bars stay in range
_SHOWN = 3
_CELL_CHARACTERS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Parsed times: `nanoseconds` int64[n] UTC (NO_TIME where missing) and what the source wrote.

    `kind` is "aware" for instants, "naive" for clock times placed with the caller's zone, "date" when every value is a
    day without a time of day. `offsets` counts the different UTC offsets written in text.
    """

    nanoseconds: IntVector
    kind: TimeKind
    offsets: int = 1


def iso(nanoseconds: int) -> str:
    """An instant as ISO 8601 text in UTC, or "no time" when it is missing."""
    if nanoseconds == NO_TIME:
        return "no time"
    return str(pd.Timestamp(int(nanoseconds), unit="ns", tz="UTC").isoformat()).replace("+00:00", "Z")


def instant(moment: Moment, *, what: str) -> int:
    """One moment as int64 ns UTC: an integer of ns, a datetime with a zone, or ISO text with an offset."""
    if isinstance(moment, int) and not isinstance(moment, bool):
        return moment
    try:
        stamp = pd.Timestamp(moment)
        stamp = stamp if pd.isna(stamp) else stamp.as_unit("ns")
    except (ValueError, TypeError, OverflowError) as error:
        raise InvalidInput(f"{what} should be a time such as 2024-01-02T15:00:00+00:00, got {moment!r:.80}") from error
    if pd.isna(stamp) or stamp.tzinfo is None:
        raise InvalidInput(f"{what} = {moment!r} has no time zone; add one, e.g. '2024-01-02T15:00:00+00:00'")
    return int(stamp.value)


def time_zone(name: str) -> ZoneInfo:
    """The zone of this IANA name; raises InvalidInput with the nearest names otherwise."""
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError) as error:
        hint = nearest(name, available_timezones())
        raise InvalidInput(
            f"zone should be an IANA time zone such as 'America/New_York', got {name!r}; {hint}"
        ) from error


def parse_times(
    values: Any, *, zone: str | None = None, error: type[InvalidInput] = InvalidInput, tolerant: bool = False
) -> Times:
    """Read a column of times: datetimes, dates, ISO 8601 text, epoch numbers or YYYYMMDD numbers.

    Values with an offset are instants. Naive clock times need `zone` (an IANA name). Days without a time of day
    label a session rather than an instant: without `zone` they become 00:00 UTC, with it that zone's midnight.
    Text with several offsets is refused unless `zone` is given and explains each of them (summer and winter time).
    Integers are taken as epoch seconds, ms, us or ns when all lie between 1980 and 2100 in exactly that unit.
    Raises `error`, naming rows. With `tolerant`, unreadable values become NO_TIME and naive times count as UTC.
    """
    if zone is not None:
        time_zone(zone)
    series = pd.Series(values).reset_index(drop=True)
    rows = _Rows(error=error, zone=zone, tolerant=tolerant)
    if isinstance(series.dtype, pd.DatetimeTZDtype):
        return Times(nanoseconds=rows.nanoseconds(series.dt.tz_convert("UTC")), kind="aware")
    if series.dtype.kind == "M":
        return rows.placed(series)
    if series.dtype.kind in "iuf" and len(series):
        return rows.from_numbers(series)
    if series.dtype.kind == "b":
        raise error("expected times, got true/false values; write times such as 2024-01-31T15:30:00+00:00")
    return rows.from_text(_as_text(series, error))


def _as_text(series: pd.Series[Any], error: type[InvalidInput]) -> pd.Series[Any]:
    """Cells as stripped text; datetime and date objects in ISO form, missing cells as NaN."""
    if series.dtype == object:
        series = pd.Series([_cell_text(cell, error) for cell in series], dtype="str")
    elif not pd.api.types.is_string_dtype(series.dtype):
        raise error(f"expected times, got values of type {series.dtype}")
    return series.str.strip().str.replace(r"\s*(?:UTC|GMT)$", "Z", regex=True)


def _cell_text(cell: Any, error: type[InvalidInput]) -> str | None:
    if isinstance(cell, str):
        return cell
    if cell is None or cell is pd.NaT or (isinstance(cell, float) and cell != cell):
        return None
    if isinstance(cell, dt.date):  # datetime and pandas Timestamp included
        return cell.isoformat()
    if isinstance(cell, int) and not isinstance(cell, bool):
        return str(cell)
    raise error(
        f"expected times, got {_short(cell)} of type {type(cell).__name__}; write, say, 2024-01-31T15:30:00+00:00"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rows:
    error: type[InvalidInput]
    zone: str | None
    tolerant: bool

    def nanoseconds(self, series: pd.Series[Any]) -> IntVector:
        """The datetimes as int64 ns; those outside the years that ns can tell are refused, or NO_TIME if tolerant."""
        index = pd.DatetimeIndex(series)
        coarse = pd.DatetimeIndex(index.as_unit("s")).asi8  # every readable year fits into seconds
        far = (coarse < EARLIEST_NS // 10**9) | (coarse >= LATEST_NS // 10**9)
        far &= index.notna()
        self.refuse(far, series, "times of the years 1678 to 2260", "mend or drop these rows")
        return pd.DatetimeIndex(index.where(~far) if far.any() else index).as_unit("ns").asi8

    def refuse(self, bad: BoolVector, cells: Sequence[Any] | pd.Series[Any], expected: str, advice: str) -> None:
        where = np.flatnonzero(bad)
        if len(where) == 0 or self.tolerant:
            return
        read = cells.iloc if isinstance(cells, pd.Series) else cells
        shown = "; ".join(f"row {row}: {_short(read[row])}" for row in where[:_SHOWN])
        more = f"; and {len(where) - _SHOWN} more" if len(where) > _SHOWN else ""
        raise self.error(f"expected {expected}, got {shown}{more}; {advice}")

    def placed(self, naive: pd.Series[Any]) -> Times:
        """Give naive datetimes their place on the UTC line."""
        clock = self.nanoseconds(naive)
        known = clock[clock != NO_TIME]
        kind: TimeKind = "date" if bool((known % _DAY_NS == 0).all()) else "naive"
        if self.zone is not None:
            local = pd.DatetimeIndex(clock.view("datetime64[ns]"))
            zoned = local.tz_localize(time_zone(self.zone), ambiguous="NaT", nonexistent="NaT")
            placed = zoned.tz_convert("UTC").asi8
            self.refuse(
                (placed == NO_TIME) & (clock != NO_TIME),
                local.astype(str).to_list(),
                f"clock times that exist exactly once in {self.zone}",
                "the clock change skips or repeats them: write times with a UTC offset",
            )
            return Times(nanoseconds=placed, kind=kind)
        if kind == "naive" and not self.tolerant:
            first = iso(int(known[known % _DAY_NS != 0][0])).rstrip("Z")
            raise self.error(
                f"times such as {first} have no time zone; pass zone= with an IANA name "
                "('UTC', 'America/New_York', ...) or write them with a UTC offset"
            )
        return Times(nanoseconds=clock, kind=kind)

    def from_numbers(self, series: pd.Series[Any]) -> Times:
        numbers = series.to_numpy()
        missing = np.zeros(len(numbers), dtype=np.bool_)
        if numbers.dtype.kind == "f":
            missing = ~np.isfinite(numbers)
            self.refuse(
                ~missing & (numbers != np.floor(numbers)), series.to_list(), "whole epoch numbers", "write integers"
            )
        whole = np.where(missing, 0, numbers).astype(np.int64)
        known = whole[~missing]
        if len(known) and known.min() >= 19_000_101 and known.max() <= 21_001_231:
            return self.from_text(pd.Series(whole, dtype="int64").astype(str).mask(missing), digits=True)
        for scale in _EPOCH_UNITS.values():
            per_second = 10**9 // scale
            if len(known) and _FIRST_SECOND * per_second <= known.min() and known.max() < _LAST_SECOND * per_second:
                return Times(nanoseconds=np.where(missing, NO_TIME, whole * scale), kind="aware")
        if self.tolerant:
            return Times(nanoseconds=np.full(len(whole), NO_TIME), kind="aware")
        span = f"{known.min()} to {known.max()}" if len(known) else "no values"
        raise self.error(
            f"expected epoch seconds, ms, us or ns of the years 1980 to 2099, all in one unit, or YYYYMMDD; got {span}"
        )

    def from_text(self, text: pd.Series[Any], *, digits: bool = False) -> Times:
        if len(text) == 0:
            return Times(nanoseconds=np.empty(0, dtype=np.int64), kind="date")
        if not digits and bool(text.str.fullmatch(r"\d{8,19}").fillna(value=True).all()) and text.notna().any():
            return self.from_numbers(pd.to_numeric(text))
        offsets = text.str.extract(_OFFSET, expand=False)
        aware, present = offsets.notna().to_numpy(), text.notna().to_numpy()
        if aware.any() and not aware[present].all():
            self.refuse(
                present & ~aware,
                text.to_list(),
                "times that either all have a UTC offset or all have none",
                f"other rows do have one (row {int(np.argmax(aware))}: {text.iloc[int(np.argmax(aware))]!r})",
            )
        parsed = pd.to_datetime(text, format="ISO8601", utc=bool(aware.any()), errors="coerce")
        self.refuse(
            present & parsed.isna().to_numpy(),
            text.to_list(),
            "ISO 8601 times",
            "write 2024-01-31 or 2024-01-31T15:30:00+00:00; the order of day and month is not guessed",
        )
        if not aware.any():
            return self.placed(parsed)
        nanoseconds = self.nanoseconds(parsed)
        return Times(nanoseconds=nanoseconds, kind="aware", offsets=self.check_offsets(offsets, nanoseconds, text))

    def check_offsets(self, offsets: pd.Series[Any], nanoseconds: IntVector, text: pd.Series[Any]) -> int:
        """Refuse several offsets, unless the zone given had each of them at that moment."""
        minutes = offsets.map({written: _offset_minutes(written) for written in offsets.dropna().unique()})
        different = int(minutes.nunique())
        if different <= 1 or self.tolerant:
            return different
        if self.zone is None:
            written = ", ".join(sorted(set(offsets.dropna())))
            raise self.error(
                f"expected times of one zone, got {different} UTC offsets ({written}); if they are summer and "
                "winter time of one place, pass its zone= (e.g. 'Europe/London'), otherwise write all times in UTC"
            )
        instants = pd.DatetimeIndex(nanoseconds.view("datetime64[ns]"), tz="UTC")
        wall = instants.tz_convert(time_zone(self.zone)).tz_localize(None).asi8
        expected = (wall - nanoseconds) // (60 * 10**9)
        wrong = (minutes.to_numpy() != expected) & offsets.notna().to_numpy()
        self.refuse(wrong, text.to_list(), f"UTC offsets of {self.zone}", "they mix zones: write all times in UTC")
        return different


def _short(cell: Any) -> str:
    """A cell for a message, however long it is in the file."""
    text = repr(str(cell) if isinstance(cell, dt.date) else cell)
    return text if len(text) <= _CELL_CHARACTERS else text[:_CELL_CHARACTERS] + "..."


def _offset_minutes(written: str) -> int:
    if written in "Zz":
        return 0
    digits = written[1:].replace(":", "").ljust(4, "0")
    minutes = int(digits[:2]) * 60 + int(digits[2:])
    return -minutes if written[0] == "-" else minutes
