"""Times of somebody else's file: with a zone as they are, without one by the caller's zone or as UTC, and said so."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from augury.arrays import IntVector
from augury.audit.claim import NO_TIME
from augury.errors import InvalidInput
from augury.market.times import parse_times

__all__ = ["Moments", "moments_of"]


class Moments:
    """The zone to use, and whether clock times without a zone were met and taken as UTC."""

    def __init__(self, zone: str | None) -> None:
        self.zone = zone
        self.zoneless = False

    def read(self, column: Any, where: str) -> IntVector:
        """int64[n] ns UTC, `NO_TIME` where the cell is empty; InvalidInput names what cannot be read."""
        try:
            nanoseconds, zoneless = moments_of(column, self.zone)
        except InvalidInput as problem:
            raise InvalidInput(f"{where}: {problem}") from problem
        self.zoneless |= zoneless
        return nanoseconds


def moments_of(column: Any, zone: str | None) -> tuple[IntVector, bool]:
    """Times as int64[n] ns UTC, and whether they are clock times without a zone that were taken as UTC.

    Raises InvalidInput for what is no time and for several zones in one column.
    """
    values = pd.Series(column).reset_index(drop=True)
    if values.isna().all():
        return np.full(len(values), NO_TIME, dtype=np.int64), False
    try:
        return parse_times(values, zone=zone).nanoseconds, False
    except InvalidInput as problem:
        if zone is not None or "no time zone" not in str(problem):
            raise
    return parse_times(values, zone="UTC").nanoseconds, True
