"""The labelled texts that the embedded sentiment model is trained and judged on, and how they are split."""

from __future__ import annotations

import csv
import gzip
import hashlib
import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix, vstack
from scipy.sparse.csgraph import connected_components

from augury.sentiment.model import LABELS

FILES = {
    "twitter": ("twitter_financial_news_train.csv.gz", "text"),
    "sentfin": ("sentfin_headlines_train.csv.gz", "headline"),
}
HELD_OUT_SHARE = 10  # one group of near-duplicates in ten is never trained on
SIMILAR = 0.8  # cosine of two texts' word sets above which one must not train what the other judges
COMMON = 0.02  # words in more texts than this share cannot make two texts near-duplicates by themselves


@dataclass(frozen=True, slots=True)
class Labelled:
    """One labelled row as its source gives it; `label` is a column of LABELS."""

    source: str
    text: str
    label: int


def read_rows(folder: Path) -> list[Labelled]:
    """Every row of both files, empty texts left out. SEntFiN repeats a headline for each entity it names."""
    rows = []
    for source, (name, column) in FILES.items():
        with gzip.open(folder / "text" / name, "rt", encoding="utf-8", newline="") as file:
            rows.extend(
                Labelled(source, record[column], LABELS.index(record["label"]))
                for record in csv.DictReader(file)
                if record[column].strip()
            )
    return rows


def agreed(rows: list[Labelled]) -> list[Labelled]:
    """One row a text, texts whose rows disagree left out: a model that sees only the text cannot know the entity."""
    labels: dict[str, set[int]] = defaultdict(set)
    for row in rows:
        labels[row.text].add(row.label)
    first = {row.text: row for row in rows}
    return [row for text, row in first.items() if len(labels[text]) == 1]


def held_out(texts: list[str]) -> set[str]:
    """The texts kept from training, chosen by a hash of their words; near-duplicates stay on one side together."""
    keys = [_words_only(text) for text in texts]
    distinct = sorted(set(keys))
    groups = _groups(distinct)
    hashes = np.array([int(hashlib.sha256(key.encode()).hexdigest()[:8], 16) for key in distinct])
    first = np.full(groups.max() + 1, np.iinfo(np.int64).max)
    np.minimum.at(first, groups, hashes)
    kept = {key for key, group in zip(distinct, groups, strict=True) if first[group] % HELD_OUT_SHARE == 9}
    return {text for text, key in zip(texts, keys, strict=True) if key in kept}


def text_hash(text: str) -> str:
    """12 hex digits that name a text without repeating it."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _words_only(text: str) -> str:
    plain = re.sub(r"https?\S+|[$@#]\w+|[\d.,%]+", " ", text.lower())
    return re.sub(r"[^a-z]+", " ", plain).strip()


def _groups(keys: list[str]) -> np.ndarray:
    """The connected component of every key, two keys being joined when their word sets are similar."""
    number: dict[str, int] = {}
    members = [sorted({number.setdefault(word, len(number)) for word in key.split()}) for key in keys]
    lengths = np.array([len(words) for words in members])
    starts = np.concatenate(([0], lengths.cumsum()))
    places = np.concatenate([np.array(words, dtype=np.int64) for words in members])
    sets = csr_matrix((np.ones(len(places), dtype=np.float32), places, starts), shape=(len(keys), len(number)))
    rare = sets.multiply(np.asarray(sets.sum(axis=0)).ravel() <= COMMON * len(keys)).tocsr()
    pairs = vstack([_similar(sets, rare, start) for start in range(0, len(keys), 1000)])
    return connected_components(pairs, directed=False)[1]


def _similar(sets: csr_matrix, rare: csr_matrix, start: int) -> csr_matrix:
    """Which keys each of a thousand keys is near to; only pairs that share a rare word are compared."""
    shares = (rare[start : start + 1000] @ rare.T).tocoo()
    left, right = shares.row + start, shares.col
    common = np.asarray(sets[left].multiply(sets[right]).sum(axis=1)).ravel()
    sizes = np.asarray(sets.sum(axis=1)).ravel()
    near = common >= SIMILAR * np.sqrt(sizes[left] * sizes[right])
    rows = min(1000, sets.shape[0] - start)
    return csr_matrix((near[near], (shares.row[near], right[near])), shape=(rows, sets.shape[0]))
