"""What a run is asked for and what it answers."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["GenerateRequest", "RunReport"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerateRequest:
    """Judge a universe, or a part of it.

    `only` names some of its symbols (the news of all of them are compared all the same), empty all. `at_ns`: only bars
    and news known by then are used; None is now. `last` bars back are judged, the newest included. `model` is a
    reference as `price_model.version_of` takes it, in the place of the universe's own; "" for none. `part` is a word
    for the symbols of `only`. A dry run judges and stores nothing.
    """

    universe: str
    only: tuple[str, ...] = ()
    at_ns: int | None = None
    last: int = 1
    model: str | None = None
    part: str = ""
    job_id: str = ""
    dry_run: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """What a run did: `signals` judged, `stored` of them new (`revisions` of these on mended data), and the refused."""

    run_id: uuid.UUID
    universe: str
    timeframe: str
    at_ns: int
    watermark_ns: int | None
    symbols: int
    signals: int
    stored: int
    revisions: int
    spec_id: str
    model_id: str
    refused: Mapping[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-ready values."""
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {**values, "run_id": str(self.run_id), "refused": dict(self.refused)}
