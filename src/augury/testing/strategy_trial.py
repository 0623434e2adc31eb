"""What the strategy suite runs on: one strategy with parameters, a long regular series, and its positions there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

import msgspec
import numpy as np
import pandas as pd

from augury.arrays import FloatVector
from augury.market.bars import BarArrays, bar_arrays
from augury.market.validate import validate_bars
from augury.spec import Spec
from augury.strategies.strategy import Strategy
from augury.testing.contract import ContractBroken
from augury.testing.experiment import CausalityPlan
from augury.testing.generators.bars_from_returns import BarStyle
from augury.testing.generators.garch_bars import garch_bars

__all__ = ["StrategySuiteSpec", "StrategyTrial"]

_LIVELY = BarStyle(volume_noise=0.7)
_FEW_FUTURES = CausalityPlan(random_cuts=4, early_cuts=2, event_cuts=4)


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategySuiteSpec(Spec):
    """How much the strategy suite does.

    Where no bars are given, a regular series of `bars` bars is made, or 400 more than the warm-up where that is longer.
    `leverage` bounds positions on either side. `causality` says how many futures are tried.
    """

    bars: Annotated[int, msgspec.Meta(ge=100)] = 600
    leverage: Annotated[float, msgspec.Meta(gt=0.0)] = 1.0
    causality: CausalityPlan = _FEW_FUTURES
    seed: int = 0


@dataclass(slots=True, kw_only=True)
class StrategyTrial:
    """A strategy with parameter values, its regular series, and its positions there, computed when first asked for."""

    strategy: Strategy
    given: Mapping[str, Any]
    spec: StrategySuiteSpec
    own_bars: pd.DataFrame | None = None
    _bars: pd.DataFrame | None = field(default=None, init=False)
    _positions: FloatVector | None = field(default=None, init=False)

    @property
    def values(self) -> FloatVector:
        """Parameter values float64[p]."""
        return self.strategy.values(self.given)

    @property
    def warm_up(self) -> int:
        """Bars without a decision with these parameters; 0 where the strategy does not say."""
        return self.warm_up_with(self.values)

    def warm_up_with(self, values: FloatVector) -> int:
        """Bars without a decision with other parameters."""
        if self.strategy.warm_up is None:
            return 0
        return int(self.strategy.warm_up(dict(zip(self.strategy.names, values.tolist(), strict=True))))

    @property
    def bars(self) -> pd.DataFrame:
        """The regular series."""
        if self._bars is None:
            if self.own_bars is not None:
                self._bars = validate_bars(self.own_bars)
            else:
                count = max(self.spec.bars, self.warm_up + 400)
                self._bars = garch_bars(count, style=_LIVELY, seed=self.spec.seed)
        return self._bars

    @property
    def positions(self) -> FloatVector:
        """Positions float64[n] on the regular series."""
        if self._positions is None:
            self._positions = self.run(bar_arrays(self.bars))
        return self._positions

    def run(self, arrays: BarArrays, values: FloatVector | None = None) -> FloatVector:
        """Positions on copies of the arrays, their form and bounds checked: float64[n]."""
        values = self.values if values is None else values
        found = self.strategy.evaluate(BarArrays(arrays.opened_at.copy(), arrays.matrix.copy()), values.copy())
        if not isinstance(found, np.ndarray) or found.dtype != np.float64 or found.shape != (len(arrays),):
            form = f"{found.dtype}{list(found.shape)}" if isinstance(found, np.ndarray) else type(found).__name__
            self.broken(f"positions have the form {form}; expected float64[{len(arrays)}]")
        wrong = ~(np.abs(found) <= self.spec.leverage)
        if wrong.any():
            bar = int(wrong.argmax())
            self.broken(
                f"the position at bar {bar} is {float(found[bar])!r} with {self.shown(values)}; expected a finite "
                f"number within {self.spec.leverage:g} of 0"
            )
        return found

    def shown(self, values: FloatVector) -> str:
        """Parameters in words."""
        pairs = zip(self.strategy.names, values.tolist(), strict=True)
        return ", ".join(f"{name}={value:g}" for name, value in pairs) or "no parameters"

    def broken(self, message: str) -> None:
        """Raise ContractBroken with the strategy's name before the message."""
        raise ContractBroken(f"{self.strategy.name}: {message}")
