"""The result of a backtest: what was run, what came of it, and the views on it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from augury.arrays import FloatVector
from augury.backtest import layout
from augury.backtest.engine import EngineRun
from augury.backtest.spec import BacktestSpec
from augury.backtest.subject import Subject
from augury.backtest.trades import Trades
from augury.errors import AuguryError
from augury.market.bars import BarArrays, time_index
from augury.market.timeframe import infer_timeframe
from augury.metrics import Metrics
from augury.numerics.fingerprint import absorb, empty_fingerprint, hexadecimal

if TYPE_CHECKING:
    from augury.backtest.proof import Proof
    from augury.report import Story

__all__ = ["BacktestResult", "fingerprint_of"]


def fingerprint_of(bars: BarArrays) -> str:
    """32 hex digits of open times and bars."""
    state = empty_fingerprint()
    rows = np.vstack([bars.opened_at.view(np.float64)[None, :], bars.matrix]).T
    absorb(state, np.ascontiguousarray(rows).view(np.uint64))
    return hexadecimal(state)


@dataclass(frozen=True, kw_only=True, eq=False)
class BacktestResult:
    """One strategy on one instrument: curve, trades, measures, and the proof once it was made.

    `equity` is the account at each bar's close; the initial cash is its value before the first. Times are those of the
    bars' opens. `strategy_id` is the hash of the strategy's code, `fingerprint` that of the data: with the parameters and
    the spec they say exactly what was run. `proof` is None until `prove` was asked for it.
    """

    subject: Subject
    run: EngineRun
    trade_list: Trades
    metrics: Metrics
    proof: Proof | None = field(default=None, repr=False)

    @property
    def strategy(self) -> str:
        """The strategy's name."""
        return self.subject.strategy.name

    @property
    def parameters(self) -> Mapping[str, float]:
        """Its parameters by name."""
        return self.subject.parameters

    @cached_property
    def strategy_id(self) -> str:
        """16 hex digits of the strategy's code."""
        return self.subject.strategy.code_id

    @property
    def symbol(self) -> str:
        """The instrument, empty when it was not named."""
        return self.subject.symbol

    @property
    def spec(self) -> BacktestSpec:
        """The options it was run with."""
        return self.run.spec

    @property
    def index(self) -> pd.DatetimeIndex:
        """Open times of the bars, UTC."""
        return time_index(self.run.bars.opened_at)

    @property
    def equity(self) -> pd.Series:
        """Value of the account at each close."""
        return pd.Series(self.run.equity, index=self.index, name="equity")

    @cached_property
    def returns(self) -> FloatVector:
        """Simple bar returns float64[n], the first from the initial cash."""
        before = np.concatenate(([self.run.spec.initial_cash], self.run.equity[:-1]))
        return np.asarray(self.run.equity / before - 1.0)

    @property
    def positions(self) -> pd.Series:
        """Units held at each close, above 0 long."""
        return pd.Series(self.run.units, index=self.index, name="units")

    @cached_property
    def trades(self) -> pd.DataFrame:
        """A row a trade; see `Trades.to_frame`."""
        return self.trade_list.to_frame(self.run.bars.opened_at)

    @cached_property
    def timeframe(self) -> str:
        """Length of a bar, such as "1D"; empty when the bars have no prevailing spacing."""
        try:
            return str(infer_timeframe(self.run.bars.opened_at))
        except AuguryError:
            return ""

    @cached_property
    def fingerprint(self) -> str:
        """32 hex digits of the data."""
        return fingerprint_of(self.run.bars)

    @property
    def costs(self) -> dict[str, float]:
        """Money by kind: commission, slippage and borrowing paid; interest and dividends received (negative: paid)."""
        state = self.run.state
        return {
            "commission": float(state[layout.COMMISSION]),
            "slippage": float(state[layout.SLIPPAGE]),
            "borrowing": float(state[layout.BORROWING]),
            "interest": float(state[layout.INTEREST]),
            "dividends": float(state[layout.DIVIDENDS]),
        }

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader has to know about how it was run, in sentences."""
        state, spec, notes = self.run.state, self.run.spec, []
        if spec.fill == "same_close":
            notes.append("Orders are filled at the close they are decided on: that needs a price before it is known.")
        if state[layout.AMBIGUOUS] > 0:
            notes.append(
                f"In {state[layout.AMBIGUOUS]:.0f} bars both the stop and the target were within reach; the stop was "
                "taken first."
            )
        if state[layout.CLIPPED] > 0:
            notes.append(f"{state[layout.CLIPPED]:.0f} fills were cut by the volume limit.")
        if state[layout.RUINED] >= 0:
            moment = self.index[int(state[layout.RUINED])]
            notes.append(f"The account was ruined at {moment:%Y-%m-%d %H:%M}; nothing was traded after that.")
        return tuple(notes)

    @cached_property
    def digests(self) -> dict[str, str]:
        """SHA-256 of what came out, bit for bit: equity, fills and measures."""
        values = np.array([measure.value for measure in self.metrics.values()])
        parts = {"equity": self.run.equity, "fills": self.run.fills, "measures": values}
        return {name: hashlib.sha256(np.ascontiguousarray(part).tobytes()).hexdigest() for name, part in parts.items()}

    def with_proof(self, proof: Proof) -> BacktestResult:
        """The same result with its proof."""
        return replace(self, proof=proof)

    def to_frame(self) -> pd.DataFrame:
        """A row a bar: equity, returns, units held."""
        return pd.DataFrame({"equity": self.run.equity, "return": self.returns, "units": self.run.units}, index=self.index)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-ready values: what was run, measures, costs, trades and the proof; no curve."""
        trades = self.trades.copy()
        for column in ("entry_time", "exit_time"):
            trades[column] = [moment.isoformat() for moment in trades[column]]
        return {
            "strategy": self.strategy,
            "strategy_id": self.strategy_id,
            "parameters": dict(self.parameters),
            "symbol": self.symbol,
            "timeframe": self.timeframe,
            "bars": len(self.run.bars),
            "first": self.index[0].isoformat(),
            "last": self.index[-1].isoformat(),
            "data_fingerprint": self.fingerprint,
            "spec": self.run.spec.to_dict(),
            "spec_id": self.run.spec.id,
            "final_equity": float(self.run.equity[-1]),
            "metrics": self.metrics.to_dict(),
            "costs": self.costs,
            "notes": list(self.notes),
            "trades": trades.astype(object).where(trades.notna(), None).to_dict(orient="records"),
            "proof": None if self.proof is None else self.proof.to_dict(),
            "digests": self.digests,
        }

    def story(self) -> Story:
        """The result as a report tells it."""
        from augury.backtest.telling import story_of

        return story_of(self)

    def report(self, path: str | Path) -> Path:
        """Write one self-contained HTML page; the proof is made first when it was not yet."""
        from augury.backtest.proof import prove
        from augury.report import write_page

        told = self if self.proof is not None else prove(self)
        return write_page(told.story(), path)

    def plot(self) -> Any:
        """The equity curve with its drawdown as a figure for notebooks."""
        from augury.report import equity_figure

        return equity_figure(self.story())

    def __str__(self) -> str:
        from augury.report import story_text

        return story_text(self.story())

    def _repr_html_(self) -> str:
        from augury.report import story_html

        return story_html(self.story())
