"""Bars of series as rows: read as they were known at a moment, added, and moved to the revisions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from augury.arrays import BoolVector, IntVector
from augury.market.bars import BAR_COLUMNS, BarArrays
from augury_server.database.arrays_out import select_arrays
from augury_server.database.bulk import insert_arrays
from augury_server.ingest.models import Bar, BarRevision, Series

__all__ = ["KnownBars", "insert_bars", "never_before", "read_rows", "retire"]

_BARS = Bar._meta.db_table
_REVISIONS = BarRevision._meta.db_table
_VALUES = ", ".join(f'"{name}"' for name in BAR_COLUMNS)
_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class KnownBars:
    """Bars and since when each is known: int64[n] ns, never before its close."""

    bars: BarArrays
    known_at: IntVector

    def __len__(self) -> int:
        return len(self.bars)

    def __getitem__(self, rows: BoolVector | slice) -> KnownBars:
        picked = BarArrays(self.bars.opened_at[rows], np.ascontiguousarray(self.bars.matrix[:, rows]))
        return KnownBars(picked, self.known_at[rows])


def read_rows(
    series: Sequence[int], start: int | None = None, end: int | None = None, known_by: int | None = None
) -> dict[int, KnownBars]:
    """Bars of some series that open in [start, end), by series, in order of time, all from one snapshot.

    With `known_by`, ns UTC, each bar has the values known then, and bars not known yet are absent. A series without
    any such bar is absent.
    """
    if not series:
        return {}
    statement, parameters = _selection(series, start, end, known_by)
    columns = select_arrays(statement, parameters, "iifffffi")
    ids, opened_at, known_at = columns[0], columns[1], columns[7]
    matrix = np.stack(columns[2:7])
    if not _in_order(ids, opened_at):
        order = np.lexsort((opened_at, ids))
        ids, opened_at, known_at, matrix = ids[order], opened_at[order], known_at[order], matrix[:, order]
    edges = [0, *(np.flatnonzero(np.diff(ids)) + 1).tolist(), len(ids)] if len(ids) else []
    found = {}
    for first, stop in pairwise(edges):
        part = BarArrays(opened_at[first:stop], np.ascontiguousarray(matrix[:, first:stop]))
        found[int(ids[first])] = KnownBars(part, known_at[first:stop])
    return found


def _selection(
    series: Sequence[int], start: int | None, end: int | None, known_by: int | None
) -> tuple[str, list[int]]:
    wanted = f"series_id = {int(series[0])}" if len(series) == 1 else f"series_id IN ({', '.join(map(str, series))})"
    bounds = [] if start is None else [start]
    wanted += "" if start is None else " AND opened_at_ns >= %s"
    if end is not None:
        bounds.append(end)
        wanted += " AND opened_at_ns < %s"
    columns = f"series_id, opened_at_ns, {_VALUES}, known_at_ns"
    order = "ORDER BY series_id, opened_at_ns"
    if known_by is None:
        return f"SELECT {columns} FROM {_BARS} WHERE {wanted} {order}", bounds  # noqa: S608 - own names and numbers
    statement = (
        f"SELECT {columns} FROM {_BARS} WHERE {wanted} AND known_at_ns <= %s UNION ALL "  # noqa: S608
        f"SELECT {columns} FROM {_REVISIONS} WHERE {wanted} AND known_at_ns <= %s AND replaced_at_ns > %s {order}"
    )
    return statement, [*bounds, known_by, *bounds, known_by, known_by]


def _in_order(ids: IntVector, opened_at: IntVector) -> bool:
    return bool(((np.diff(ids) > 0) | ((np.diff(ids) == 0) & (np.diff(opened_at) > 0))).all())


def _columns(series: Series, rows: KnownBars) -> dict[str, object]:
    values = dict(zip(BAR_COLUMNS, rows.bars.matrix, strict=True))
    return {"series": series.pk, "opened_at_ns": rows.bars.opened_at, **values, "known_at_ns": rows.known_at}


def insert_bars(series: Series, rows: KnownBars) -> None:
    """Add rows to the current bars; none of their times may be there."""
    insert_arrays(Bar, _columns(series, rows))


def retire(series: Series, rows: KnownBars, replaced_at: IntVector) -> None:
    """Move current bars to the revisions: from `replaced_at` on, int64[n] ns, other values hold or none.

    A version that was replaced in the moment in which it became known never held, and is not kept.
    """
    held = replaced_at > rows.known_at
    if held.any():
        insert_arrays(BarRevision, {**_columns(series, rows[held]), "replaced_at_ns": replaced_at[held]})
    for start in range(0, len(rows), _AT_ONCE):
        Bar.objects.filter(
            series=series, opened_at_ns__in=rows.bars.opened_at[start : start + _AT_ONCE].tolist()
        ).delete()


def never_before(series: Series, rows: KnownBars) -> KnownBars:
    """The same bars, each known no earlier than a version of it that was removed ceased to hold."""
    statement = (
        f"SELECT opened_at_ns, max(replaced_at_ns) FROM {_REVISIONS} WHERE series_id = %s "  # noqa: S608 - own names
        "AND opened_at_ns BETWEEN %s AND %s GROUP BY opened_at_ns ORDER BY opened_at_ns"
    )
    span = (int(rows.bars.opened_at[0]), int(rows.bars.opened_at[-1]))
    opened_at, replaced_at = select_arrays(statement, [series.pk, *span], "ii")
    if len(opened_at) == 0:
        return rows
    at = np.minimum(np.searchsorted(opened_at, rows.bars.opened_at), len(opened_at) - 1)
    ended = np.where(opened_at[at] == rows.bars.opened_at, replaced_at[at], rows.known_at)
    return KnownBars(rows.bars, np.maximum(rows.known_at, ended))
