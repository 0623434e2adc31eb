"""The result of a backtest: what was run, what came of it, and the views on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from augury.arrays import FloatVector
from augury.backtest.account.engine import EngineRun
from augury.backtest.account.trades import Trades
from augury.backtest.run_facts import bar_returns, costs_of, notes_of
from augury.backtest.spec import BacktestSpec
from augury.backtest.subject import Subject
from augury.errors import AuguryError
from augury.ledger import array_digest
from augury.market.bars import BarArrays, time_index
from augury.market.timeframe import infer_timeframe
from augury.metrics import MEASURES, Metrics

if TYPE_CHECKING:
    from augury.backtest.proof.proof_record import Proof
    from augury.report import Story

__all__ = ["BacktestResult", "fingerprint_of", "trade_rows"]

_TIMES = ("entry_time", "exit_time")


def fingerprint_of(bars: BarArrays) -> str:
    """32 hex digits of open times and bars."""
    from augury.numerics.fingerprint import absorb, empty_fingerprint, hexadecimal  # compiled on first use

    state = empty_fingerprint()
    rows = np.vstack([bars.opened_at.view(np.float64)[None, :], bars.matrix]).T
    absorb(state, np.ascontiguousarray(rows).view(np.uint64))
    return hexadecimal(state)


def trade_rows(trades: pd.DataFrame) -> list[dict[str, Any]]:
    """A frame of trades as plain records."""
    plain = trades.assign(**{name: [moment.isoformat() for moment in trades[name]] for name in _TIMES})
    rows = plain.astype(object).where(plain.notna(), None).to_dict(orient="records")
    return [{str(name): value for name, value in row.items()} for row in rows]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class BacktestResult:
    """One strategy on one instrument: curve, trades, measures, and the proof once it was made.

    `equity` is the account at each bar's close; the initial cash is its value before the first. Times are those of the
    bars' opens. `returns` float64[n] are simple bar returns, see `bar_returns`; `costs` is money by kind, see
    `costs_of`; `notes` are sentences that a reader has to know. `strategy_id` is the hash of the strategy's code,
    `fingerprint` that of the data: with the parameters and the spec they say exactly what was run. `proof` is None
    until `prove` was asked for it.
    """

    subject: Subject
    run: EngineRun
    trade_list: Trades
    metrics: Metrics
    proof: Proof | None = None
    strategy: str = field(init=False)
    parameters: Mapping[str, float] = field(init=False)
    symbol: str = field(init=False)
    spec: BacktestSpec = field(init=False)
    returns: FloatVector = field(init=False)
    costs: Mapping[str, float] = field(init=False)
    notes: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        run = self.run
        derived = {
            "strategy": self.subject.strategy.name,
            "parameters": self.subject.parameters,
            "symbol": self.subject.symbol,
            "spec": run.spec,
            "returns": bar_returns(run.spec.initial_cash, run.equity),
            "costs": costs_of(run),
            "notes": notes_of(run),
        }
        for name, value in derived.items():
            object.__setattr__(self, name, value)

    @cached_property
    def _index(self) -> pd.DatetimeIndex:
        return time_index(self.run.bars.opened_at)

    @cached_property
    def strategy_id(self) -> str:
        """16 hex digits of the strategy's code."""
        return self.subject.strategy.code_id

    @property
    def equity(self) -> pd.Series:
        """Value of the account at each close."""
        return pd.Series(self.run.equity, index=self._index, name="equity")

    @property
    def positions(self) -> pd.Series:
        """Units held at each close, above 0 long."""
        return pd.Series(self.run.units, index=self._index, name="units")

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

    @cached_property
    def digests(self) -> dict[str, str]:
        """`array_digest` of what came out, bit for bit: equity, fills, and measures but those against a benchmark."""
        own = [measure.value for name, measure in self.metrics.items() if MEASURES[name].group != "Benchmark"]
        parts = {"equity": self.run.equity, "fills": self.run.fills, "measures": np.array(own)}
        return {name: array_digest(part) for name, part in parts.items()}

    def to_frame(self) -> pd.DataFrame:
        """A row a bar: equity, returns, units held."""
        columns = {"equity": self.run.equity, "return": self.returns, "units": self.run.units}
        return pd.DataFrame(columns, index=self._index)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-ready values: what was run, measures, costs, trades and the proof; no curve."""
        return {
            "strategy": self.strategy,
            "strategy_id": self.strategy_id,
            "parameters": dict(self.parameters),
            "symbol": self.symbol,
            "timeframe": self.timeframe,
            "bars": len(self.run.bars),
            "first": self._index[0].isoformat(),
            "last": self._index[-1].isoformat(),
            "data_fingerprint": self.fingerprint,
            "spec": self.spec.to_dict(),
            "spec_id": self.spec.id,
            "final_equity": float(self.run.equity[-1]),
            "metrics": self.metrics.to_dict(),
            "costs": dict(self.costs),
            "notes": list(self.notes),
            "trades": trade_rows(self.trades),
            "proof": None if self.proof is None else self.proof.to_dict(),
            "digests": self.digests,
        }

    def story(self) -> Story:
        """The result as a report tells it."""
        from augury.backtest.telling import story_of

        return story_of(self)

    def report(self, path: str | Path) -> Path:
        """Write one self-contained HTML page; the proof is made first when it was not yet."""
        from augury.backtest.proof.proving import prove
        from augury.report import write_page

        told = self if self.proof is not None else prove(self)
        return write_page(told.story(), path)

    def plot(self) -> Any:
        """The equity curve with its drawdown as a figure for notebooks."""
        from augury.report import equity_figure

        return equity_figure(self.story())

    def __repr__(self) -> str:
        named = ", ".join(f"{name}={value:g}" for name, value in self.parameters.items())
        where = f" on {self.symbol}" if self.symbol else ""
        level = "not proven yet" if self.proof is None else self.proof.verdict.level
        return f"<BacktestResult {self.strategy}({named}){where}: {len(self.run.bars)} bars, {level}>"

    def __str__(self) -> str:
        from augury.report import story_text

        return story_text(self.story())

    def _repr_html_(self) -> str:
        from augury.report import story_html

        return story_html(self.story())
