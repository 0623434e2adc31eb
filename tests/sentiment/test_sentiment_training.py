"""The training script: what it holds out, what it drops, and that its ONNX file says what the head says."""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from augury.sentiment.embedded import EmbeddedModel
from augury.sentiment.text_features import FAMILIES, TextFeatures, vocabulary_places

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def texts_module(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    return importlib.import_module("sentiment_texts")


@pytest.fixture
def training(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    pytest.importorskip("sklearn", reason="needs the extra train")
    pytest.importorskip("onnx", reason="needs the extra train")
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    return importlib.import_module("train_sentiment")


def many_texts(rng: np.random.Generator) -> list[str]:
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    words = ["".join(rng.choice(letters, size=6)) for _ in range(2000)]
    return [" ".join(rng.choice(words, size=9)) for _ in range(600)]


def test_planted_near_duplicates_stay_on_one_side(texts_module: ModuleType) -> None:
    originals = many_texts(np.random.default_rng(2))
    edited = [f"$ABC {text} 12.5% extra https://example.org/{place}" for place, text in enumerate(originals)]
    apart = texts_module.held_out(originals + edited)
    assert 30 <= len(apart) // 2 <= 95
    for original, edit in zip(originals, edited, strict=True):
        assert (original in apart) == (edit in apart)


def test_the_split_does_not_depend_on_the_order_of_the_texts(texts_module: ModuleType) -> None:
    texts = many_texts(np.random.default_rng(4))
    assert texts_module.held_out(texts) == texts_module.held_out(texts[::-1])


def test_headlines_whose_entities_disagree_are_dropped_and_others_kept_once(texts_module: ModuleType) -> None:
    row = texts_module.Labelled
    rows = [row("s", "mixed day", 0), row("s", "mixed day", 1), row("s", "good day", 0), row("s", "good day", 0)]
    assert texts_module.agreed(rows) == [row("s", "good day", 0)]


def test_the_onnx_file_says_what_the_head_says_and_the_same_data_give_the_same_bytes(training: ModuleType) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    texts = [
        "profit rises",
        "profit soars",
        "sales rise",
        "loss widens",
        "shares fall",
        "sales fall",
        "board meets",
    ] * 3
    labels = np.array([0, 0, 0, 1, 1, 1, 2] * 3)
    features = TextFeatures()
    keys = [features.keys(text) for text in texts]
    head = training.fit(keys, labels)
    weights = training.graph(head, 1.5)
    assert weights == training.graph(training.fit(keys, labels), 1.5)
    expected = training.rounded(head).logits(keys) / 1.5
    assert (expected.argmax(axis=1) == labels).all()
    session = onnxruntime.InferenceSession(weights, providers=["CPUExecutionProvider"])
    for row, logits in zip(keys, expected, strict=True):
        feed = {family: vocabulary_places(getattr(row, family), head.vocabulary)[None, :] for family in FAMILIES}
        np.testing.assert_allclose(session.run(None, feed)[0][0], logits, atol=1e-4)


def test_the_temperature_recovers_a_known_overconfidence(training: ModuleType) -> None:
    rng = np.random.default_rng(6)
    logits = rng.normal(size=(20_000, 3))
    odds = np.exp(logits)
    labels = (rng.random((20_000, 1)) > np.cumsum(odds / odds.sum(axis=1, keepdims=True), axis=1)).sum(axis=1)
    assert training.temperature_of(3 * logits, labels) == pytest.approx(3, rel=0.05)


@pytest.mark.skipif("AUGURY_DATA" not in os.environ, reason="needs the labelled texts in the folder AUGURY_DATA")
def test_the_shipped_model_keeps_the_accuracy_its_manifest_states(texts_module: ModuleType) -> None:
    kept = set((ROOT / "benchmarks" / "sentiment_held_out.txt").read_text(encoding="utf-8").split())
    rows = [
        row
        for row in texts_module.read_rows(Path(os.environ["AUGURY_DATA"]))
        if texts_module.text_hash(row.text) in kept
    ]
    model = EmbeddedModel()
    stated = model.manifest["accuracy"]["held out"]
    for source in ("twitter", "sentfin"):
        chosen = [row for row in rows if row.source == source]
        guess = model.score([row.text for row in chosen]).argmax(axis=1)
        assert np.mean(guess == [row.label for row in chosen]) == pytest.approx(stated[source], abs=0.003)
