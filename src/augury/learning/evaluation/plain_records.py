"""Records as plain JSON-ready values, without their arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import pandas as pd

from augury.spec import Spec
from augury.validation.outcome import plain

__all__ = ["plain_record"]


def plain_record(value: Any) -> Any:
    """A record as a dict of the fields that it shows (`repr`), nested; times as ISO text, undefined numbers as None."""
    if isinstance(value, Spec):
        return value.to_dict()
    if isinstance(value, pd.Timestamp):
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: plain_record(getattr(value, one.name)) for one in fields(value) if one.repr}
    if isinstance(value, Mapping):
        return {str(key): plain_record(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain_record(item) for item in value]
    return plain(value)
