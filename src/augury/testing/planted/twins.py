"""What a planted leak is: a mistake seen in the wild, written twice, once with and once without looking ahead."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

__all__ = ["Subject", "Takes", "Twins"]

Subject: TypeAlias = Callable[..., Any]
Takes: TypeAlias = Literal["bars", "news", "universe"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Twins:
    """`leaky` must be found by `check_causality` and `clean`, which wants the same thing, must not.

    Both take bars, or (bars, news), or a mapping ticker -> bars, as `takes` says. `lag_bars` is how far the leaky one
    looks, where that is one number.
    """

    name: str
    mistake: str
    leaky: Subject
    clean: Subject
    takes: Takes = "bars"
    lag_bars: int | None = None
