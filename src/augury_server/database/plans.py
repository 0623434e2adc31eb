"""How an engine would answer a query, in one form for both engines."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from augury_server.database.explaining import explained

__all__ = ["Plan", "Step", "explain", "explain_statement"]


_asked = count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One access to a table: through `index`, or none; `searched` when a condition narrows what is read.

    `bounded` when a LIMIT above stops it after some rows. `rows` is the planner's estimate, None on SQLite.
    """

    table: str
    index: str | None
    searched: bool
    bounded: bool
    rows: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The accesses of a query, whether the engine reads all rows to sort them, and its own words."""

    engine: str
    statement: str
    steps: tuple[Step, ...]
    sorts: bool
    text: str

    @property
    def indexes(self) -> tuple[str, ...]:
        """Indexes that it uses, sorted; "primary key" for SQLite's row number."""
        return tuple(sorted({step.index for step in self.steps if step.index is not None}))

    @property
    def full_scans(self) -> tuple[str, ...]:
        """Tables that are read from one end to the other, by themselves or along an index, sorted.

        A walk along an index that a LIMIT stops, with nothing sorted afterwards, is none.
        """
        return tuple(sorted({step.table for step in self.steps if self._is_full(step)}))

    def scans(self, table: str) -> bool:
        """Whether the whole of a table is read."""
        return table in self.full_scans

    def _is_full(self, step: Step) -> bool:
        return not step.searched and (step.index is None or not step.bounded)


def explain(queryset: QuerySet[Any, Any]) -> Plan:
    """The plan of a queryset; nothing is run."""
    statement, parameters = queryset.query.sql_with_params()
    return explain_statement(statement, parameters)


def explain_statement(statement: str, parameters: Sequence[Any] = ()) -> Plan:
    """The plan of a statement with %s in the place of each parameter; nothing is run."""
    with explained("plan a query"), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"EXPLAIN (FORMAT JSON) {statement}", parameters)
            (found,) = cursor.fetchone()
            return _of_postgresql(statement, found if isinstance(found, list) else json.loads(found))
        # the number keeps a statement that was prepared before an index came or went from being used again
        cursor.execute(f"EXPLAIN QUERY PLAN /* {next(_asked)} */ {statement}", parameters)
        return _of_sqlite(statement, [str(row[3]) for row in cursor.fetchall()])


_TO_THE_END = ("Hash", "Aggregate", "Bitmap")


def _of_postgresql(statement: str, found: list[dict[str, Any]]) -> Plan:
    root = found[0]["Plan"]
    steps: list[Step] = []
    names: list[str] = []
    for node, bounded in _nodes(root, bounded=False):
        names.append(node["Node Type"])
        step = _step(node, bounded)
        if step is not None:
            steps.append(step)
    return Plan(
        engine="postgresql",
        statement=statement,
        steps=tuple(steps),
        sorts="Sort" in names,
        text=json.dumps(root, indent=1),
    )


def _nodes(node: dict[str, Any], *, bounded: bool) -> Iterator[tuple[dict[str, Any], bool]]:
    """Every node, and whether a LIMIT above it stops it early: what sorts, hashes or aggregates reads to the end.

    An incremental sort, of rows that an index gives in the order of its first columns, stops early too.
    """
    kind = node["Node Type"]
    yield node, bounded
    inner = (bounded or kind == "Limit") and kind != "Sort" and not any(word in kind for word in _TO_THE_END)
    for child in node.get("Plans", ()):
        yield from _nodes({"Relation Name": node.get("Relation Name"), **child}, bounded=inner)


def _step(node: dict[str, Any], bounded: bool) -> Step | None:
    kind, rows = node["Node Type"], node.get("Plan Rows")
    table = node.get("Relation Name") or ""
    if kind == "Seq Scan":
        return Step(table=table, index=None, searched=False, bounded=False, rows=rows)
    if kind in ("Index Scan", "Index Only Scan", "Bitmap Index Scan"):
        return Step(table=table, index=node["Index Name"], searched="Index Cond" in node, bounded=bounded, rows=rows)
    if kind == "Tid Scan":
        return Step(table=table, index="ctid", searched=True, bounded=bounded, rows=rows)
    return None


_SQLITE_STEP = re.compile(
    r"(?P<how>SCAN|SEARCH) (?P<table>\S+)(?: AS \S+)?(?: USING (?:(?:AUTOMATIC )?(?:PARTIAL )?(?:COVERING )?INDEX "
    r"(?P<index>\S+)|(?P<key>INTEGER PRIMARY KEY)))?"
)


def _of_sqlite(statement: str, lines: Sequence[str]) -> Plan:
    sorts = any(line.startswith("USE TEMP B-TREE") and "PART OF" not in line and "TERM" not in line for line in lines)
    bounded = not sorts and re.search(r"\bLIMIT \d+", statement) is not None
    steps = []
    for line in lines:
        match = _SQLITE_STEP.match(line)
        if match is None or match["table"] == "CONSTANT":
            continue
        index = match["index"] or ("primary key" if match["key"] else None)
        searched = match["how"] == "SEARCH"
        if not searched and index is None and bounded and _by_row_number(statement):
            index = "primary key"
        steps.append(Step(table=match["table"], index=index, searched=searched, bounded=bounded))
    return Plan(engine="sqlite", statement=statement, steps=tuple(steps), sorts=sorts, text="\n".join(lines))


def _by_row_number(statement: str) -> bool:
    """A table in the order of its row numbers is a walk along the primary key, which SQLite calls a plain scan."""
    return re.search(r'ORDER BY (?:"\w+"\.)?"id" (?:ASC|DESC) LIMIT \d+$', statement) is not None
