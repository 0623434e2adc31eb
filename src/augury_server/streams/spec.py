"""What a session computes, fixed when it is opened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec

from augury.errors import InvalidInput
from augury.spec import Spec

__all__ = ["ChangeSpec", "StreamSpec"]

_Length = Annotated[int, msgspec.Meta(ge=1, le=100_000)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeSpec(Spec):
    """How changes of the mean are found, and how often a false alarm may come.

    `arl0` is the mean number of judged updates between false alarms on independent normal values (see `change`).
    `shift` is the smallest change, in standard deviations, that should be found soon. `of` says what is judged: the
    values, their differences or the logarithms of their ratios; prices wander, so for them one of the last two.
    With `mean` and `std` the reference is given; without, it is learned from the session's own values, the first
    `burn_in` of which cannot alarm.
    """

    method: Literal["cusum", "page_hinkley"] = "cusum"
    arl0: Annotated[float, msgspec.Meta(ge=100, le=1e7)] = 10_000.0
    shift: Annotated[float, msgspec.Meta(ge=0.2, le=4)] = 1.0
    of: Literal["value", "difference", "log_ratio"] = "value"
    burn_in: Annotated[int, msgspec.Meta(ge=20, le=1_000_000)] = 50
    mean: float | None = None
    std: Annotated[float, msgspec.Meta(gt=0)] | None = None

    def check(self) -> None:
        """A reference is given whole or not at all."""
        if (self.mean is None) != (self.std is None):
            raise InvalidInput("give both mean and std of the reference, or neither to learn it from the values")


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamSpec(Spec):
    """The options of a session.

    `kind` "values": one number an update. "bars": one closed bar an update; its close is the value, and with `model`
    the model's prediction comes with each. Lengths are in updates. `kept_updates` of the last answers stay readable,
    for readers that were cut off. `durable` sessions are saved in Redis before each answer.
    """

    kind: Literal["values", "bars"] = "values"
    window: Annotated[int, msgspec.Meta(ge=2, le=100_000)] = 100
    trend_window: Annotated[int, msgspec.Meta(ge=3, le=100_000)] = 20
    simple_averages: Annotated[tuple[_Length, ...], msgspec.Meta(max_length=8)] = (20,)
    exponential_averages: Annotated[tuple[_Length, ...], msgspec.Meta(max_length=8)] = (20,)
    change: ChangeSpec | None = None
    model: Annotated[str, msgspec.Meta(min_length=1, max_length=200)] | None = None
    kept_updates: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 16
    durable: bool = False
    name: Annotated[str, msgspec.Meta(max_length=100)] = ""

    def check(self) -> None:
        """A model reads bars; averages are named by their lengths, so each comes once."""
        if self.model is not None and self.kind != "bars":
            raise InvalidInput(f"model = {self.model!r} predicts from bars; open the session with kind = 'bars'")
        for lengths in (self.simple_averages, self.exponential_averages):
            if len(set(lengths)) != len(lengths):
                raise InvalidInput(f"the lengths of averages should differ, got {list(lengths)}")

    @property
    def longest(self) -> int:
        """The longest of its windows, in updates: what its memory grows with."""
        return max(self.window, self.trend_window, *self.simple_averages, 1)
