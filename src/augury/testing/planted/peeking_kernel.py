"""A compiled strategy with an index that is one too far, and the one that was meant."""

from __future__ import annotations

from typing import Any

from augury.numerics.compile import kernel

__all__ = ["rising_by_next_close", "rising_by_this_close"]


@kernel("void(float64[::1], float64[::1])")
def rising_by_next_close(closes: Any, out: Any) -> None:
    """Long while an average lags the close; the average already holds the next bar."""
    mean = closes[0]
    for t in range(out.shape[0]):
        mean += 0.2 * (closes[min(t + 1, out.shape[0] - 1)] - mean)
        out[t] = 1.0 if closes[t] > mean else 0.0


@kernel("void(float64[::1], float64[::1])")
def rising_by_this_close(closes: Any, out: Any) -> None:
    """Long while an average lags the close; the average holds this bar."""
    mean = closes[0]
    for t in range(out.shape[0]):
        mean += 0.2 * (closes[t] - mean)
        out[t] = 1.0 if closes[t] > mean else 0.0
