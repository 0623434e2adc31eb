"""The versions of bars: what was known from when on, read and rewritten."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from augury.arrays import BoolVector, IntVector
from augury.market.bars import BAR_COLUMNS, BarArrays
from augury_server.database.bulk import OnConflict, insert_arrays
from augury_server.ingest.bar_rows import KnownBars, read_rows
from augury_server.ingest.changes import Version, with_version
from augury_server.ingest.models import Bar, BarRevision, Series

__all__ = ["REPLACING", "put_into_history", "stored_bars"]

REPLACING: Final = OnConflict(unique=("series", "opened_at_ns"), update=(*BAR_COLUMNS, "known_at_ns"))
"""A bar takes the place of the stored one that opens at the same time."""

_AT_ONCE = 500


def stored_bars(series: Series, first_ns: int, last_ns: int) -> KnownBars:
    """Current bars of a series that open in [first_ns, last_ns]."""
    none = KnownBars(BarArrays(np.empty(0, dtype=np.int64), np.empty((5, 0))), np.empty(0, dtype=np.int64))
    return read_rows([series.pk], first_ns, last_ns + 1).get(series.pk, none) if series.bars else none


def put_into_history(series: Series, came: KnownBars, rows: BoolVector) -> tuple[int, BoolVector, int]:
    """Put versions that were known before the present ones into their bars' histories.

    Returns how many changed something, which contradict a version that is known from the same moment, bool[n], and how
    many say what was known already.
    """
    clashing = np.zeros(len(came), dtype=np.bool_)
    if not rows.any():
        return 0, clashing, 0
    changed = equal = 0
    histories = _histories(series, came.bars.opened_at[rows])
    rewritten: dict[int, list[Version]] = {}
    for at in np.flatnonzero(rows).tolist():
        opened_at = int(came.bars.opened_at[at])
        after = with_version(histories[opened_at], int(came.known_at[at]), tuple(came.bars.matrix[:, at].tolist()))
        if after is None:
            clashing[at] = True
        elif after == histories[opened_at]:
            equal += 1
        else:
            changed += 1
            rewritten[opened_at] = after
    _rewrite(series, histories, rewritten)
    return changed, clashing, equal


def _histories(series: Series, opened_at: IntVector) -> dict[int, list[Version]]:
    """Every version of these bars in order of the time it was known from, the present one last."""
    histories: dict[int, list[Version]] = {int(moment): [] for moment in opened_at}
    first, last = int(opened_at[0]), int(opened_at[-1])
    revisions = BarRevision.objects.filter(series=series, opened_at_ns__range=(first, last)).order_by("known_at_ns")
    columns = ("opened_at_ns", "known_at_ns", "replaced_at_ns", *BAR_COLUMNS)
    for moment, known, replaced, *values in revisions.values_list(*columns):
        if moment in histories:
            histories[moment].append(Version(known, replaced, tuple(values)))
    present = stored_bars(series, first, last)
    for place, moment in enumerate(present.bars.opened_at.tolist()):
        if moment in histories:
            values = tuple(present.bars.matrix[:, place].tolist())
            histories[moment].append(Version(int(present.known_at[place]), None, values))
    return histories


def _rewrite(series: Series, before: dict[int, list[Version]], after: dict[int, list[Version]]) -> None:
    """Store the histories in `after`; the revisions that they had make room."""
    revised = [moment for moment in after if len(before[moment]) > 1]
    for start in range(0, len(revised), _AT_ONCE):
        BarRevision.objects.filter(series=series, opened_at_ns__in=revised[start : start + _AT_ONCE]).delete()
    past = [(moment, version) for moment, versions in after.items() for version in versions[:-1]]
    if past:
        ends = np.array([version.replaced_at_ns for _, version in past], dtype=np.int64)
        insert_arrays(BarRevision, {**_columns(series, past), "replaced_at_ns": ends})
    present = [(moment, versions[-1]) for moment, versions in after.items() if versions[-1] != before[moment][-1]]
    if present:
        insert_arrays(Bar, _columns(series, present), on_conflict=REPLACING)


def _columns(series: Series, versions: list[tuple[int, Version]]) -> dict[str, Any]:
    matrix = np.array([version.values for _, version in versions], dtype=np.float64).T
    return {
        "series": series.pk,
        "opened_at_ns": np.array([moment for moment, _ in versions], dtype=np.int64),
        **dict(zip(BAR_COLUMNS, matrix, strict=True)),
        "known_at_ns": np.array([version.known_at_ns for _, version in versions], dtype=np.int64),
    }
