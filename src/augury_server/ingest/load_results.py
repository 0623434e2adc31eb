"""What a load did, symbol by symbol."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias

__all__ = ["BarsLoaded", "LoadState", "SymbolLoad"]

LoadState: TypeAlias = Literal["loaded", "unchanged", "refused", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SymbolLoad:
    """One symbol of a load.

    `state`: loaded (something was stored), unchanged (nothing new came), refused (what came is not good enough; it is
    among the dead letters), failed (nothing came). `read` rows came; of these `new` (`late` of them open before the
    last bar stored until then), `restated`, `backdated` (put into the history), `equal`, `forming` (not closed yet) and
    `refused` (each a dead letter). `score` is the quality from 0 to 100, None where nothing was judged.
    """

    symbol: str
    state: LoadState
    read: int = 0
    new: int = 0
    late: int = 0
    restated: int = 0
    backdated: int = 0
    equal: int = 0
    forming: int = 0
    refused: int = 0
    score: float | None = None
    reason: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class BarsLoaded:
    """A whole load, in the order in which symbols were read."""

    source: str
    timeframe: str
    symbols: tuple[SymbolLoad, ...]

    def total(self, name: str) -> int:
        """The sum of a count over the symbols."""
        return sum(getattr(one, name) for one in self.symbols)

    def of(self, *states: LoadState) -> tuple[SymbolLoad, ...]:
        """The symbols in one of these states."""
        return tuple(one for one in self.symbols if one.state in states)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-ready values: totals, then each symbol."""
        counts: Iterable[str] = (
            "read", "new", "late", "restated", "backdated", "equal", "forming", "refused",
        )  # fmt: skip
        return {
            "source": self.source,
            "timeframe": self.timeframe,
            **{name: self.total(name) for name in counts},
            "symbols": [one.to_dict() for one in self.symbols],
        }
