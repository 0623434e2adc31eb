"""The embedded model: its keys, its ONNX graph and its manifest against slow readable versions."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augury.errors import Misconfigured
from augury.sentiment import embedded as module
from augury.sentiment.embedded import EmbeddedModel
from augury.sentiment.lexicon import LexiconModel
from augury.sentiment.ngram_keys import character_keys, token_keys
from augury.sentiment.text_features import FAMILIES, TextFeatures, vocabulary_places

MASK = (1 << 64) - 1
PRIME, BASIS = 1099511628211, 14695981039346656037
PINNED = [37293875130, 175888812779, 23339770807]  # sums of the keys of one headline, as first released
DATA = files("augury.sentiment").joinpath("data")


def mixed(value: int) -> int:
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & MASK
    return value ^ (value >> 31)


def fnv(data: bytes, start: int = BASIS) -> int:
    for byte in data:
        start = ((start ^ byte) * PRIME) & MASK
    return start


def slow_token_keys(tokens: list[str], longest: int, skips: int, seed: int) -> set[int]:
    edge = mixed(0x5EED + seed)
    hashes = [edge, *(mixed((fnv(token.encode()) + seed) & MASK) for token in tokens), edge]
    keys = set(hashes[1:-1])
    for length in range(2, longest + 1):
        for start in range(len(hashes) - length + 1):
            running = hashes[start]
            for following in hashes[start + 1 : start + length]:
                running = mixed((running * PRIME + following) & MASK)
            keys.add(running)
    if skips:
        for left, right in zip(hashes, hashes[2:], strict=False):
            keys.add(mixed((((left * PRIME + 0x6A9) & MASK) * PRIME + right) & MASK))
    return {key >> 32 for key in keys}


def slow_character_keys(tokens: list[str], shortest: int, longest: int, seed: int) -> set[int]:
    keys = set()
    for token in tokens:
        data = f" {token} ".encode()
        for start in range(len(data)):
            for length in range(shortest, min(longest, len(data) - start) + 1):
                run = fnv(data[start : start + length], (BASIS + seed) & MASK)
                keys.add(mixed((run + length) & MASK) >> 32)
    return keys


def line_of(tokens: list[str]) -> Any:
    return np.frombuffer(bytearray((" " + "".join(f"{token} " for token in tokens)).encode()), dtype=np.uint8)


words = st.lists(
    st.text(st.characters(exclude_characters=" ", exclude_categories=("Cs",)), min_size=1, max_size=9), max_size=12
)


@settings(max_examples=80, deadline=None)
@given(words)
def test_the_kernels_agree_with_plain_python(tokens: list[str]) -> None:
    line = line_of(tokens)
    out = np.empty(10 * (line.size + 3), dtype=np.uint32)
    found = out[: token_keys(line, 3, 1, 1, out)]
    assert len(found) <= 4 * (line.size + 3)
    assert set(found.tolist()) == slow_token_keys(tokens, 3, 1, 1)
    found = out[: character_keys(line, 2, 5, 2, out)]
    assert len(found) <= 5 * line.size
    assert set(found.tolist()) == slow_character_keys(tokens, 2, 5, 2)


def test_keys_are_the_same_on_every_platform() -> None:
    keys = TextFeatures().keys("$ESS: Profit rises 5%")
    assert [int(family.astype(np.uint64).sum()) for family in (keys.words, keys.letters, keys.senses)] == PINNED


@given(st.lists(st.integers(0, 40), max_size=60), st.sets(st.integers(0, 40), max_size=30))
def test_places_are_those_of_the_known_keys_once_and_ascending(asked: list[int], known: set[int]) -> None:
    vocabulary = np.array(sorted(known), dtype=np.uint32)
    found = vocabulary_places(np.array(asked, dtype=np.uint32), vocabulary)
    assert [int(vocabulary[place]) for place in found] == sorted(set(asked) & known)


def test_the_graph_agrees_with_the_formula_written_out() -> None:
    onnx = pytest.importorskip("onnx", reason="reading the weights apart from the runtime needs onnx (extra train)")
    graph = onnx.load_from_string(DATA.joinpath("embedded.onnx").read_bytes()).graph
    constant = {entry.name: onnx.numpy_helper.to_array(entry) for entry in graph.initializer}
    table = constant["table"].astype(np.float64)
    vocabulary = np.frombuffer(DATA.joinpath("embedded_vocabulary.bin").read_bytes(), dtype="<u4").tolist()
    place = {key: index for index, key in enumerate(vocabulary)}
    assert vocabulary == sorted(place)
    texts = ["Profit rises 5%", "Shares plunge after guidance cut", "Board meets", "zzz", "第三季度"]
    expected = []
    for text in texts:
        keys = TextFeatures().keys(text)
        logits = np.zeros(3)
        for family in FAMILIES:
            rows = [table[place[key]] for key in set(getattr(keys, family).tolist()) if key in place]
            sums = np.sum(rows, axis=0) if rows else np.zeros(4)
            logits += sums[:3] / np.sqrt(max(1.0, sums[3] * constant["squares"]))
        logits = logits * constant["scale"] + constant["bias"]
        expected.append(np.exp(logits) / np.exp(logits).sum())
    np.testing.assert_allclose(EmbeddedModel().score(texts), expected, atol=1e-5)


def test_files_that_do_not_belong_together_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FEATURES_VERSION", "another")
    with pytest.raises(Misconfigured, match="do not belong together"):
        EmbeddedModel()


def test_the_manifest_tells_origin_cut_off_and_held_out_accuracy() -> None:
    model = EmbeddedModel()
    manifest = json.loads(DATA.joinpath("embedded.json").read_text())
    assert model.manifest == manifest
    assert model.training_cutoff == manifest["training_cutoff"] == "2020-12-31"
    assert manifest["lexicon"] == LexiconModel().version
    assert manifest["accuracy"]["held out"]["twitter"] > 0.8


def test_the_shipped_files_stay_small() -> None:
    sizes = [len(DATA.joinpath(name).read_bytes()) for name in ("embedded.onnx", "embedded_vocabulary.bin")]
    assert sum(sizes) <= 2_500_000
