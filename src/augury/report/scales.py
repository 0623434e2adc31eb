"""From values to places on a chart: linear, logarithmic and time scales with round ticks."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from augury.arrays import FloatVector, IntVector
from augury.report.wording import compact

__all__ = ["Scale", "Tick", "linear_scale", "log_scale", "time_scale"]


@dataclass(frozen=True, slots=True)
class Tick:
    """A labelled place on an axis, 0 at its low end and 1 at its high end."""

    at: float
    label: str


@dataclass(frozen=True, slots=True, eq=False)
class Scale:
    """Where values lie between the ends of an axis: `place` gives 0 to 1, NaN for what has no place."""

    low: float
    high: float
    place: Callable[[FloatVector], FloatVector]
    ticks: tuple[Tick, ...]

    def at(self, value: float) -> float:
        """The place of one value."""
        return float(self.place(np.array([value], dtype=np.float64))[0])


def linear_scale(
    values: FloatVector, *, include: tuple[float, ...] = (), label: Callable[[float], str] = compact, count: int = 5
) -> Scale:
    """A scale over the finite values and `include` with ticks at round numbers; 0 to 1 when there are none.

    An end that is in `include` stays the end; the other is given 4 % of air.
    """
    finite = np.concatenate([values[np.isfinite(values)], np.array(include, dtype=np.float64)])
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    if high - low <= 1e-12 * max(abs(low), abs(high), 1e-300):
        pad = abs(high) * 0.05 or 0.5
        low, high = low - pad, high + pad
    step = _round_step((high - low) / count)
    air = 0.04 * (high - low)
    bottom = low if low in include else low - air
    top = high if high in include else high + air
    first, last = math.ceil(bottom / step - 1e-9), math.floor(top / step + 1e-9)
    ticks = tuple(
        Tick((at * step - bottom) / (top - bottom), label(round(at * step, 12))) for at in range(first, last + 1)
    )
    return Scale(bottom, top, lambda shown: (shown - bottom) / (top - bottom), ticks)


def log_scale(values: FloatVector, *, label: Callable[[float], str] = compact) -> Scale | None:
    """A logarithmic scale, None when a finite value is not positive or there is none."""
    finite = values[np.isfinite(values)]
    if not finite.size or float(finite.min()) <= 0:
        return None
    low, high = math.log10(float(finite.min())), math.log10(float(finite.max()))
    pad = max((high - low) * 0.04, 0.005)
    low, high = low - pad, high + pad
    shown = _log_marks(low, high)
    ticks = tuple(Tick((math.log10(mark) - low) / (high - low), label(mark)) for mark in shown)

    def place(values: FloatVector) -> FloatVector:
        with np.errstate(divide="ignore", invalid="ignore"):
            return (np.log10(values) - low) / (high - low)

    return Scale(10**low, 10**high, place, ticks)


def _log_marks(low: float, high: float) -> list[float]:
    """Round values between two powers of ten: 1, 2, 5 of each decade, or even steps for a narrow span."""
    if high - low < 0.5:
        bottom, top = 10**low, 10**high
        step = _round_step((top - bottom) / 5)
        return [round(at * step, 12) for at in range(math.ceil(bottom / step), math.floor(top / step) + 1)]
    decades = range(math.floor(low), math.ceil(high) + 1)
    for leads in ((1, 1.5, 2, 3, 5, 7), (1, 2, 5), (1,)):
        marks = [lead * 10.0**decade for decade in decades for lead in leads]
        marks = [mark for mark in marks if low <= math.log10(mark) <= high]
        if len(marks) <= 7:
            break
    return marks


def _round_step(rough: float) -> float:
    power = 10.0 ** math.floor(math.log10(rough))
    return next(lead * power for lead in (1.0, 2.0, 2.5, 5.0, 10.0) if lead * power >= rough * 0.999)


_TIME_STEPS: Final = (
    ("m", 1), ("m", 5), ("m", 15), ("m", 30), ("h", 1), ("h", 3), ("h", 6), ("h", 12),
    ("D", 1), ("D", 2), ("D", 7), ("D", 14), ("M", 1), ("M", 2), ("M", 3), ("M", 6),
    ("Y", 1), ("Y", 2), ("Y", 5), ("Y", 10), ("Y", 20),
)  # fmt: skip
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def time_scale(times: IntVector, most: int = 8) -> Scale:
    """A scale over int64 ns, ticks at round calendar times (UTC)."""
    low, high = float(times[0]), float(times[-1])
    if high <= low:
        low, high = low - 43_200e9, high + 43_200e9
    marks, unit = _time_marks(low, high, most)
    ticks = tuple(Tick((mark - low) / (high - low), _time_label(mark, unit)) for mark in marks)
    return Scale(low, high, lambda shown: (shown - low) / (high - low), ticks)


def _time_marks(low: float, high: float, most: int) -> tuple[list[int], str]:
    marks: list[int] = []
    unit = "Y"
    for unit, step in _TIME_STEPS:
        start = np.datetime64(int(low), "ns").astype(f"datetime64[{unit}]").astype(np.int64)
        end = np.datetime64(int(high), "ns").astype(f"datetime64[{unit}]").astype(np.int64)
        if (end - start) / step > 3 * most:
            continue
        origin = 1970 if unit == "Y" else 0
        counts = [at for at in range(start, end + 2) if (at + origin) % step == 0]
        instants = np.array(counts, dtype=np.int64).astype(f"datetime64[{unit}]").astype("datetime64[ns]")
        marks = [int(instant) for instant in instants.astype(np.int64) if low <= instant.astype(np.int64) <= high]
        if len(marks) <= most:
            return marks, unit
    return marks, unit


def _time_label(nanoseconds: int, unit: str) -> str:
    text = str(np.datetime64(nanoseconds, "ns").astype("datetime64[m]"))
    year, month, day, clock = text[:4], int(text[5:7]), int(text[8:10]), text[11:16]
    if unit == "Y":
        return year
    if unit == "M":
        return year if month == 1 else f"{_MONTHS[month - 1]} {year}"
    if unit == "D" or clock == "00:00":
        return f"{day} {_MONTHS[month - 1]}"
    return clock
