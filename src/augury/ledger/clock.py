"""Instants as int64 ns UTC and as ISO 8601 text, without a library of frames."""

from __future__ import annotations

import numpy as np

__all__ = ["utc_text"]


def utc_text(nanoseconds: int) -> str:
    """An instant as ISO 8601 text in UTC, without trailing zeros of the second's fraction.

    >>> utc_text(1_700_000_000_500_000_000)
    '2023-11-14T22:13:20.5Z'
    """
    text = str(np.datetime64(nanoseconds, "ns"))
    return text.rstrip("0").rstrip(".") + "Z"
