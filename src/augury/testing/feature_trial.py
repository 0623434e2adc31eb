"""What the feature suite runs on: one feature, its long regular series, and awkward series that real feeds bring."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated

import msgspec
import numpy as np
import pandas as pd

from augury.arrays import FloatMatrix, FloatVector
from augury.features.feature import Feature, Output
from augury.market.bars import BarArrays, bar_arrays
from augury.spec import Spec
from augury.testing.contract import ContractBroken
from augury.testing.experiment import CausalityPlan
from augury.testing.generators.bars_from_returns import BarStyle
from augury.testing.generators.garch_bars import garch_bars

__all__ = ["FeatureTrial", "SuiteSpec", "awkward_bars"]


_ROUNDING = 1e-9
_LIVELY = BarStyle(volume_noise=0.7)  # volume bursts often enough for features that wait for them
_FEW_FUTURES = CausalityPlan(random_cuts=4, early_cuts=2, event_cuts=4)


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteSpec(Spec):
    """How much the feature suite does.

    The regular series has `bars` bars, or `valid_within_bars + 200` more than the warm-up where that is longer. Some
    output must be known within `valid_within_bars` after the warm-up. `causality` says how many futures are tried.
    """

    bars: Annotated[int, msgspec.Meta(ge=200)] = 1300
    valid_within_bars: Annotated[int, msgspec.Meta(ge=1)] = 100
    causality: CausalityPlan = _FEW_FUTURES
    seed: int = 0


@dataclass(slots=True, kw_only=True)
class FeatureTrial:
    """A feature with its regular series and the batch values on it, computed when first asked for."""

    feature: Feature
    spec: SuiteSpec
    _bars: pd.DataFrame | None = field(default=None, init=False)
    _values: FloatMatrix | None = field(default=None, init=False)

    @property
    def bars(self) -> pd.DataFrame:
        """The long regular series."""
        if self._bars is None:
            count = max(self.spec.bars, self.feature.warm_up + self.spec.valid_within_bars + 200)
            self._bars = garch_bars(count, style=_LIVELY, seed=self.spec.seed)
        return self._bars

    @property
    def values(self) -> FloatMatrix:
        """Batch values float64[k, n] on the regular series."""
        if self._values is None:
            self._values = self.run(bar_arrays(self.bars))
        return self._values

    def run(self, arrays: BarArrays) -> FloatMatrix:
        """The batch on copies of the arrays, its shape and type checked: float64[k, n]."""
        values = self.feature.batch(arrays.opened_at.copy(), arrays.matrix.copy())
        wanted = (len(self.feature.outputs), len(arrays))
        if not isinstance(values, np.ndarray) or values.dtype != np.float64 or values.shape != wanted:
            form = f"{values.dtype}{list(values.shape)}" if isinstance(values, np.ndarray) else type(values).__name__
            self.broken(f"batch gave {form}; expected float64{list(wanted)}")
        return np.ascontiguousarray(values)

    def require_ranges(self, values: FloatMatrix) -> None:
        """No infinities, flags in {0, 1, NaN}, bounds kept up to the last digits (1e-9 of the bound or of 1)."""
        for output, column, row in self.columns(values):
            if np.isinf(row).any():
                self.broken(f"column {column!r} is infinite at bar {int(np.isinf(row).argmax())}; undefined is NaN")
            self._require_range(output, column, row)

    def _require_range(self, output: Output, column: str, row: FloatVector) -> None:
        known = row[~np.isnan(row)]
        if output.flag and not np.isin(known, (0.0, 1.0)).all():
            self.broken(f"flag {column!r} holds {known[~np.isin(known, (0.0, 1.0))][0]!r}; expected 0, 1 or NaN")
        low, high = output.bounds
        if low is not None and known.size and known.min() < low - _ROUNDING * max(abs(low), 1.0):
            self.broken(f"column {column!r} falls to {known.min()!r}, below its bound {low}")
        if high is not None and known.size and known.max() > high + _ROUNDING * max(abs(high), 1.0):
            self.broken(f"column {column!r} rises to {known.max()!r}, above its bound {high}")

    def columns(self, values: FloatMatrix) -> Iterator[tuple[Output, str, FloatVector]]:
        """Each output with its column name and its row."""
        return zip(self.feature.outputs, self.feature.columns, values, strict=True)

    def broken(self, message: str) -> None:
        """Raise ContractBroken with the feature's name and options before the message."""
        raise ContractBroken(f"{self.feature.label} ({self.feature.id}): {message}")


def awkward_bars(count: int, *, seed: int = 0) -> dict[str, pd.DataFrame]:
    """Series that keep the Bars contract and trouble naive code, by name.

    Missing bars and long holes, runs of zero volume, runs without any movement, nothing but flat bars, volume always
    zero, and a price level that jumps a thousandfold and back.
    """
    regular = garch_bars(count, style=_LIVELY, seed=seed)
    rng = np.random.default_rng(seed)
    part = max(count // 8, 1)
    kept = rng.random(count) < 0.7
    holes = regular.index + pd.to_timedelta(np.arange(count) // part * 21, unit="D")
    quiet = regular.copy()
    quiet.iloc[2 * part : 3 * part, 4] = 0.0
    quiet.iloc[5 * part :: 3, 4] = 0.0
    flat = regular.copy()
    for start in (2 * part, 5 * part):
        flat.iloc[start : start + part, :4] = float(regular["close"].iloc[start - 1])
    still = regular.copy()
    still.iloc[:, :4] = 100.0
    level = regular.copy()
    level.iloc[3 * part : 6 * part, :4] *= 1000.0
    return {
        "gaps": regular.set_axis(pd.DatetimeIndex(holes, name="timestamp")).loc[kept],
        "zero_volume_runs": quiet,
        "flat_runs": flat,
        "only_flat_bars": still,
        "no_volume_at_all": regular.assign(volume=0.0),
        "level_jumps": level,
    }
