"""Cron expressions in a time zone: wall-clock times from cronsim, and one rule for clocks that change.

The library enumerates wall-clock times without a zone. What a change of the clock does to them is decided here, as
Debian's cron decides it: an expression whose minute and hour are both given, such as "30 2 * * *", happens once for
each wall-clock time, at the first moment after the gap when the clock jumps over it and at its first passing when the
clock shows it twice; an expression with a star in the minute or the hour happens whenever the clock really shows a time
that matches, so never in a gap and in both passings of a repeated hour.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from augury.errors import InvalidInput

__all__ = ["Cron", "zone_of"]

_NAMED = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
}
_PROBE = timedelta(days=7)
_MINUTE = timedelta(minutes=1)
_SOME_DAY = datetime(2024, 1, 1)  # noqa: DTZ001 - a wall-clock time has no zone


def zone_of(name: str) -> ZoneInfo:
    """The time zone of an IANA name such as "America/New_York"; InvalidInput when there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidInput(f"no time zone is named {name!r}; use an IANA name such as 'America/New_York'") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cron:
    """Five fields (minute, hour, day of month, month, day of week), or a name such as "@daily", in a time zone.

    Raises InvalidInput for an expression that is not one or that never happens.

    >>> cron = Cron(expression="30 9 * * MON-FRI", time_zone="America/New_York")
    >>> cron.next_after(datetime(2026, 3, 6, 20, tzinfo=UTC)).isoformat()
    '2026-03-09T13:30:00+00:00'
    """

    expression: str
    time_zone: str = "UTC"

    def __post_init__(self) -> None:
        zone_of(self.time_zone)
        if len(self._fields.split()) != 5:
            raise InvalidInput(
                f"a cron expression has five fields (minute hour day month weekday), got {self.expression!r}; "
                "for instance '30 9 * * MON-FRI' or '@daily'"
            )
        try:
            next(CronSim(self._fields, _SOME_DAY))
        except CronSimError as error:
            raise InvalidInput(f"{self.expression!r} is not a cron expression: {str(error).lower()}") from None
        except StopIteration:
            raise InvalidInput(f"{self.expression!r} never happens; check its day and month") from None

    @property
    def _fields(self) -> str:
        return _NAMED.get(self.expression.strip().lower(), self.expression)

    @property
    def _exact(self) -> bool:
        """Whether minute and hour are both given, so that each wall-clock time happens exactly once."""
        minute, hour = self._fields.split()[:2]
        return not minute.startswith("*") and not hour.startswith("*")

    def next_after(self, moment: datetime) -> datetime:
        """The first occurrence later than an aware moment, in UTC; where one starts from never changes what comes."""
        zone = zone_of(self.time_zone)
        return self._next_exact(moment, zone) if self._exact else self._next_shown(moment, zone)

    def _next_wall(self, wall: datetime) -> datetime:
        return next(CronSim(self._fields, wall))

    def _next_exact(self, moment: datetime, zone: ZoneInfo) -> datetime:
        wall = moment.astimezone(zone).replace(tzinfo=None, fold=0)
        while True:
            wall = self._next_wall(wall)
            found = _first_passing(wall, zone)
            if found > moment:
                return found

    def _next_shown(self, moment: datetime, zone: ZoneInfo) -> datetime:
        moment = moment.astimezone(UTC)
        while True:
            offset = _offset(moment, zone)
            found = (self._next_wall((moment + offset).replace(tzinfo=None)) - offset).replace(tzinfo=UTC)
            change = _first_change(moment, found, zone)
            if change is None:
                return found
            offset = _offset(change, zone)
            wall = (change + offset).replace(tzinfo=None)
            if self._next_wall(wall - _MINUTE) == wall:
                return change
            moment = change


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta:
    offset = moment.astimezone(zone).utcoffset()
    assert offset is not None
    return offset


def _first_passing(wall: datetime, zone: ZoneInfo) -> datetime:
    """The first moment at which the clock shows `wall`, or the end of the gap that holds it."""
    while True:
        moment = wall.replace(tzinfo=zone).astimezone(UTC)
        if moment.astimezone(zone).replace(tzinfo=None, fold=0) == wall:
            return moment
        wall += _MINUTE


def _first_change(start: datetime, end: datetime, zone: ZoneInfo) -> datetime | None:
    """The first moment in (start, end] whose offset is not that of `start`; None when there is none.

    Looks at one moment a week: no zone moves its clock and back again within one.
    """
    offset = _offset(start, zone)
    low = start
    while low < end:
        high = min(low + _PROBE, end)
        if _offset(high, zone) != offset:
            break
        low = high
    else:
        return None
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        low, high = (middle, high) if _offset(middle, zone) == offset else (low, middle)
    return high.replace(microsecond=0)
