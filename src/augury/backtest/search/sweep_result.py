"""What a sweep found: a row of measures for each combination and symbol, and the way to each full result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from augury.arrays import FloatMatrix, FloatVector
from augury.backtest.result import BacktestResult
from augury.backtest.run import result_of, run_subject
from augury.backtest.search.sweep_kernel import MEASURED, MEASURES, QUICK_MEASURES
from augury.backtest.spec import BacktestSpec
from augury.backtest.subject import Subject
from augury.errors import InvalidInput, NotFound, nearest

__all__ = ["SweepResult", "SymbolSweep"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SymbolSweep:
    """The measures of m combinations on one instrument, float64[m, MEASURED], in the order of the sweep's `params`.

    `block_sums` float64[m, 64] are sums of bar returns over blocks of time; `block_moments` float64[2, 16, m] sums and
    sums of squares over 16 equal blocks. Both are empty when there were too many combinations to keep them.
    """

    subject: Subject
    measures: FloatMatrix
    block_sums: FloatMatrix = field(repr=False)
    block_moments: Any = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class SweepResult:
    """m combinations `params` float64[m, p] on each symbol; `parts` in the order of the symbols given."""

    spec: BacktestSpec
    params: FloatMatrix
    parts: tuple[SymbolSweep, ...]

    def __len__(self) -> int:
        return len(self.params)

    @property
    def strategy(self) -> str:
        """The strategy's name."""
        return self.parts[0].subject.strategy.name

    @property
    def names(self) -> tuple[str, ...]:
        """Parameter names, the columns of `params`."""
        return self.parts[0].subject.strategy.names

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols in order."""
        return tuple(part.subject.symbol for part in self.parts)

    @property
    def measure_names(self) -> tuple[str, ...]:
        """What was measured, the columns of each part's measures."""
        return MEASURES if self.parts[0].measures.shape[1] == MEASURED else QUICK_MEASURES

    def part(self, symbol: str | None = None) -> SymbolSweep:
        """The part of one symbol; the only one when there is one. NotFound for a symbol that was not swept."""
        if symbol is None:
            if len(self.parts) > 1:
                raise InvalidInput(f"say which of {len(self.parts)} symbols: {', '.join(self.symbols[:10])}")
            return self.parts[0]
        if symbol not in self.symbols:
            raise NotFound(f"symbol {symbol!r} was not swept; {nearest(symbol, self.symbols)}")
        return self.parts[self.symbols.index(symbol)]

    def only(self, symbol: str) -> SweepResult:
        """The sweep of one symbol alone; the sweep itself where there is one symbol. NotFound for an unknown one."""
        return self if len(self.parts) == 1 else replace(self, parts=(self.part(symbol),))

    def measured(self, measure: str = "sharpe", symbol: str | None = None) -> FloatVector:
        """One measure of every combination, float64[m]; NaN where undefined. NotFound for an unknown measure."""
        names = self.measure_names
        if measure not in names:
            raise NotFound(f"this sweep has no measure {measure!r}; {nearest(measure, names)}")
        return np.ascontiguousarray(self.part(symbol).measures[:, names.index(measure)])

    def best(self, measure: str = "sharpe", symbol: str | None = None) -> int:
        """Index of the combination with the highest value, the first of equals; InvalidInput when all are undefined."""
        values = self.measured(measure, symbol)
        if np.isnan(values).all():
            raise InvalidInput(
                f"{measure} is undefined for every combination: no trade was made, there are too few "
                "bars, or it cannot be told how many make a year (periods_per_year)"
            )
        return int(np.nanargmax(values))

    def parameters(self, index: int) -> dict[str, float]:
        """Parameter values of one combination by name."""
        return dict(zip(self.names, self.params[index].tolist(), strict=True))

    def result(self, index: int, symbol: str | None = None) -> BacktestResult:
        """The full result of one combination: curve, trades and all measures."""
        subject = replace(self.part(symbol).subject, values=self.params[index].copy())
        return result_of(subject, run_subject(subject, self.spec))

    def to_frame(self, symbol: str | None = None) -> pd.DataFrame:
        """A row a combination: parameters, then measures; with several symbols a column `symbol` first."""
        frames = []
        for part in self.parts if symbol is None else (self.part(symbol),):
            frame = pd.DataFrame(self.params, columns=list(self.names))
            frame[list(self.measure_names)] = part.measures
            if len(self.parts) > 1:
                frame.insert(0, "symbol", part.subject.symbol)
            frames.append(frame)
        return frames[0] if len(frames) == 1 else pd.concat(frames, ignore_index=True)

    def __repr__(self) -> str:
        names = ", ".join(self.names)
        where = f" on {', '.join(self.symbols[:5])}" if any(self.symbols) else ""
        more = f" and {len(self.symbols) - 5} more" if len(self.symbols) > 5 else ""
        return (
            f"<SweepResult {self.strategy}({names}){where}{more}: {len(self):,} combinations tried; the best of them "
            "proves nothing by itself, see prove(result, sweep=...)>"
        )

    def to_dict(self) -> Mapping[str, Any]:
        """Plain JSON-ready values: every combination with its measures, undefined ones as None."""
        frame = self.to_frame().astype(object)
        return {
            "strategy": self.strategy,
            "spec": self.spec.to_dict(),
            "combinations": len(self),
            "symbols": list(self.symbols),
            "rows": frame.where(frame.notna(), None).to_dict(orient="records"),
        }
