"""The sentiment model protocol: texts in, one row of probabilities per text out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol, runtime_checkable

import numpy as np

from augury.arrays import FloatMatrix, FloatVector
from augury.errors import InvalidInput

__all__ = [
    "LABELS",
    "NEGATIVE",
    "NEUTRAL",
    "POSITIVE",
    "SentimentModel",
    "check_texts",
    "probabilities_from_compound",
    "signed",
]

POSITIVE, NEGATIVE, NEUTRAL = 0, 1, 2
LABELS = ("positive", "negative", "neutral")
"""The columns of every score, in order. A model's own label order is mapped to this one by name."""


@runtime_checkable
class SentimentModel(Protocol):
    """Anything that scores texts.

    `version` is a hash of everything that can change a score (weights, words, settings): two models with the same
    version give the same numbers. `training_cutoff` is the ISO date after which the model can have seen nothing, or
    None when that is unknown; results on news before it are contaminated.
    """

    @property
    def name(self) -> str:
        """What a person calls it."""
        ...

    @property
    def version(self) -> str:
        """Hash of weights and configuration."""
        ...

    @property
    def training_cutoff(self) -> str | None:
        """ISO date, or None if unknown."""
        ...

    def score(self, texts: Sequence[str]) -> FloatMatrix:
        """float64[n, 3] probabilities in the order of LABELS; rows sum to 1; no texts give shape (0, 3).

        A text's row never depends on the other texts of the call. Raises InvalidInput for an empty text or something
        that is not a string.
        """
        ...


def signed(probabilities: FloatMatrix) -> FloatVector:
    """The document score p_positive - p_negative, float64[n] in [-1, 1]; NaN stays NaN.

    >>> signed(np.array([[0.7, 0.1, 0.2]])).round(2).tolist()
    [0.6]
    """
    if probabilities.ndim != 2 or probabilities.shape[1] != len(LABELS):
        raise InvalidInput(f"expected probabilities of shape (n, {len(LABELS)}), got {probabilities.shape}")
    return np.asarray(probabilities[:, POSITIVE] - probabilities[:, NEGATIVE], dtype=np.float64)


def check_texts(texts: Iterable[str]) -> list[str]:
    """The texts as a list, or InvalidInput naming the first item that is not a string or holds nothing but spaces."""
    if isinstance(texts, (str, bytes)):
        raise InvalidInput("expected a sequence of texts, got a single one; wrap it in a list")
    checked = list(texts)
    for position, text in enumerate(checked):
        if not isinstance(text, str):
            raise InvalidInput(
                f"text {position} is a {type(text).__name__}, expected a string; drop or decode it first"
            )
        if not text or text.isspace():
            raise InvalidInput(f"text {position} is empty: it has no sentiment to score; drop it first")
    return checked


def probabilities_from_compound(compound: FloatVector, threshold: float = 0.05) -> FloatMatrix:
    """Three probabilities from a single score in [-1, 1], as word lists give it; float64[n, 3].

    Two demands fix the map: p_positive - p_negative equals the score, and the most probable label is positive
    (negative) exactly where the score is above (below) plus (minus) `threshold`. Hence
    p_neutral = (1 - |c|)(1 + threshold) / (3 (1 - threshold)), and the rest is shared so that the difference is c.
    These are a way to place word counts behind the protocol, not calibrated frequencies.

    >>> probabilities_from_compound(np.array([1.0, 0.0])).round(3).tolist()
    [[1.0, 0.0, 0.0], [0.316, 0.316, 0.368]]
    """
    score = np.clip(np.asarray(compound, dtype=np.float64), -1.0, 1.0)
    neutral = (1.0 - np.abs(score)) * (1.0 + threshold) / (3.0 * (1.0 - threshold))
    return np.column_stack(((1.0 - neutral + score) / 2.0, (1.0 - neutral - score) / 2.0, neutral))
