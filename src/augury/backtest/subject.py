"""What is run on what, checked and named before anything runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Protocol

import numpy as np

from augury.arrays import FloatMatrix, FloatVector, IntVector
from augury.backtest.account.engine import EngineRun, check_targets
from augury.backtest.actions.split_adjustment import split_adjusted
from augury.backtest.spec import BacktestSpec
from augury.errors import InvalidInput
from augury.market.bars import BarArrays
from augury.market.validate import check_bar_arrays, valid_arrays
from augury.metrics import periods_per_year
from augury.strategies.accepting import as_strategy
from augury.strategies.strategy import PlainForm, Strategy

_NO_ACTIONS = np.empty((3, 0))

__all__ = ["Given", "KnownBars", "Subject", "arrays_of", "bars_in_a_year", "given_subject", "subject_of"]


class Given(Protocol):
    """What was given to run instead of a strategy: signals, or orders. `content` is what tells it from others."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def content(self) -> str: ...  # noqa: D102

    def run(self, bars: BarArrays, spec: BacktestSpec, actions: FloatMatrix) -> EngineRun:
        """The same once more, under these options."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is run on what: a strategy with its parameter values, and the bars with their names.

    `actions` float64[3, n] are corporate actions (see `corporate_actions`), float64[3, 0] without any. Orders are
    filled at the `bars` as they were traded; the strategy sees `signal_bars`, free of the steps of splits. `given` is
    what runs where there is no strategy to ask for targets.
    """

    strategy: Strategy
    values: FloatVector
    bars: BarArrays
    symbol: str
    periods_per_year: float
    actions: FloatMatrix = field(default_factory=lambda: np.empty((3, 0)))
    signal_bars: BarArrays
    given: Given | None = None

    @property
    def parameters(self) -> dict[str, float]:
        """Parameter values by name."""
        return dict(zip(self.strategy.names, self.values.tolist(), strict=True))

    def targets(self, spec: BacktestSpec, values: FloatVector | None = None) -> FloatVector:
        """Target positions float64[n], decided at each close; InvalidInput when the engine cannot hold them."""
        found = self.strategy.evaluate(self.signal_bars, self.values if values is None else values)
        check_targets(found, self.bars, spec)
        return found


class KnownBars(BarArrays):
    """Arrays that were found to keep every rule of bars, see `bar_check`; only who has just checked them makes one."""

    __slots__ = ()


def arrays_of(bars: Any) -> BarArrays:
    """Checked arrays from a frame, or from arrays; InvalidBars when they break a rule."""
    if isinstance(bars, BarArrays):
        if isinstance(bars, KnownBars):
            return bars
        check_bar_arrays(bars)
        if bars.matrix.flags.writeable and bars.opened_at.flags.writeable:
            return bars
        return BarArrays(bars.opened_at.copy(), bars.matrix.copy())  # kernels take no read-only arrays
    return valid_arrays(bars)


@lru_cache(maxsize=64)
def _bars_in_a_year(times: bytes) -> float:
    return periods_per_year(np.frombuffer(times, dtype=np.int64))


def bars_in_a_year(opened_at: IntVector) -> float:
    """`periods_per_year`, remembered for calendars seen lately, since many runs share one."""
    return _bars_in_a_year(opened_at.tobytes()) if opened_at.size < 20_000 else periods_per_year(opened_at)


def subject_of(
    strategy: Any,
    bars: Any,
    parameters: Mapping[str, Any] | None,
    spec: BacktestSpec,
    symbol: str,
    actions: FloatMatrix | None = None,
) -> Subject:
    """Everything checked and named before anything runs."""
    if not isinstance(spec, BacktestSpec):
        raise InvalidInput(f"spec should be a BacktestSpec, got {type(spec).__name__}; BacktestSpec(leverage=2.0)")
    chosen = as_strategy(strategy)
    arrays = arrays_of(bars)
    _check_actions(actions, arrays)
    return Subject(
        strategy=chosen,
        values=chosen.values(parameters),
        bars=arrays,
        symbol=symbol,
        periods_per_year=spec.periods_per_year or bars_in_a_year(arrays.opened_at),
        actions=_NO_ACTIONS if actions is None else actions,
        signal_bars=arrays if actions is None else split_adjusted(arrays, actions),
    )


def given_subject(
    given: Given, bars: BarArrays, spec: BacktestSpec, symbol: str, actions: FloatMatrix | None = None
) -> Subject:
    """A subject that runs what was given on these bars; it has no strategy that could be computed on others."""
    _check_actions(actions, bars)

    def refuse(frame: Any) -> Any:  # noqa: ARG001
        raise InvalidInput(f"given {given.name} cannot be computed on other bars; use a strategy where that is needed")

    form = PlainForm(function=refuse, source=f"{given.name} {given.content}", fixed=True)
    return Subject(
        strategy=Strategy(name=given.name, summary=f"Given {given.name}.", parameters=(), form=form),
        values=np.empty(0),
        bars=bars,
        symbol=symbol,
        periods_per_year=spec.periods_per_year or bars_in_a_year(bars.opened_at),
        actions=_NO_ACTIONS if actions is None else actions,
        signal_bars=bars,
        given=given,
    )


def _check_actions(actions: FloatMatrix | None, bars: BarArrays) -> None:
    if actions is None:
        return
    if not isinstance(actions, np.ndarray) or actions.shape != (3, len(bars)):
        got = f"shape {actions.shape}" if isinstance(actions, np.ndarray) else type(actions).__name__
        raise InvalidInput(f"actions should be float64[3, {len(bars)}], as action_matrix makes them, got {got}")
