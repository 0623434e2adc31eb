"""The result of judging many tickers at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from augury.signals.signal import TradingSignal

__all__ = ["SignalBatch"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalBatch:
    """Signals in the order of the universe, and the tickers that could not be judged with the reason why."""

    signals: tuple[TradingSignal, ...]
    refused: dict[str, str]

    def __iter__(self) -> Iterator[TradingSignal]:
        return iter(self.signals)

    def __len__(self) -> int:
        return len(self.signals)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-ready values: `signals` and `refused`."""
        return {"signals": [signal.to_dict() for signal in self.signals], "refused": dict(self.refused)}

    def to_frame(self) -> pd.DataFrame:
        """One row per signal, reasons as one sentence, versions left out."""
        rows = []
        for signal in self.signals:
            row = signal.to_dict()
            del row["reasons"], row["versions"]
            rows.append(row | {"timestamp": signal.timestamp, "reason": signal.reason})
        return pd.DataFrame(rows)
