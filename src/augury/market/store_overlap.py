"""Bars that come again beside bars that are stored: which are the same, and the refusal where they are not."""

from __future__ import annotations

import numpy as np

from augury.arrays import BoolVector, IntVector
from augury.errors import Conflict
from augury.market.bars import BAR_COLUMNS, BarArrays
from augury.market.times import iso

__all__ = ["match_bars", "refuse_overlap"]

_SHOWN = 3
_ADVICE = "nothing was appended; to rewrite stored bars use replace_range"


def match_bars(came: BarArrays, stored: BarArrays) -> tuple[IntVector, BoolVector, BoolVector]:
    """For each bar that came: its place among those stored, whether one is there, and whether it is equal."""
    if len(stored) == 0:
        nothing = np.zeros(len(came), dtype=np.bool_)
        return np.zeros(len(came), dtype=np.int64), nothing, nothing
    at = np.minimum(np.searchsorted(stored.opened_at, came.opened_at), len(stored) - 1)
    present = stored.opened_at[at] == came.opened_at
    return at, present, present & (came.matrix == stored.matrix[:, at]).all(axis=0)


def refuse_overlap(name: object, came: BarArrays, stored: BarArrays) -> None:
    """Return when every bar that came is stored with the same values; otherwise Conflict, which shows the first ones.

    `came` opens between the first and the last bar of the series `name`; `stored` is what the series holds there.
    """
    at, present, equal = match_bars(came, stored)
    differing = np.flatnonzero(present & ~equal)
    if len(differing):
        told = []
        for row in differing[:_SHOWN]:
            have, new = stored.matrix[:, at[row]], came.matrix[:, row]
            column = int(np.argmax(have != new))
            when = iso(int(came.opened_at[row]))
            told.append(f"{when} {BAR_COLUMNS[column]} is {have[column]!s}, came {new[column]!s}")
        more = f" and {len(differing) - _SHOWN} more" if len(differing) > _SHOWN else ""
        raise Conflict(f"{name}: {len(differing)} bars differ from those stored: {'; '.join(told)}{more}; {_ADVICE}")
    if not present.all():
        times = came.opened_at[~present]
        raise Conflict(
            f"{name}: {len(times)} bars lie between stored ones ({iso(int(times[0]))} to {iso(int(times[-1]))}); "
            f"{_ADVICE}"
        )
