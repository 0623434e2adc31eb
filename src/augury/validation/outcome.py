"""What every result of this room says besides its numbers: how it was made, and why not where it could not be."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

__all__ = ["Outcome", "plain"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Base of results: `method` in words, the `seed` where chance was used, `reason` where nothing could be computed.

    When `reason` is set the statistics are NaN; they are never replaced by neutral numbers.
    """

    method: str
    seed: int | None = None
    reason: str | None = None

    @property
    def computed(self) -> bool:
        """Whether the statistics are there."""
        return self.reason is None

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-ready values, every field present; NaN and infinities become None."""
        return {field.name: plain(getattr(self, field.name)) for field in fields(self)}


def plain(value: Any) -> Any:
    """A field as JSON holds it: records as their `to_dict`, arrays as lists, undefined numbers as None."""
    if hasattr(value, "to_dict"):
        return value.to_dict()
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
