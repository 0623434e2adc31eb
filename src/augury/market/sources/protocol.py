"""The one question that every source of bars answers."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import pandas as pd

from augury.market.timeframe import Timeframe
from augury.market.times import Moment

__all__ = ["Source"]


@runtime_checkable
class Source(Protocol):
    """Somewhere that bars come from."""

    @property
    def name(self) -> str:
        """What the source is called in messages and in the registry."""
        ...

    def fetch(
        self, symbol: str, timeframe: str | Timeframe, start: Moment, end: Moment, *, now: Moment | None = None
    ) -> pd.DataFrame:
        """Bars of a symbol that open in [start, end) and were closed by `now`, keeping the Bars contract.

        `now` is the caller's clock, `end` when it is None: no source looks at one itself. A bar still forming at `now`
        is left out, a bar that the vendor leaves blank is absent; nothing else is dropped, and nothing is mended.

        Raises NotFound for a symbol that the source does not know, NotEnoughData when no closed bar lies in the range,
        InvalidBars when what came breaks a rule, InvalidInput for a timeframe or range that the source cannot serve,
        Unavailable after bounded retries when it does not answer, and Misconfigured for missing or refused credentials.
        """
        ...
