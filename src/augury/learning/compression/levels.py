"""How much a compression may cost and what it must bring: bounds, and three levels of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

from msgspec import Meta

from augury.errors import InvalidInput, nearest
from augury.spec import Spec

__all__ = ["LEVELS", "Bounds", "Level", "bounds_of"]

Level: TypeAlias = Literal["conservative", "moderate", "aggressive"]

LEVELS: dict[str, float] = {"conservative": 0.5, "moderate": 1.0, "aggressive": 2.0}
"""What the bounds are multiplied with."""

_CUT = {"conservative": 0.8, "moderate": 1.0, "aggressive": 1.5}  # milder: parameters fall with the square of units

_Share = Annotated[float, Meta(gt=0.0, lt=1.0)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds(Spec):
    """What a step may cost on validation rows, all fractions, and the least that it must bring.

    `loss` bounds the relative rise of the mean log-loss (of the mean squared error in a regression), and
    `loss_limit` its upper one-sided bound at `confidence` by paired stationary bootstrap; `skill` the share of the
    advantage over the base rates, where there is one, that may be lost. `flips` bounds the share of decisions that
    change in steps that promise the same function (int8, folding), and the fall of the accuracy in steps that learn
    again. Where the original is no better than the base rates its score cannot vouch for a candidate: then the rank
    correlation of their answers must reach 1 - `divergence`.
    A gain counts from `least_gain` on; `most_slowdown` bounds how much slower a step that saves size may be.
    `cut_share` of the units of a network is cut.
    """

    loss: _Share = 0.01
    loss_limit: _Share = 0.05
    skill: _Share = 0.1
    flips: _Share = 0.01
    divergence: _Share = 0.15
    least_gain: _Share = 0.05
    most_slowdown: Annotated[float, Meta(gt=0.0, le=10.0)] = 0.25
    cut_share: Annotated[float, Meta(gt=0.0, le=0.9)] = 0.3
    confidence: Annotated[float, Meta(gt=0.5, lt=1.0)] = 0.95


def bounds_of(level: str, bounds: Bounds | None = None) -> Bounds:
    """The bounds at a level: half, once or twice those given; `loss_limit` is never loosened.

    >>> bounds_of("conservative").loss
    0.005
    """
    if level not in LEVELS:
        raise InvalidInput(f"no compression level is named {level!r}; {nearest(level, LEVELS)}")
    given, factor = bounds or Bounds(), LEVELS[level]
    return given.replace(
        loss=min(given.loss * factor, given.loss_limit),
        loss_limit=given.loss_limit * min(factor, 1.0),
        skill=min(given.skill * factor, 0.99),
        flips=min(given.flips * factor, 0.99),
        divergence=min(given.divergence * factor, 0.99),
        cut_share=min(given.cut_share * _CUT[level], 0.9),
    )
