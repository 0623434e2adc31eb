"""The result of a portfolio: what was run, what came of it, and the views on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from augury.arrays import FloatVector
from augury.backtest.account.trades import Trades
from augury.backtest.portfolio.portfolio_facts import fill_money, gross_exposure, portfolio_costs, portfolio_notes
from augury.backtest.portfolio.portfolio_run import PortfolioRun
from augury.backtest.portfolio.portfolio_spec import PortfolioSpec
from augury.backtest.portfolio.portfolio_trades import all_trades, trades_by_symbol, trades_table
from augury.backtest.portfolio.portfolio_weights import WeightTable
from augury.backtest.result import trade_rows
from augury.backtest.run_facts import bar_returns
from augury.backtest.subject import bars_in_a_year
from augury.ledger import array_digest
from augury.market.bars import time_index
from augury.metrics import MEASURES, Curve, Metrics, measure

if TYPE_CHECKING:
    from augury.backtest.proof.proof_record import Proof
    from augury.report import Story

__all__ = ["PortfolioResult"]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class PortfolioResult:
    """A portfolio: curve, trades, measures, and the proof once it was made. `run` has every curve and total.

    `equity` is the account at each bar's close; the initial cash is its value before the first. Times are those of the
    bars' opens. `weights` are the target weights and when each row of them was known, whatever they were computed by.
    `returns` float64[n] are simple bar returns; `costs` is money by kind over all symbols; `notes` are sentences that a
    reader has to know. `proof` is None until `prove` was asked for it.
    """

    name: str
    run: PortfolioRun
    weights: WeightTable
    proof: Proof | None = None
    spec: PortfolioSpec = field(init=False)
    symbols: tuple[str, ...] = field(init=False)
    bars_per_year: float = field(init=False)
    returns: FloatVector = field(init=False)
    costs: Mapping[str, float] = field(init=False)
    notes: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        run, account = self.run, self.run.spec.backtest
        derived = {
            "spec": run.spec,
            "symbols": run.panel.symbols,
            "bars_per_year": account.periods_per_year or bars_in_a_year(run.panel.opened_at),
            "returns": bar_returns(account.initial_cash, run.equity),
            "costs": portfolio_costs(run),
            "notes": portfolio_notes(run),
        }
        for name, value in derived.items():
            object.__setattr__(self, name, value)

    @cached_property
    def _index(self) -> pd.DatetimeIndex:
        return time_index(self.run.panel.opened_at)

    @cached_property
    def _parts(self) -> tuple[Trades, ...]:
        return trades_by_symbol(self.run)

    @cached_property
    def metrics(self) -> Metrics:
        """Measures of the account and of its trades; against the benchmark too once there is a proof."""
        run, money = self.run, fill_money(self.run)
        curve = Curve(
            equity=run.equity,
            initial_cash=run.spec.backtest.initial_cash,
            periods_per_year=self.bars_per_year,
            opened_at=run.panel.opened_at,
            gross_exposure=gross_exposure(run),
            traded_notional=None if money is None else money[0],
        )
        held = None if self.proof is None else bar_returns(curve.initial_cash, self.proof.benchmark)
        return measure(curve, None if money is None else all_trades(self._parts).outcomes(), held)

    @cached_property
    def trades(self) -> pd.DataFrame:
        """A row a trade, a round trip of one symbol; InvalidInput when the run kept no fills."""
        return trades_table(self.run, self._parts)

    @property
    def equity(self) -> pd.Series:
        """Value of the account at each close."""
        return pd.Series(self.run.equity, index=self._index, name="equity")

    @property
    def by_symbol(self) -> pd.DataFrame:
        """A row a symbol: what it contributed, its costs, value traded and units held, see `costs_frame`."""
        return self.run.costs_frame()

    @cached_property
    def fingerprint(self) -> str:
        """32 hex digits of the data: open times and bars of all symbols."""
        from augury.numerics.fingerprint import absorb, empty_fingerprint, hexadecimal  # compiled on first use

        state = empty_fingerprint()
        for block in self.run.panel.blocks(self.spec.block_bars):
            columns = block.values.transpose(1, 0, 2).reshape(len(block), -1)
            rows = np.concatenate([block.opened_at.view(np.float64)[:, None], columns], axis=1)
            absorb(state, np.ascontiguousarray(rows).view(np.uint64))
        return hexadecimal(state)

    @cached_property
    def digests(self) -> dict[str, str]:
        """`array_digest` of what came out, bit for bit: equity, fills, and measures but those against a benchmark."""
        own = [found.value for name, found in self.metrics.items() if MEASURES[name].group != "Benchmark"]
        parts = {"equity": self.run.equity, "fills": self.run.fills, "measures": np.array(own)}
        return {name: array_digest(part) for name, part in parts.items()}

    def to_frame(self) -> pd.DataFrame:
        """A row a bar: equity, returns, cash, value of the positions (signs left out or not), symbols without a bar."""
        run = self.run
        columns = {"equity": run.equity, "return": self.returns, "cash": run.cash, "gross": run.gross, "net": run.net}
        return pd.DataFrame({**columns, "stale": run.stale}, index=self._index)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-ready values: what was run, totals by symbol, measures, costs, trades and the proof; no curve."""
        return {
            "name": self.name,
            **self.run.to_dict(),
            "timeframe": str(self.run.panel.timeframe),
            "data_fingerprint": self.fingerprint,
            "spec_id": self.spec.id,
            "metrics": self.metrics.to_dict(),
            "costs": dict(self.costs),
            "notes": list(self.notes),
            "trades": trade_rows(self.trades) if self.spec.keep_fills else None,
            "proof": None if self.proof is None else self.proof.to_dict(),
            "digests": self.digests,
        }

    def story(self) -> Story:
        """The result as a report tells it."""
        from augury.backtest.portfolio.portfolio_telling import portfolio_story

        return portfolio_story(self)

    def report(self, path: str | Path) -> Path:
        """Write one self-contained HTML page; the proof is made first when it was not yet."""
        from augury.backtest.proof.portfolio_proving import prove_portfolio
        from augury.report import write_page

        told = self if self.proof is not None else prove_portfolio(self)
        return write_page(told.story(), path)

    def plot(self) -> Any:
        """The equity curve with its drawdown as a figure for notebooks."""
        from augury.report import equity_figure

        return equity_figure(self.story())

    def __repr__(self) -> str:
        shown = ", ".join(self.symbols[:5]) + (f" and {len(self.symbols) - 5} more" if len(self.symbols) > 5 else "")
        level = "not proven yet" if self.proof is None else self.proof.verdict.level
        return f"<PortfolioResult {self.name} of {shown}: {len(self.run.panel):,} bars, {level}>"

    def __str__(self) -> str:
        from augury.report import story_text

        return story_text(self.story())

    def _repr_html_(self) -> str:
        from augury.report import story_html

        return story_html(self.story())
