"""Refused bars as dead letters: a row, a window that a source could not give, a series, a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from augury.market.times import iso
from augury_server.ingest.dead_letters import Letter, plain_number
from augury_server.ingest.gates import Verdict
from augury_server.ingest.raw_series import RawSeries, RefusedRow
from augury_server.ingest.windows import LoadWindow

__all__ = ["BarLetters"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BarLetters:
    """Letters about bars of one timeframe; `origin` says how their part of the source is read again, if it can be."""

    timeframe: str
    origin: Mapping[str, Any]

    def rows(self, symbol: str, refused: Sequence[RefusedRow]) -> tuple[Letter, ...]:
        """One letter a row; the same row in another place of the file is the same record."""
        return tuple(
            self._letter(
                symbol,
                row.rule,
                row.reason,
                {
                    "form": "row",
                    "opened_at": None if row.opened_at_ns is None else iso(row.opened_at_ns),
                    "values": [plain_number(value) for value in row.values],
                    "row": row.position,
                },
                identity=(row.opened_at_ns, [str(value) for value in row.values]),
            )
            for row in refused
        )

    def windows(self, raw: RawSeries) -> tuple[Letter, ...]:
        """One letter a window whose bars the source itself refused."""
        return tuple(
            self._letter(
                raw.symbol,
                "source_refused",
                window.reason,
                self._again("window", start=iso(window.start_ns), end=iso(window.end_ns)),
            )
            for window in raw.unread
        )

    def series(self, symbol: str, window: LoadWindow, verdict: Verdict) -> Letter:
        """The letter of a series that is not good enough; it stays one record while the window moves on."""
        payload = self._again("series", start=iso(window.start_ns), end=iso(window.end_ns), score=verdict.score)
        return self._letter(symbol, "quality", verdict.reason, payload, identity=["series"], recurring=True)

    def part(self, subject: str, problem: Exception, *, symbol: str | None) -> Letter:
        """The letter of a file, or of one `symbol` in it, that is no table of bars."""
        payload = self._again("part", symbol=symbol)
        return self._letter(subject, "unreadable", str(problem), payload, identity=["part"], recurring=True)

    def _again(self, form: str, **facts: Any) -> dict[str, Any]:
        return {"form": form, "origin": dict(self.origin), **facts}

    def _letter(self, subject: str, rule: str, reason: str, payload: dict[str, Any], **more: Any) -> Letter:
        return Letter(
            kind="bars", subject=subject[-200:], timeframe=self.timeframe, rule=rule, reason=reason, payload=payload,
            **more,
        )  # fmt: skip
