"""What holding something simpler would have given, on the clock of the account that is judged."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from augury.arrays import FloatVector
from augury.audit.account import Account
from augury.audit.prices import SymbolBars
from augury.errors import NotEnoughData
from augury.market.times import iso
from augury.metrics import simple_returns

__all__ = ["HeldBenchmark", "held_benchmark"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HeldBenchmark:
    """The initial cash put into `name` before the first period and held: `equity` float64[n]."""

    name: str
    equity: FloatVector
    initial_cash: float

    @property
    def returns(self) -> FloatVector:
        """Simple returns of the periods, float64[n]."""
        return simple_returns(self.equity, self.initial_cash)


def held_benchmark(account: Account, bars: SymbolBars) -> HeldBenchmark:
    """Buy and hold these bars from the open of the account's first period.

    A file's own curve names its periods as its bars do, so the bar named by (or last before) each time is taken; other
    accounts stand at closes, where the last bar closed by then is. Raises NotEnoughData when the bars do not cover the
    account.
    """
    if account.basis in ("curve", "trial"):
        at = np.searchsorted(bars.opened_at, account.times, side="right") - 1
    else:
        at = np.searchsorted(bars.closed_at, account.times, side="right") - 1
    if at[0] < 0 or account.times[-1] > bars.closed_at[-1] + 7 * 86_400 * 10**9:
        raise NotEnoughData(
            f"the benchmark {bars.symbol} has bars from {iso(int(bars.opened_at[0]))} to "
            f"{iso(int(bars.closed_at[-1]))}, the "
            f"account runs from {iso(int(account.times[0]))} to {iso(int(account.times[-1]))}; pass bars that cover it"
        )
    start = float(bars.matrix[0, at[0]])
    return HeldBenchmark(
        name=f"holding {bars.symbol}",
        equity=account.initial_cash * bars.matrix[3, at] / start,
        initial_cash=account.initial_cash,
    )
