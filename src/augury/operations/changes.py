"""What is not as it was when a run was recorded, and what that explains."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

__all__ = ["Change", "Part", "cause_of"]

Part: TypeAlias = Literal["data", "code", "settings", "versions"]

_CAUSES: Mapping[Part, str] = {
    "data": "other data",
    "code": "other code of the strategy",
    "settings": "other settings of the engine",
    "versions": "other versions of what computes",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that is not as it was recorded. `harmless`: it cannot have changed the result."""

    part: Part
    text: str
    remedy: str = ""
    harmless: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-ready values."""
        return {"part": self.part, "text": self.text, "remedy": self.remedy, "harmless": self.harmless}


def cause_of(changes: Iterable[Change]) -> str:
    """Why a result that differs does so, as far as these changes tell: the first that matters, data before code."""
    parts = {change.part for change in changes if not change.harmless}
    return next(
        (cause for part, cause in _CAUSES.items() if part in parts),
        "nothing that was recorded has changed, so the strategy takes something else into account: chance without a "
        "seed, the clock, or another file",
    )
