"""Which entries are wanted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import msgspec

from augury.spec import Spec

__all__ = ["EntryFilter"]

_Count = Annotated[int, msgspec.Meta(ge=1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryFilter(Spec):
    """Conditions that all have to hold; None asks nothing.

    `kind`, `subject`, `strategy_id`, `trial_key` and `data_id` are compared letter by letter, `symbol` without case.
    `since` and `until` are sequences, both included; `written_since` and `written_until` int64 ns UTC, likewise.
    `limit` keeps so many, the newest ones with `newest_first`.
    """

    kind: str | None = None
    subject: str | None = None
    strategy_id: str | None = None
    trial_key: str | None = None
    data_id: str | None = None
    symbol: str | None = None
    since: _Count | None = None
    until: _Count | None = None
    written_since: int | None = None
    written_until: int | None = None
    limit: _Count | None = None
    newest_first: bool = False

    def sql(self) -> tuple[str, list[Any]]:
        """What follows FROM entry, and the values of its question marks."""
        conditions, values = [], []
        for column in ("kind", "subject", "strategy_id", "trial_key", "data_id"):
            if (wanted := getattr(self, column)) is not None:
                conditions.append(f"{column} = ?")
                values.append(wanted)
        if self.symbol is not None:
            conditions.append("sequence IN (SELECT sequence FROM series WHERE name = ?)")
            values.append(self.symbol.strip().casefold())
        bounds = (("sequence", self.since, self.until), ("written_at", self.written_since, self.written_until))
        for column, low, high in bounds:
            for sign, bound in ((">=", low), ("<=", high)):
                if bound is not None:
                    conditions.append(f"{column} {sign} ?")
                    values.append(bound)
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        limit = f" LIMIT {self.limit}" if self.limit is not None else ""
        return f"{where} ORDER BY sequence{' DESC' if self.newest_first else ''}{limit}", values
