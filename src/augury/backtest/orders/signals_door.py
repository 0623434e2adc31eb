"""The door for signals: entry and exit flags in, a result with measures, trades and reports out."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from augury.arrays import FloatMatrix
from augury.backtest.account.engine import EngineRun
from augury.backtest.orders.signals import Signals, run_signal_engine, signal_events
from augury.backtest.result import BacktestResult
from augury.backtest.run import result_of, run_subject
from augury.backtest.spec import BacktestSpec
from augury.backtest.subject import arrays_of, given_subject
from augury.market.bars import BarArrays

__all__ = ["run_signals"]

_DEFAULT = BacktestSpec()


@dataclass(frozen=True, slots=True, kw_only=True)
class _GivenSignals:
    """Flags that can be run again, later or under other costs."""

    signals: Signals
    content: str
    name: str = "signals"

    def run(self, bars: BarArrays, spec: BacktestSpec, actions: FloatMatrix) -> EngineRun:
        """The flags on these bars."""
        return run_signal_engine(bars, self.signals, spec, actions=actions)


def run_signals(
    bars: Any,
    signals: Signals,
    spec: BacktestSpec | None = None,
    *,
    actions: FloatMatrix | None = None,
    symbol: str = "",
) -> BacktestResult:
    """Run entry and exit flags, decided at each close, through the account: curve, trades, costs and measures.

    `bars` is a frame (see `validate_bars`) or BarArrays; flags that are series carry its index. Orders are filled as
    any other, see `BacktestSpec`; `actions` as in `run_backtest`. The signals are given, so no permutation test can
    recompute them on other bars; `prove` makes every other test. `run_signal_engine` is the bare run.

    InvalidInput for flags that are not one boolean a bar; InvalidBars for bars that break a rule.

    >>> from augury.sample import load_sample
    >>> bars = load_sample().bars["IBM"]
    >>> up = bars["close"].diff() > 0
    >>> result = run_signals(bars, Signals(long_entries=up, long_exits=~up))
    >>> result.metrics.trades.value == len(result.trades)
    True
    """
    spec = _DEFAULT if spec is None else spec
    arrays = arrays_of(bars)
    content = hashlib.sha256(signal_events(arrays, signals, spec).tobytes()).hexdigest()
    subject = given_subject(_GivenSignals(signals=signals, content=content), arrays, spec, symbol, actions)
    return result_of(subject, run_subject(subject, spec))
