"""Table: the result of a verb that lists things."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

__all__ = ["Table", "brief", "counted"]

_REASON_CHARACTERS = 200


def counted(count: int, noun: str) -> str:
    """A number with its noun, which takes an s unless there is one: "1 job", "2 jobs", "1,200 jobs"."""
    return f"{count:,} {noun if count == 1 else noun + 's'}"


def brief(reason: str) -> str:
    """A reason as a cell shows it: 200 characters at most, with an ellipsis where it goes on."""
    return reason if len(reason) <= _REASON_CHARACTERS else reason[: _REASON_CHARACTERS - 1].rstrip() + "…"


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows under named columns, with facts above and notes below; values are plain, as JSON has them.

    `facts` are single values that belong to the whole; `exit_code` is 1 when the verb found something wrong.
    """

    title: str
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    exit_code: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-ready values: the facts, then rows as objects."""
        rows = [dict(zip(self.columns, row, strict=True)) for row in self.rows]
        return {**self.facts, **({"rows": rows} if self.columns else {}), "notes": list(self.notes)}
