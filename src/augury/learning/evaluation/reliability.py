"""Reliability: how often what was said with a probability came true, bin by bin."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from augury.arrays import FloatVector, IntVector
from augury.errors import InvalidInput
from augury.learning.evaluation.bins import equal_mass_bins

__all__ = ["ReliabilityCurve", "reliability_curve", "wilson_interval"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReliabilityCurve:
    """Equal-mass bins from the lowest probability on: mean `probability`, `frequency` and its interval, `rows`.

    The interval is Wilson's at `confidence` for independent rows: with overlapping labels it is too narrow.
    """

    probability: FloatVector = field(repr=False)
    frequency: FloatVector = field(repr=False)
    lower: FloatVector = field(repr=False)
    upper: FloatVector = field(repr=False)
    rows: IntVector = field(repr=False)
    confidence: float

    @property
    def calibration_error(self) -> float:
        """The expected calibration error over these bins."""
        return float(np.abs(self.probability - self.frequency) @ self.rows / self.rows.sum())

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-ready values."""
        names = ("probability", "frequency", "lower", "upper", "rows")
        return {name: getattr(self, name).tolist() for name in names} | {"confidence": self.confidence}


def reliability_curve(
    probability: FloatVector, came_true: npt.ArrayLike, *, bins: int = 10, confidence: float = 0.95
) -> ReliabilityCurve:
    """The curve of probabilities float64[m] of an event and whether it came true, bool[m]; InvalidInput when empty.

    >>> curve = reliability_curve(np.array([0.2, 0.2, 0.8, 0.8]), [0, 1, 1, 1], bins=2)
    >>> curve.frequency.tolist()
    [0.5, 1.0]
    """
    p, hit = np.asarray(probability, dtype=np.float64), np.asarray(came_true, dtype=np.float64)
    if p.ndim != 1 or p.shape != hit.shape or not p.size or not np.isfinite(p).all():
        raise InvalidInput(f"expected finite probabilities and as many events, got {list(p.shape)}, {list(hit.shape)}")
    which = equal_mass_bins(p, bins)
    rows = np.bincount(which)
    hits: FloatVector = np.bincount(which, hit).astype(np.float64)
    lower, upper = wilson_interval(hits, rows.astype(np.float64), confidence)
    return ReliabilityCurve(
        probability=np.bincount(which, p) / rows,
        frequency=hits / rows,
        lower=lower,
        upper=upper,
        rows=rows.astype(np.int64),
        confidence=confidence,
    )


def wilson_interval(hits: FloatVector, rows: FloatVector, confidence: float) -> tuple[FloatVector, FloatVector]:
    """Wilson's (1927) score interval of a share, `hits` of `rows` independent ones."""
    z = float(ndtri(0.5 + confidence / 2.0))
    share = hits / rows
    middle = (share + z * z / (2.0 * rows)) / (1.0 + z * z / rows)
    half = z * np.sqrt(share * (1.0 - share) / rows + z * z / (4.0 * rows**2)) / (1.0 + z * z / rows)
    return np.asarray(middle - half), np.asarray(middle + half)
