"""Which variant of an experiment a unit belongs to; statistics over two variants come to live here too."""

from __future__ import annotations

from augury.experiments.assignment import BUCKETS, assign, bucket
from augury.experiments.units import UNIT_KINDS, UnitKind, unit_of

__all__ = ["BUCKETS", "UNIT_KINDS", "UnitKind", "assign", "bucket", "unit_of"]
