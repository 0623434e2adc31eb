"""Sentiment models on held-out texts: speed and accuracy, word lists and a TF-IDF peer in the same run.

Accuracy is on the texts that scripts/train_sentiment.py kept from training, near-duplicates of training texts among
them none: rows as given, and for SEntFiN also the rows whose headline has one label for all its entities, since a
model that sees only the text cannot tell the entities apart. The TF-IDF peer is trained here on the same training
texts. Needs AUGURY_DATA.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from augury.errors import MissingExtra, NotFound
from augury.sentiment import SentimentModel, load_model

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "scripts"))

from sentiment_texts import Labelled, agreed, read_rows, text_hash  # noqa: E402

NAMES = ("embedded", "lexicon", "vader", "loughran-mcdonald", "finbert")
NOTES = {
    "embedded": "these texts unseen in training",
    "lexicon": "own words; written after a look at about 300 rows of the two files, some of them perhaps here",
    "vader": "general words",
    "loughran-mcdonald": "words for research only",
    "finbert": "weights from the user",
}


def macro_f1(truth: np.ndarray, guess: np.ndarray) -> float:
    scores = []
    for label in range(3):
        hit = np.sum((truth == label) & (guess == label))
        scores.append(2 * hit / max(1, np.sum(truth == label) + np.sum(guess == label)))
    return float(np.mean(scores))


class TfIdfPeer:
    """Words and letters in TF-IDF with a logistic head: what scikit-learn gives out of the box."""

    name = "TF-IDF + logistic (scikit-learn)"
    version = "peer"
    training_cutoff = None

    def __init__(self, training: list[Labelled]) -> None:
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline, make_union

        words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
        letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, min_df=2)
        self.pipeline = make_pipeline(make_union(words, letters), LogisticRegression(C=5.0, max_iter=200))
        self.pipeline.fit([row.text for row in training], [row.label for row in training])

    def score(self, texts: Sequence[str]) -> np.ndarray:
        return self.pipeline.predict_proba(texts)


def measured(model: SentimentModel, rows: list[Labelled]) -> dict[str, Any]:
    texts = [row.text for row in rows]
    model.score(texts[:20])
    started = time.perf_counter()
    guess = model.score(texts).argmax(axis=1)
    rate = len(texts) / (time.perf_counter() - started)
    truth = np.array([row.label for row in rows])
    sources = np.array([row.source for row in rows])
    single = {row.text for row in agreed(rows)}
    parts = {
        "twitter": sources == "twitter",
        "sentfin": sources == "sentfin",
        "sentfin one label": (sources == "sentfin") & np.array([text in single for text in texts]),
    }
    figures: dict[str, Any] = {"texts_per_s": round(rate)}
    for name, part in parts.items():
        figures[name] = round(float(np.mean(guess[part] == truth[part])), 4)
        figures[f"{name} F1"] = round(macro_f1(truth[part], guess[part]), 4)
        figures[f"{name} rows"] = int(part.sum())
    return figures


def run() -> list[dict[str, Any]]:
    """One row a model; a row with the reason where the data or a model is not here."""
    if not os.environ.get("AUGURY_DATA"):
        return [{"name": "sentiment models", "note": "skipped: AUGURY_DATA names no folder"}]
    everything = read_rows(Path(os.environ["AUGURY_DATA"]))
    kept = set((HERE / "sentiment_held_out.txt").read_text(encoding="utf-8").split())
    rows = [row for row in everything if text_hash(row.text) in kept]
    table = []
    for name in NAMES:
        try:
            model = load_model(name)
        except (MissingExtra, NotFound) as missing:
            table.append({"name": name, "note": f"skipped: {str(missing)[:60]}..."})
            continue
        table.append({"name": name, **measured(model, rows), "note": NOTES[name]})
    if importlib.util.find_spec("sklearn"):
        peer = TfIdfPeer([row for row in agreed(everything) if text_hash(row.text) not in kept])
        table.append({"name": peer.name, **measured(peer, rows), "note": "trained here on the same texts"})
    return table


if __name__ == "__main__":
    for row in run():
        print(row)
