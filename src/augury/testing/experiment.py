"""An experiment: something that turns timed inputs into timed values, and ways in which its future may be changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Generic, Literal, TypeAlias, TypeVar

import msgspec
import numpy as np
import pandas as pd

from augury.arrays import IntVector
from augury.spec import Spec

__all__ = ["CausalityPlan", "Experiment", "Intervention", "Where"]

Inputs = TypeVar("Inputs")
Where: TypeAlias = Literal["inside", "before_last", "end"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Intervention(Generic[Inputs]):
    """A change of the future: `apply(inputs, cut, rng)` gives new inputs, equal in all that is known by `cut`.

    `cut` is int64 ns UTC. `where` says which cuts make sense: any time inside the series, the last step but one (only
    the last one changes), or the end (something is added after it). `shortens` marks changes that may leave a short
    series.
    """

    name: str
    apply: Callable[[Inputs, int, np.random.Generator], Inputs]
    where: Where = "inside"
    shortens: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment(Generic[Inputs]):
    """What `check_causality` tests: a function of inputs, and interventions that fit these inputs.

    `run(inputs)` gives a frame whose index (or its first level) is the time from which each row is known. `clock`
    int64[n] ns UTC, ascending, are the steps on which lags are counted, as a rule the closes of the bars.
    """

    name: str
    inputs: Inputs
    clock: IntVector
    run: Callable[[Inputs], pd.DataFrame]
    interventions: tuple[Intervention[Inputs], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CausalityPlan(Spec):
    """How hard to look. Every cut is tried with every intervention.

    `random_cuts` are spread over the series; `early_cuts` lie where values begin, which finds filling backwards;
    `event_cuts` lie at rare values, which finds flags that peek. `shortest_prefix_bars` is the least history left by
    interventions that shorten. `rtol` 0 asks for equal bits.
    """

    random_cuts: Annotated[int, msgspec.Meta(ge=1)] = 12
    early_cuts: Annotated[int, msgspec.Meta(ge=0)] = 4
    event_cuts: Annotated[int, msgspec.Meta(ge=0)] = 8
    shortest_prefix_bars: Annotated[int, msgspec.Meta(ge=1)] = 64
    rtol: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    seed: int = 0
