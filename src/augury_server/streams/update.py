"""What comes into a session and what it answers, as they travel."""

from __future__ import annotations

import msgspec

__all__ = ["BarUpdate", "ChangeFacts", "Forecast", "StreamUpdate", "TrendFacts", "ValueUpdate", "WindowFacts"]


class ValueUpdate(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """One value; `at_ns` int64 ns UTC, the time of arrival when it is left out."""

    value: float
    at_ns: int | None = None


class BarUpdate(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """One closed bar; `at_ns` is the time it opened, int64 ns UTC."""

    at_ns: int
    open: float
    high: float
    low: float
    close: float
    volume: float


class WindowFacts(msgspec.Struct, frozen=True, gc=False):
    """Statistics of the last `count` values; `std` has count - 1 in its divisor, none below two values."""

    count: int
    mean: float
    std: float | None
    min: float
    max: float


class TrendFacts(msgspec.Struct, frozen=True, gc=False):
    """The line by least squares over the last `count` values: change an update, its standard error, their ratio.

    The error takes residuals for independent; in a random walk they are not, and |t| above 2 is then common.
    `t` is none where the line is perfect.
    """

    count: int
    slope: float
    standard_error: float
    t: float | None


class ChangeFacts(msgspec.Struct, frozen=True, gc=False):
    """The change detector: both statistics and their threshold in standard deviations; `alarm` when one is above it.

    `learning`: the reference is not known yet, no alarm can come. `autocorrelation` is that of neighbouring judged
    values; `trusted` is false where it is so far above 0 that alarms come more often than was asked for.
    """

    up: float
    down: float
    threshold: float
    alarm: bool
    direction: str | None
    learning: bool
    autocorrelation: float | None
    trusted: bool


class Forecast(msgspec.Struct, frozen=True, gc=False):
    """What the model said at the close of this bar; probabilities none where it could not judge."""

    model: str
    classes: tuple[str, ...]
    probabilities: tuple[float | None, ...]
    value: float | None
    decision: str | None
    abstained: bool


class StreamUpdate(msgspec.Struct, frozen=True, gc=False):
    """The answer to one update; `id` counts the session's updates from 1."""

    id: int
    at_ns: int
    value: float
    window: WindowFacts
    averages: dict[str, float | None]
    trend: TrendFacts | None
    change: ChangeFacts | None
    prediction: Forecast | None
