"""A text as sets of 32-bit keys: its words and word pairs, its letters, and what the lexicon finds in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from augury.sentiment.lexicon import LexiconModel
from augury.sentiment.ngram_keys import character_keys, places, token_keys
from augury.sentiment.tokens import number_class, tokenize

__all__ = ["FAMILIES", "FEATURES_VERSION", "TextFeatures", "TextKeys"]

FAMILIES = ("words", "letters", "senses")
LONGEST_WORDS = 3
SHORTEST_LETTERS, LONGEST_LETTERS = 2, 5
LONGEST_SENSES = 2
FEATURES_VERSION = f"1 words 1-{LONGEST_WORDS}+gap letters {SHORTEST_LETTERS}-{LONGEST_LETTERS} senses {LONGEST_SENSES}"

Keys = NDArray[np.uint32]
Places = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class TextKeys:
    """The keys of one text, a family each, repeats included."""

    words: Keys
    letters: Keys
    senses: Keys


class TextFeatures:
    """Turns texts into keys, the same on every platform: plain string rules and integer arithmetic only."""

    def __init__(self) -> None:
        self.lexicon = LexiconModel()

    def keys(self, text: str) -> TextKeys:
        """The keys of the first 2,000 characters; a text without any token has none."""
        tokens = tokenize(text)
        line = _bytes([number_class(token) for token in tokens])
        senses = _bytes(self._senses(tokens))
        letters = np.empty(LONGEST_LETTERS * line.size, dtype=np.uint32)
        count = character_keys(line, SHORTEST_LETTERS, LONGEST_LETTERS, 2, letters)
        return TextKeys(
            _token_keys(line, LONGEST_WORDS, 1, 1), letters[:count], _token_keys(senses, LONGEST_SENSES, 0, 3)
        )

    def _senses(self, tokens: list[str]) -> list[str]:
        """The lexicon's hits as words of their own ("up+ burden0 negative-"), their total and which signs occur."""
        hits = self.lexicon.hits(tokens)
        total = self.lexicon.compound(hits)
        senses = [hit.kind + _sign(hit.weight) for hit in hits if hit.kind != "flat"]
        signs = {_sign(hit.weight) for hit in hits}
        return [
            *senses,
            f"total{round(5 * total)}",
            ("+" in signs and "any+") or "no+",
            ("-" in signs and "any-") or "no-",
        ]


def _token_keys(line: NDArray[np.uint8], longest: int, skips: int, seed: int) -> Keys:
    out = np.empty((longest + 1) * (line.size + 3), dtype=np.uint32)
    return out[: token_keys(line, longest, skips, seed, out)]


def _bytes(tokens: list[str]) -> NDArray[np.uint8]:
    line = " " + "".join(f"{token} " for token in tokens)
    return np.frombuffer(bytearray(line.encode("utf-8", "replace")), dtype=np.uint8)


def _sign(weight: float) -> str:
    return "+" if weight > 0 else "-" if weight < 0 else "0"


def vocabulary_places(keys: Keys, vocabulary: Keys) -> Places:
    """Places of the keys in the ascending vocabulary, each once and ascending; unknown keys are left out."""
    out = np.empty(keys.size, dtype=np.int32)
    return out[: places(keys, vocabulary, out)]
