"""Word-list models: Augury's own finance lexicon, and adapters for VADER and Loughran-McDonald."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

import numpy as np

from augury.arrays import FloatMatrix
from augury.errors import Misconfigured
from augury.sentiment.model import check_texts, probabilities_from_compound
from augury.sentiment.tokens import MAX_CHARACTERS, number_value, tokenize

__all__ = ["Hit", "LexiconModel", "parse_lexicon"]

REACH_WORDS = 4  # how far from its direction word a burden may stand, and how far a negation reaches
SOFTENING = 1.5  # total / sqrt(total^2 + softening): one full word gives 0.63, three give 0.93

THRESHOLD = 0.3  # of the score: two thirds of a weak word are not news yet
COMPARISON = 0.6  # the weight of "5 against 4 a year ago"
_THAN = frozenset({"from", "vs", "versus", "against", "than", "to", "with"})
_STOPS = frozenset(".;:!?…")
_SIGNS = {"up": 1.0, "positive": 1.0, "down": -1.0, "negative": -1.0, "burden": 1.0, "negation": 1.0, "flat": 0.0}


@dataclass(frozen=True, slots=True)
class Hit:
    """A listed word or phrase: where it starts, what kind it is, and its signed weight."""

    position: int
    kind: str
    weight: float


class LexiconModel:
    """Augury's own finance word list, with directions, burdens and negation; needs nothing but Python.

    A direction word counts with its own sign ("shares rise", "profit falls") and with the opposite sign when a burden
    moves ("loss narrows", "costs rise"); a negation turns the words after it. Signed percentages count a little.
    The sum t becomes the score t / sqrt(t^2 + 1.5), as in Hutto and Gilbert (2014), then probabilities by
    `probabilities_from_compound`. Only the first 2,000 characters are read. Deterministic, knows no date.

    >>> LexiconModel().score(["Shares plunge after guidance cut"]).argmax(axis=1).tolist()
    [1]
    """

    name = "lexicon"
    training_cutoff = None

    def __init__(self) -> None:
        source = files("augury.sentiment").joinpath("data", "lexicon.txt").read_text(encoding="utf-8")
        self._entries = parse_lexicon(source)
        self._starts: dict[str, int] = {}  # first word -> words of the longest phrase that begins with it
        for phrase in self._entries:
            first, length = phrase.split("_", 1)[0], phrase.count("_") + 1
            self._starts[first] = max(length, self._starts.get(first, 0))
        for word in _THAN | _STOPS:
            self._starts.setdefault(word, 0)
        settings = f"{MAX_CHARACTERS} {REACH_WORDS} {SOFTENING} {COMPARISON} {THRESHOLD}"
        self.version = hashlib.sha256(f"lexicon-1\n{settings}\n{source}".encode()).hexdigest()[:16]

    def score(self, texts: Sequence[str]) -> FloatMatrix:
        """float64[n, 3] probabilities in the order of LABELS; InvalidInput for an empty text or a non-string."""
        compounds = [self.compound(self.hits(tokenize(text))) for text in check_texts(texts)]
        return probabilities_from_compound(np.array(compounds, dtype=np.float64), THRESHOLD)

    def compound(self, hits: list[Hit]) -> float:
        """The hits' weights as one score in (-1, 1); 0 when there are none."""
        total = math.fsum(hit.weight for hit in hits)
        return total / math.sqrt(total * total + SOFTENING)

    def hits(self, words: list[str]) -> list[Hit]:
        """What the list finds in these tokens, in order, with directions, burdens and negations already counted."""
        found = []
        position = 0
        while position < len(words):
            if words[position] not in self._starts and words[position][0] not in "+-":
                position += 1
                continue
            length, hit = self._longest(words, position)
            if hit is not None:
                found.append(hit)
            position += length
        return _weigh(found)

    def _longest(self, words: list[str], position: int) -> tuple[int, Hit | None]:
        starts = self._starts.get(words[position], 0)
        for length in range(min(starts, len(words) - position), 0, -1):
            entry = self._entries.get("_".join(words[position : position + length]))
            if entry is not None:
                return length, Hit(position, *entry)
        word = words[position]
        if word in _STOPS:
            return 1, Hit(position, "flat", 0.0)
        if word in _THAN:
            return 1, _compared(words, position)
        if word[0] in "+-" and word[-1] == "%":
            return 1, Hit(position, "up", 0.6) if word[0] == "+" else Hit(position, "down", -0.6)
        return 1, None


def _compared(words: list[str], position: int) -> Hit | None:
    """Up or down when an amount before "from", "against", "vs" differs from the one after; years are no amounts."""
    before = _amount(words[max(0, position - 3) : position][::-1])
    after = _amount(words[position + 1 : position + 4])
    if before is None or after is None or before == after:
        return None
    if words[position] == "to":
        if "from" not in words[max(0, position - 3) : position]:
            return None
        before, after = after, before
    return Hit(position, "up", COMPARISON) if before > after else Hit(position, "down", -COMPARISON)


def _amount(words: list[str]) -> float | None:
    values = (number_value(word) for word in words)
    return next((value for value in values if value is not None and not 1990 <= value <= 2035), None)


def _weigh(hits: list[Hit]) -> list[Hit]:
    """Burdens turn directions, then negations turn what follows them within reach."""
    weights = [hit.weight for hit in hits]
    for index, hit in enumerate(hits):
        if hit.kind in ("up", "down") and (burden := _nearest_burden(hits, index)) is not None:
            weights[index] = -hit.weight
            weights[burden] = 0.0
    for index, hit in enumerate(hits):
        if hit.kind != "negation":
            continue
        weights[index] = 0.0
        for later in range(index + 1, len(hits)):
            if hits[later].position - hit.position > REACH_WORDS or hits[later].kind == "flat":
                break
            weights[later] *= hit.weight
    return [Hit(hit.position, hit.kind, weight) for hit, weight in zip(hits, weights, strict=True)]


def _nearest_burden(hits: list[Hit], index: int) -> int | None:
    """The burden closest to this direction word, within reach and in the same clause."""
    near = []
    for step in (1, -1):
        place = index + step
        while 0 <= place < len(hits) and hits[place].kind != "flat":
            distance = abs(hits[place].position - hits[index].position)
            if hits[place].kind == "burden" and distance <= REACH_WORDS:
                near.append((distance, place))
                break
            place += step
    return min(near)[1] if near else None


def parse_lexicon(source: str) -> dict[str, tuple[str, float]]:
    """The list's text as {phrase: (kind, signed weight)}, words of a phrase joined by "_".

    Raises Misconfigured, with the line, for an unknown kind, a weight that is no number, or a phrase that stands twice.
    """
    entries: dict[str, tuple[str, float]] = {}
    for number, line in enumerate(source.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        kind, weight, *words = line.split()
        if kind not in _SIGNS:
            raise Misconfigured(f"lexicon line {number}: {kind!r} is not one of {sorted(_SIGNS)}; reinstall augury")
        try:
            signed_weight = _SIGNS[kind] * float(weight)
        except ValueError as error:
            raise Misconfigured(f"lexicon line {number}: the weight {weight!r} is not a number") from error
        for phrase in (word.replace("-", "_") for word in words):
            if phrase in entries:
                raise Misconfigured(f"lexicon line {number}: {phrase!r} stands twice; reinstall augury")
            entries[phrase] = (kind, signed_weight)
    return entries
