"""The table of classic indicators: one row each, grouped by what they tell."""

from __future__ import annotations

from augury.features.indicator_rows.momentum import MOMENTUM
from augury.features.indicator_rows.oscillators import OSCILLATORS
from augury.features.indicator_rows.overlap import OVERLAP
from augury.features.indicator_rows.patterns import PATTERNS
from augury.features.indicator_rows.statistics import STATISTICS
from augury.features.indicator_rows.volume_and_range import VOLUME_AND_RANGE

__all__ = ["INDICATORS"]

INDICATORS = (*OVERLAP, *MOMENTUM, *OSCILLATORS, *VOLUME_AND_RANGE, *STATISTICS, *PATTERNS)
