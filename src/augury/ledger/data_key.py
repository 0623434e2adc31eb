"""Which data a run saw, and when two runs saw the same data."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from augury.errors import InvalidInput
from augury.ledger.canonical import digest, written_text
from augury.ledger.clock import utc_text

__all__ = ["DataKey", "SeriesKey"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesKey:
    """The bars of one symbol: `first` and `last` are their open times (int64 ns UTC), `fingerprint` their content."""

    symbol: str
    fingerprint: str
    timeframe: str
    bars: int
    first: int
    last: int

    def __post_init__(self) -> None:
        for name in ("symbol", "fingerprint", "timeframe"):
            written_text(getattr(self, name), what=f"{name} of the data")
        for name in ("bars", "first", "last"):
            number = getattr(self, name)
            if isinstance(number, bool) or not isinstance(number, int) or not -(2**63) <= number < 2**63:
                raise InvalidInput(f"{name} of the data should be a whole number of 64 bits, got {number!r}")
        if self.bars < 1:
            raise InvalidInput(f"bars of {self.symbol} should be at least 1, got {self.bars}")
        if self.first > self.last:
            raise InvalidInput(
                f"the first bar of {self.symbol} should not open after the last, got {utc_text(self.first)} and "
                f"{utc_text(self.last)}"
            )

    @property
    def name(self) -> str:
        """The symbol as it is compared: without case and blanks around it."""
        return self.symbol.strip().casefold()

    @property
    def bars_per_second(self) -> float:
        """Bars in a second of calendar time; NaN for a single bar."""
        span = self.last - self.first
        return (self.bars - 1) / (span / 1e9) if span else math.nan

    def overlaps(self, other: SeriesKey) -> bool:
        """Whether a trial on one is a trial on the other: see `DataKey`."""
        same_market = self.name == other.name and self.first <= other.last and other.first <= self.last
        return same_market or self.fingerprint == other.fingerprint


@dataclass(frozen=True, slots=True, kw_only=True)
class DataKey:
    """All series that a run saw.

    The overlap rule. Two runs were tried on the same data when at least one series of one and one of the other
    (a) have the same symbol, whatever the case of its letters and whatever the timeframes, and periods that share an
    instant, the bars at both ends included; or (b) have the same fingerprint, whatever they are called.

    >>> old = SeriesKey(symbol="SPX", fingerprint="a1", timeframe="1D", bars=3, first=0, last=200)
    >>> new = SeriesKey(symbol="spx", fingerprint="b2", timeframe="1h", bars=9, first=150, last=900)
    >>> DataKey(series=(old,)).overlaps(DataKey(series=(new,)))
    True
    """

    series: tuple[SeriesKey, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "series", tuple(self.series))
        if not all(isinstance(one, SeriesKey) for one in self.series):
            raise InvalidInput("series of a DataKey should be SeriesKey records")

    @property
    def id(self) -> str:
        """16 hex digits of content, timeframe and period of every series; names and order leave it unchanged."""
        return digest(sorted([one.fingerprint, one.timeframe, one.bars, one.first, one.last] for one in self.series))

    @property
    def bars_per_second(self) -> float:
        """The mean over the series that have more than one bar; NaN when none has."""
        rates = [rate for one in self.series if not math.isnan(rate := one.bars_per_second)]
        return math.fsum(rates) / len(rates) if rates else math.nan

    def overlaps(self, other: DataKey) -> bool:
        """Whether a run on one is a try on the other."""
        return any(mine.overlaps(theirs) for mine in self.series for theirs in other.series)

    def to_dict(self) -> list[dict[str, Any]]:
        """Plain values, one mapping a series."""
        return [asdict(one) for one in self.series]

    @classmethod
    def from_dict(cls, series: list[Mapping[str, Any]]) -> Self:
        """The key of `to_dict`."""
        return cls(series=tuple(SeriesKey(**one) for one in series))

    def __str__(self) -> str:
        shown = [
            f"{one.symbol} {one.timeframe}, {one.bars:,} bars {utc_text(one.first)[:10]} to {utc_text(one.last)[:10]}"
            for one in self.series[:3]
        ]
        more = f" and {len(self.series) - 3} more series" if len(self.series) > 3 else ""
        return "; ".join(shown) + more if shown else "no data"
