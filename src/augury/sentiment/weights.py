"""How much a document counts before any decay: its source, its length, whether its story is new."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, TypeAlias

import msgspec

from augury.errors import InvalidInput
from augury.sentiment.novelty import words_of
from augury.spec import Spec

__all__ = ["WeightSpec", "document_weight", "source_weight"]

Fraction: TypeAlias = Annotated[float, msgspec.Meta(gt=0.0, le=1.0)]

SOURCE_WEIGHTS = (
    ("wire", 1.0),
    ("filing", 1.0),
    ("newspaper", 0.9),
    ("broadcast", 0.9),
    ("analyst", 0.8),
    ("blog", 0.6),
    ("press_release", 0.5),
    ("social", 0.5),
    ("ap", 1.0),
    ("bloomberg", 1.0),
    ("dow_jones", 1.0),
    ("reuters", 1.0),
    ("business_wire", 0.5),
    ("globenewswire", 0.5),
    ("pr_newswire", 0.5),
    ("reddit", 0.5),
    ("stocktwits", 0.5),
    ("twitter", 0.5),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightSpec(Spec):
    """Weights of sources and lengths.

    `sources` pairs a source's name (letter case, spaces and hyphens do not matter) with its weight; any other source,
    the empty one included, has `other_source`. Press releases are discounted here and nowhere else. A text of
    `full_words` or more words has length weight 1; a shorter one its share of them, at least `shortest`.
    """

    summary: ClassVar[str] = "weights of news documents"

    sources: tuple[tuple[str, Fraction], ...] = SOURCE_WEIGHTS
    other_source: Fraction = 0.7
    full_words: Annotated[int, msgspec.Meta(ge=1)] = 8
    shortest: Fraction = 0.5

    def check(self) -> None:
        """Refuse a source that is named twice."""
        names = [_plain(name) for name, _ in self.sources]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise InvalidInput(f"WeightSpec.sources names {', '.join(twice)} more than once; keep one weight for each")


def _plain(source: str) -> str:
    return source.strip().casefold().replace(" ", "_").replace("-", "_")


def source_weight(source: str, spec: WeightSpec) -> float:
    """The weight of a source by name.

    >>> source_weight("Press release", WeightSpec())
    0.5
    """
    wanted = _plain(source)
    for name, weight in spec.sources:
        if _plain(name) == wanted:
            return weight
    return spec.other_source


def document_weight(text: str, source: str, duplicate_factor: float, spec: WeightSpec) -> float:
    """Weight of a document as it becomes known: source x length x duplicate factor, each applied once.

    >>> document_weight("Acme lifts its outlook for the whole year", "wire", 1.0, WeightSpec())
    1.0
    """
    length = min(1.0, max(spec.shortest, len(words_of(text)) / spec.full_words))
    return source_weight(source, spec) * length * duplicate_factor
