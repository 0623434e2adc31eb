"""How many variants were tried before this one was shown, and what that number is worth."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from augury.audit.claim import Claim, Variants
from augury.validation import EffectiveTrials, effective_trials

__all__ = ["CountedTries", "LedgerTries", "count_tries"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerTries:
    """What the ledger knows of tries on the same data: how many, how many independent, and their variance per bar."""

    number: int
    effective: float
    sharpe_variance: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedTries:
    """The number of tries and where it comes from; None when nobody recorded it. `effective` is what it is worth."""

    number: int | None
    source: str
    effective: EffectiveTrials | None

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-ready values."""
        worth = None if self.effective is None else self.effective.effective
        variance = None if self.effective is None else self.effective.sharpe_variance
        return {
            "number": self.number,
            "source": self.source,
            "effective": worth if worth is not None and math.isfinite(worth) else None,
            "sharpe_variance": variance if variance is not None and math.isfinite(variance) else None,
            "method": "" if self.effective is None else self.effective.method,
        }


def count_tries(claim: Claim, stated: int | None, ledger: LedgerTries | None, periods: int) -> CountedTries:
    """The largest of what was stated, what the file shows and what the ledger knows.

    Variants whose returns are known are grouped by likeness. Others count as independent, their Sharpe ratios scattered
    as those of worthless rules are: variance 1/(n - 1) per period for n periods. That is the careful reading.
    """
    shown = claim.variants.count if claim.variants is not None else 0
    known = ledger.number if ledger is not None else 0
    number = max(stated or 0, shown, known)
    if number == 0:
        return CountedTries(number=None, source="tries not recorded", effective=None)
    if number == (stated or 0) and number > shown:
        return CountedTries(number=number, source="as stated", effective=_independent(number, periods))
    if ledger is not None and number == known and known > shown:
        variance = ledger.sharpe_variance if math.isfinite(ledger.sharpe_variance) else _null_variance(periods)
        worth = _plain(ledger.effective, number, variance, "tries of the ledger on the same data")
        return CountedTries(number=number, source="the ledger", effective=worth)
    variants = claim.variants
    source = variants.source if variants is not None else "the file"
    return CountedTries(number=number, source=source, effective=_of_variants(variants, number, periods))


def _of_variants(variants: Variants | None, number: int, periods: int) -> EffectiveTrials | None:
    if number == 1:
        return None
    if variants is None or variants.returns is None or len(variants.returns) < 2:
        return _independent(number, periods)
    found = effective_trials(variants.returns)
    if found.reason is not None:
        return _independent(number, periods)
    rest = number - len(variants.returns)  # tried, but their returns were not kept
    if rest <= 0:
        return found
    return _plain(
        found.effective + rest, number, found.sharpe_variance, f"{found.method}; {rest} others as independent"
    )


def _independent(number: int, periods: int) -> EffectiveTrials | None:
    if number == 1:
        return None
    method = "taken as independent, Sharpe ratios scattered as those of worthless rules"
    return _plain(float(number), number, _null_variance(periods), method)


def _null_variance(periods: int) -> float:
    return 1.0 / (periods - 1) if periods > 1 else math.nan


def _plain(effective: float, number: int, variance: float, method: str) -> EffectiveTrials:
    return EffectiveTrials(
        method=method,
        effective=effective,
        trials=number,
        undefined=0,
        periods=0,
        threshold=math.nan,
        sharpe_variance=variance,
        groups=np.empty(0, dtype=np.int64),
    )
