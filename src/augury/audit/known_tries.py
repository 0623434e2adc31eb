"""What the ledger knows of the data a backtest was made on, and of tries on it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from augury.arrays import IntVector
from augury.audit.claim import NO_TIME, Claim
from augury.audit.prices import Prices, SymbolBars, match_prices
from augury.audit.tries import LedgerTries
from augury.ledger import DataKey, EntryFilter, Ledger, SeriesKey, array_digest
from augury.market import Timeframe

__all__ = ["data_of", "files_digest", "tries_before"]


def files_digest(paths: Sequence[str]) -> str:
    """16 hex digits of the files' content, whatever they are called."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        digest.update(hashlib.sha256(Path(path).read_bytes()).digest())
    return digest.hexdigest()[:16]


def data_of(claim: Claim, prices: Prices | None) -> DataKey:
    """The data a claim was made on: its bars where they were passed, else symbols and period as the file has them."""
    if prices is not None:
        return DataKey(series=tuple(_of_bars(bars) for bars in prices.by_symbol.values()))
    times = _times(claim)
    if len(times) == 0:
        return DataKey(series=())
    first, last = claim.period or (int(times.min()), int(times.max()))
    symbols = [symbol for symbol in (claim.trades.symbols if claim.trades is not None else ()) if symbol]
    fingerprint = f"claimed-{array_digest(times)[:32]}"
    return DataKey(
        series=tuple(
            SeriesKey(
                symbol=symbol,
                fingerprint=fingerprint,
                timeframe=claim.timeframe or "unknown",
                bars=len(times),
                first=first,
                last=last,
            )
            for symbol in symbols or [claim.name or "unknown"]
        )
    )


def _times(claim: Claim) -> IntVector:
    if claim.curve is not None:
        return claim.curve.times
    if claim.trades is None:
        return np.empty(0, dtype=np.int64)
    both = np.concatenate([claim.trades.entry_ns, claim.trades.exit_ns])
    return np.unique(both[both != NO_TIME])


def _of_bars(bars: SymbolBars) -> SeriesKey:
    length = int(np.median(np.diff(bars.opened_at)))
    return SeriesKey(
        symbol=bars.symbol,
        fingerprint=array_digest(np.vstack([bars.opened_at.astype(np.float64), bars.matrix])),
        timeframe=str(Timeframe(length)),
        bars=len(bars.opened_at),
        first=int(bars.opened_at[0]),
        last=int(bars.opened_at[-1]),
    )


def tries_before(ledger: Ledger, claim: Claim, universe: Sequence[SymbolBars]) -> LedgerTries | None:
    """What the ledger knows of other tries on this data, this claim counted in; None when it knows of none.

    An earlier audit of the same files is not another try.
    """
    if not ledger.path.exists():
        return None
    prices = match_prices(claim.trades, universe) if universe and claim.trades is not None else None
    data = data_of(claim, prices)
    if not data.series:
        return None
    known = ledger.tries(data)
    mine = ledger.entries(EntryFilter(strategy_id=files_digest(claim.sources)))
    own = max((entry.trials for entry in mine if entry.sequence in known.sequences), default=0)
    others = known.configurations - own
    if others <= 0:
        return None
    here = claim.variants.count if claim.variants is not None else 1
    effective = known.effective if own else known.effective + here
    return LedgerTries(number=others + here, effective=max(effective, 1.0), sharpe_variance=known.sharpe_variance)
