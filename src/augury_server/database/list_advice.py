"""The platform's own lists, judged by their plans on the tables as they are."""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import EmptyResultSet

from augury_server.database.advice_records import Finding
from augury_server.database.list_queries import list_queries
from augury_server.database.plans import explain

__all__ = ["list_findings"]


def list_findings(is_large: Callable[[str], bool]) -> list[Finding]:
    """A finding for every list whose query reads the whole of a large table."""
    found = []
    for name, make in list_queries().items():
        try:
            plan = explain(make())
        except EmptyResultSet:
            continue
        for table in plan.full_scans:
            if is_large(table):
                found.append(  # noqa: PERF401
                    Finding(
                        rule="list_scans_table",
                        severity="problem",
                        subject=name,
                        message=f"this list reads the whole of {table}",
                        remedy="take the planner's statistics anew; if it stays, an index is missing: report it",
                    )
                )
    return found
