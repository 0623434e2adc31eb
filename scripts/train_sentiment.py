"""Train the embedded sentiment model and write its ONNX file, vocabulary and manifest.

    AUGURY_DATA=... python scripts/train_sentiment.py [--out FOLDER] [--cross]

Trained on Twitter Financial News and SEntFiN (both MIT). One row a text, texts whose entity rows disagree left out; one
group of near-duplicates in ten is held out, and the shipped weights never saw it. Deterministic: the same data and
library versions give the same bytes.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_matrix, hstack
from scipy.special import log_softmax
from sklearn.linear_model import LogisticRegression

from augury.sentiment.model import LABELS
from augury.sentiment.text_features import FAMILIES, FEATURES_VERSION, TextFeatures, TextKeys
from sentiment_texts import Labelled, agreed, held_out, read_rows, text_hash

ROOT = Path(__file__).resolve().parent.parent
PACKAGE_DATA = ROOT / "src" / "augury" / "sentiment" / "data"
HELD_OUT_LIST = ROOT / "benchmarks" / "sentiment_held_out.txt"

SCALES = {"words": 0.8, "letters": 0.6, "senses": 0.3}
INVERSE_PENALTY = 8.0
MIN_TEXTS = 2  # a key seen in fewer texts is left out
TRAINING_CUTOFF = "2020-12-31"  # the tweets end in spring 2020, the headlines before


@dataclass(frozen=True)
class Head:
    """What training finds: the vocabulary, one row of [positive, negative, neutral, idf squared] a key, bias."""

    vocabulary: np.ndarray  # uint32[v], ascending
    weights: np.ndarray  # float64[v, 3]: what a key adds to the logits, before its family's norm
    squares: np.ndarray  # float64[v]: idf squared
    bias: np.ndarray  # float64[3]

    def logits(self, keys: list[TextKeys]) -> np.ndarray:
        total = np.tile(self.bias, (len(keys), 1))
        for family in FAMILIES:
            taken = incidence([getattr(row, family) for row in keys], self.vocabulary)
            total += (taken @ self.weights) / np.sqrt(np.maximum(taken @ self.squares, 1.0))[:, None]
        return total


def incidence(keys: list[np.ndarray], vocabulary: np.ndarray) -> csr_matrix:
    """1 where a text has a key of the vocabulary."""
    columns = []
    for row in keys:
        places = np.searchsorted(vocabulary, np.unique(row))
        places = places[places < len(vocabulary)]
        columns.append(places[np.isin(vocabulary[places], row)])
    starts = np.concatenate(([0], np.cumsum([len(places) for places in columns])))
    return csr_matrix(
        (np.ones(starts[-1]), np.concatenate(columns), starts), shape=(len(keys), len(vocabulary)), dtype=np.float64
    )


def log_count_scale(blocks: csr_matrix, labels: np.ndarray) -> np.ndarray:
    """How telling each key is by counting alone: the root of its largest log-count ratio (Wang and Manning, 2012)."""
    present = (blocks != 0).astype(np.float64)
    ratios = []
    for label in range(len(LABELS)):
        inside = labels == label
        counts = [np.asarray(present[part].sum(axis=0)).ravel() + 1.0 for part in (inside, ~inside)]
        ratios.append(np.abs(np.log(counts[0] / inside.sum()) - np.log(counts[1] / (~inside).sum())))
    scale = np.sqrt(np.max(ratios, axis=0) + 0.1)
    return scale / scale.mean()


def fit(keys: list[TextKeys], labels: np.ndarray) -> Head:
    """Multinomial logistic regression on three tf-idf blocks of unit length, telling keys made larger."""
    blocks, parts, squares = [], [], []
    for family in FAMILIES:
        rows = [np.unique(getattr(row, family)) for row in keys]
        vocabulary, counts = np.unique(np.concatenate(rows), return_counts=True)
        vocabulary, counts = vocabulary[counts >= MIN_TEXTS], counts[counts >= MIN_TEXTS]
        idf = np.log((1 + len(rows)) / (1 + counts)) + 1
        taken = incidence(rows, vocabulary)
        norms = np.sqrt(np.maximum(taken @ idf**2, 1.0))
        blocks.append(taken.multiply(SCALES[family] / norms[:, None]).multiply(idf[None, :]).tocsr())
        parts.append(vocabulary)
        squares.append(idf)
    stacked = hstack(blocks).tocsr()
    telling = log_count_scale(stacked, labels)
    model = LogisticRegression(C=INVERSE_PENALTY, max_iter=300).fit(stacked.multiply(telling[None, :]).tocsr(), labels)
    idf = np.concatenate(squares)
    scale = np.concatenate([np.full(len(part), SCALES[family]) for family, part in zip(FAMILIES, parts, strict=True)])
    weights = model.coef_.T * (idf * scale * telling)[:, None]
    vocabulary, first = np.unique(np.concatenate(parts), return_index=True)  # a key of two families: the first keeps it
    centred = weights - weights.mean(axis=1, keepdims=True)
    return Head(
        vocabulary.astype(np.uint32), centred[first], (idf**2)[first], model.intercept_ - model.intercept_.mean()
    )


def quantised(head: Head) -> tuple[np.ndarray, float, float]:
    """int8[v + 1, 4] and the two scales; the last row is padding. The largest one in ten thousand weights is cut."""
    weight_scale = np.quantile(np.abs(head.weights), 0.9999) / 127
    square_scale = head.squares.max() / 127
    table = np.zeros((len(head.vocabulary) + 1, 4), dtype=np.int8)
    table[:-1, :3] = np.clip(np.rint(head.weights / weight_scale), -127, 127)
    table[:-1, 3] = np.clip(np.rint(head.squares / square_scale), 1, 127)
    return table, float(weight_scale), float(square_scale)


def rounded(head: Head) -> Head:
    """The head as its int8 table gives it."""
    table, weight_scale, square_scale = quantised(head)
    return Head(head.vocabulary, table[:-1, :3] * weight_scale, table[:-1, 3] * square_scale, head.bias)


def temperature_of(logits: np.ndarray, labels: np.ndarray) -> float:
    """The temperature that maximises the likelihood of held-back labels (Guo et al., 2017)."""

    def loss(log_temperature: float) -> float:
        return -log_softmax(logits / np.exp(log_temperature), axis=1)[np.arange(len(labels)), labels].mean()

    return float(np.exp(minimize_scalar(loss, bounds=(-2.0, 2.0), method="bounded").x))


def graph(head: Head, temperature: float) -> bytes:
    """The ONNX file: gather, add up, divide by the family's norm, add the bias, divide by the temperature."""
    table, weight_scale, square_scale = quantised(head)
    constants = {
        "table": table,
        "middle": np.array([1]),
        "split": np.array([3, 1]),
        "one": np.array(1.0, dtype=np.float32),
        "squares": np.array(square_scale, dtype=np.float32),
        "scale": np.array(weight_scale / temperature, dtype=np.float32),
        "bias": (head.bias / temperature).astype(np.float32),
    }
    nodes = []
    for family in FAMILIES:
        names = {
            step: f"{family}_{step}" for step in ("rows", "float", "sums", "adds", "square", "norm2", "norm", "part")
        }
        nodes += [
            helper.make_node("Gather", ["table", family], [names["rows"]]),
            helper.make_node("Cast", [names["rows"]], [names["float"]], to=TensorProto.FLOAT),
            helper.make_node("ReduceSum", [names["float"], "middle"], [names["sums"]], keepdims=0),
            helper.make_node("Split", [names["sums"], "split"], [names["adds"], names["square"]], axis=1),
            helper.make_node("Mul", [names["square"], "squares"], [names["norm2"]]),
            helper.make_node("Max", [names["norm2"], "one"], [names["norm2"] + "_"]),
            helper.make_node("Sqrt", [names["norm2"] + "_"], [names["norm"]]),
            helper.make_node("Div", [names["adds"], names["norm"]], [names["part"]]),
        ]
    nodes += [
        helper.make_node("Sum", [f"{family}_part" for family in FAMILIES], ["total"]),
        helper.make_node("Mul", ["total", "scale"], ["scaled"]),
        helper.make_node("Add", ["scaled", "bias"], ["logits"]),
    ]
    inputs = [helper.make_tensor_value_info(name, TensorProto.INT32, ["texts", f"{name}_places"]) for name in FAMILIES]
    output = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["texts", 3])
    initializers = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    made = helper.make_model(
        helper.make_graph(nodes, "embedded_sentiment", inputs, [output], initializers),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=8,
        producer_name="scripts/train_sentiment.py",
    )
    onnx.checker.check_model(made)
    return made.SerializeToString(deterministic=True)


def accuracy(head: Head, features: TextFeatures, rows: list[Labelled]) -> float:
    """Share of rows whose most probable label is theirs."""
    logits = head.logits([features.keys(row.text) for row in rows])
    return float(np.mean(logits.argmax(axis=1) == [row.label for row in rows]))


def figures(head: Head, features: TextFeatures, rows: list[Labelled]) -> dict[str, float]:
    """Accuracy on rows as given, and on those whose text has one label only, by source."""
    texts_that_agree = {row.text for row in agreed(rows)}
    out = {}
    for source in sorted({row.source for row in rows}):
        given = [row for row in rows if row.source == source]
        out[source] = round(accuracy(head, features, given), 4)
        single = [row for row in given if row.text in texts_that_agree]
        out[f"{source} one label"] = round(accuracy(head, features, single), 4)
    return out


def main() -> None:
    """Train, write, and print what the held-out texts say."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=PACKAGE_DATA)
    parser.add_argument("--cross", action="store_true", help="also train on each source alone and judge on the other")
    options = parser.parse_args()
    features = TextFeatures()
    rows = read_rows(Path(os.environ["AUGURY_DATA"]))
    apart = held_out(sorted({row.text for row in rows}))
    training = [row for row in agreed(rows) if row.text not in apart]
    test = [row for row in rows if row.text in apart]
    keys = [features.keys(row.text) for row in training]
    labels = np.array([row.label for row in training])
    halves = np.array([int(text_hash(row.text), 16) % 4 == 0 for row in training])
    calibrator = fit([key for key, half in zip(keys, halves, strict=True) if not half], labels[~halves])
    temperature = temperature_of(calibrator.logits([k for k, h in zip(keys, halves, strict=True) if h]), labels[halves])
    head = fit(keys, labels)
    report = {"held out": figures(rounded(head), features, test)}
    if options.cross:
        for source in ("twitter", "sentfin"):
            chosen = [index for index, row in enumerate(training) if row.source == source]
            alone = fit([keys[index] for index in chosen], labels[chosen])
            report[f"trained on {source} alone"] = figures(alone, features, [r for r in rows if r.source != source])
    write(options.out, head, temperature, report, features, len(training))
    HELD_OUT_LIST.write_text("\n".join(sorted(text_hash(text) for text in apart)) + "\n", encoding="utf-8")
    print(json.dumps(report, indent=1))


def write(
    folder: Path,
    head: Head,
    temperature: float,
    report: dict[str, dict[str, float]],
    features: TextFeatures,
    texts: int,
) -> None:
    """The three files of the model."""
    weights, vocabulary = graph(head, temperature), head.vocabulary.astype("<u4").tobytes()
    manifest = {
        "trained_on": "Twitter Financial News (MIT) and SEntFiN (MIT), training parts",
        "texts": texts,
        "training_cutoff": TRAINING_CUTOFF,
        "features": FEATURES_VERSION,
        "lexicon": features.lexicon.version,
        "keys": len(head.vocabulary),
        "temperature": round(temperature, 4),
        "accuracy": report,
        "sha256": hashlib.sha256(weights + vocabulary).hexdigest(),
    }
    (folder / "embedded.onnx").write_bytes(weights)
    (folder / "embedded_vocabulary.bin").write_bytes(vocabulary)
    (folder / "embedded.json").write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
