"""The default sentiment model: n-grams and lexicon senses into a linear head, shipped as a small ONNX file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from augury.arrays import FloatMatrix
from augury.errors import Misconfigured
from augury.sentiment.model import LABELS, check_texts
from augury.sentiment.text_features import FAMILIES, FEATURES_VERSION, Keys, Places, TextFeatures, vocabulary_places

__all__ = ["EmbeddedModel"]

BATCH = 256  # texts a run; bounds the memory a large call needs
STEP = 64  # places are padded to a multiple of this, so that texts of like length share a run


class EmbeddedModel:
    """Augury's own classifier of financial headlines; needs no download, about a megabyte on disk.

    A text's word runs (1 to 3 words, and pairs around a gap), letter runs (2 to 5) and lexicon senses are looked up
    in a vocabulary; each family's int8 weights are added up and divided by the family's tf-idf norm, and a softmax
    makes probabilities (multinomial logistic regression; temperature after Guo et al., 2017). The sums are exact
    integers, so a text's row is the same bits alone, in a batch and in any order. Only the first 2,000 characters are
    read; a text without a known key gets the head's bias, near the training sets' label shares.
    Trained by scripts/train_sentiment.py; `manifest` says on what and how well it did.

    Raises Misconfigured when the shipped files are damaged or do not belong together.
    """

    name = "embedded"

    def __init__(self) -> None:
        folder = files("augury.sentiment").joinpath("data")
        weights = folder.joinpath("embedded.onnx").read_bytes()
        vocabulary = folder.joinpath("embedded_vocabulary.bin").read_bytes()
        self.manifest: dict[str, Any] = json.loads(folder.joinpath("embedded.json").read_text(encoding="utf-8"))
        self._features = TextFeatures()
        self._check(weights, vocabulary)
        self._vocabulary: Keys = np.frombuffer(bytearray(vocabulary), dtype="<u4").astype(np.uint32)
        self._session = _session(weights)
        self.training_cutoff: str | None = self.manifest["training_cutoff"]
        identity = (FEATURES_VERSION + self._features.lexicon.version).encode()
        self.version = hashlib.sha256(weights + vocabulary + identity).hexdigest()[:16]

    def score(self, texts: Sequence[str]) -> FloatMatrix:
        """float64[n, 3] probabilities in the order of LABELS; InvalidInput for an empty text or a non-string."""
        found = [self._places(text) for text in check_texts(texts)]
        widths = np.array([[-(-len(places) // STEP) for places in row] for row in found], dtype=np.int64)
        order = np.lexsort(widths.reshape(-1, len(FAMILIES)).T)
        out = np.empty((len(found), len(LABELS)))
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            out[rows] = self._run([found[row] for row in rows])
        return out

    def _places(self, text: str) -> tuple[Places, ...]:
        keys = self._features.keys(text)
        return tuple(vocabulary_places(getattr(keys, family), self._vocabulary) for family in FAMILIES)

    def _run(self, rows: list[tuple[Places, ...]]) -> FloatMatrix:
        feed = {}
        for column, family in enumerate(FAMILIES):
            width = STEP * max(1, max(-(-len(row[column]) // STEP) for row in rows))
            padded = np.full((len(rows), width), self._vocabulary.size, dtype=np.int32)
            for index, row in enumerate(rows):
                padded[index, : len(row[column])] = row[column]
            feed[family] = padded
        logits: NDArray[np.float32] = self._session.run(["logits"], feed)[0]
        raised = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
        return np.asarray(raised / raised.sum(axis=1, keepdims=True))

    def _check(self, weights: bytes, vocabulary: bytes) -> None:
        expected = self.manifest["sha256"], self.manifest["features"], self.manifest["lexicon"]
        digest = hashlib.sha256(weights + vocabulary).hexdigest()
        if (digest, FEATURES_VERSION, self._features.lexicon.version) != tuple(expected):
            raise Misconfigured(
                "the embedded model's files, its features and the lexicon do not belong together; reinstall augury, or "
                "after a change of features or lexicon run scripts/train_sentiment.py"
            )


def _session(weights: bytes) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(weights, options, providers=["CPUExecutionProvider"])
