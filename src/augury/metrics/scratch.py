"""Memory that is used again: fresh pages for the returns of a long curve cost as much as measuring them."""

from __future__ import annotations

import threading

import numpy as np

from augury.arrays import FloatVector

__all__ = ["scratch"]

_KEPT = 1 << 20  # values at most that are kept for a thread: 8 MB
_of_thread = threading.local()


def scratch(n: int) -> FloatVector:
    """float64[n] of undefined content, valid until this thread asks again: for what does not outlive one call."""
    if n > _KEPT:
        return np.empty(n)
    kept: FloatVector | None = getattr(_of_thread, "values", None)
    if kept is None or kept.size < n:
        kept = np.empty(n)
        _of_thread.values = kept
    return kept[:n]
