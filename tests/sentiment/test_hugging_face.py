"""Hugging Face classifiers run through ONNX Runtime, checked against a graph made here and against PyTorch."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from augury.errors import InvalidInput, Misconfigured, MissingExtra, NotFound
from augury.sentiment.hugging_face import HuggingFaceModel, HuggingFaceSpec
from augury.sentiment.hugging_face_export import export_to_onnx, main
from augury.sentiment.hugging_face_files import find_folder, label_columns, max_tokens
from augury.sentiment.model import NEGATIVE, NEUTRAL, POSITIVE, SentimentModel, signed

onnx = pytest.importorskip("onnx", reason="the test's tiny ONNX classifier needs the package onnx (extra train)")
tokenizers = pytest.importorskip("tokenizers", reason="needs the extra huggingface")

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "profit", "loss", "report", "rises", "falls"]
PROSUS = ("positive", "negative", "neutral")  # the order of ProsusAI/finbert
TONE = ("Neutral", "Positive", "Negative")  # the order of yiyanghkust/finbert-tone
SENSE = {"profit": "positive", "rises": "positive", "loss": "negative", "falls": "negative", "report": "neutral"}
HAS_TORCH = all(importlib.util.find_spec(name) for name in ("torch", "transformers", "onnxscript"))
needs_torch = pytest.mark.skipif(not HAS_TORCH, reason="needs torch, transformers and onnxscript (extra export)")


def save_tokenizer(folder: Path) -> None:
    tokenizer = tokenizers.Tokenizer(
        tokenizers.models.WordLevel({word: index for index, word in enumerate(WORDS)}, unk_token="[UNK]")
    )
    tokenizer.normalizer = tokenizers.normalizers.Lowercase()
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    tokenizer.post_processor = tokenizers.processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.save(str(folder / "tokenizer.json"))


def save_graph(folder: Path, weights: np.ndarray) -> None:
    """logits[n, k] = the sum over unmasked tokens of weights[token]."""
    helper, kind = onnx.helper, onnx.TensorProto
    nodes = [
        helper.make_node("Gather", ["weights", "input_ids"], ["taken"]),
        helper.make_node("Cast", ["attention_mask"], ["mask"], to=kind.FLOAT),
        helper.make_node("Unsqueeze", ["mask", "last"], ["column"]),
        helper.make_node("Mul", ["taken", "column"], ["kept"]),
        helper.make_node("ReduceSum", ["kept", "middle"], ["logits"], keepdims=0),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info(name, kind.INT64, ["n", "l"]) for name in ("input_ids", "attention_mask")],
        [helper.make_tensor_value_info("logits", kind.FLOAT, ["n", weights.shape[1]])],
        [
            onnx.numpy_helper.from_array(weights.astype(np.float32), "weights"),
            onnx.numpy_helper.from_array(np.array([2]), "last"),
            onnx.numpy_helper.from_array(np.array([1]), "middle"),
        ],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(made, str(folder / "model.onnx"))


def make_classifier(folder: Path, labels: tuple[str, ...]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    weights = np.zeros((len(WORDS), len(labels)))
    for word, sense in SENSE.items():
        for index, label in enumerate(labels):
            weights[WORDS.index(word), index] = 3.0 * (label.lower() == sense)
    save_graph(folder, weights)
    save_tokenizer(folder)
    write_config(folder, labels)
    return folder


def write_config(folder: Path, labels: tuple[str, ...], **more: Any) -> None:
    names = {str(index): label for index, label in enumerate(labels)}
    config = {"id2label": names, "model_type": "bert", "max_position_embeddings": 64, "pad_token_id": 0} | more
    (folder / "config.json").write_text(json.dumps(config))


@pytest.mark.parametrize("labels", [PROSUS, TONE], ids=["finbert", "finbert-tone"])
def test_labels_are_mapped_by_name_whatever_their_order(tmp_path: Path, labels: tuple[str, ...]) -> None:
    model = HuggingFaceModel.load(make_classifier(tmp_path, labels))
    assert isinstance(model, SentimentModel)
    scores = model.score(["Profit rises", "loss", "report"])
    assert scores.argmax(axis=1).tolist() == [POSITIVE, NEGATIVE, NEUTRAL]
    assert scores[1, NEGATIVE] == pytest.approx(np.exp(3) / (np.exp(3) + 2), abs=1e-6)
    assert signed(scores)[0] == pytest.approx((np.exp(6) - 1) / (np.exp(6) + 2), abs=1e-6)


def test_both_finbert_orders_give_the_same_scores(tmp_path: Path) -> None:
    texts = ["profit rises", "loss", "report falls"]
    first = HuggingFaceModel.load(make_classifier(tmp_path / "a", PROSUS)).score(texts)
    second = HuggingFaceModel.load(make_classifier(tmp_path / "b", TONE)).score(texts)
    np.testing.assert_allclose(first, second, atol=1e-7)


def test_two_labels_leave_neutral_at_zero(tmp_path: Path) -> None:
    scores = HuggingFaceModel.load(make_classifier(tmp_path, ("NEGATIVE", "POSITIVE"))).score(["profit", "loss"])
    assert scores.argmax(axis=1).tolist() == [POSITIVE, NEGATIVE]
    assert (scores[:, NEUTRAL] == 0).all()
    np.testing.assert_allclose(scores.sum(axis=1), 1, atol=1e-12)


@pytest.mark.parametrize(
    "labels",
    [("LABEL_0", "LABEL_1", "LABEL_2"), ("positive", "neutral"), ("positive", "positive", "negative"), ("1 star", "5")],
)
def test_labels_that_cannot_be_trusted_are_refused(labels: tuple[str, ...]) -> None:
    with pytest.raises(Misconfigured, match="never guessed"):
        label_columns({"id2label": {str(index): label for index, label in enumerate(labels)}})


@pytest.mark.parametrize("config", [{}, {"id2label": {}}, {"id2label": {"a": "positive"}}])
def test_a_configuration_without_usable_labels_is_refused(config: dict[str, Any]) -> None:
    with pytest.raises(Misconfigured, match="id2label"):
        label_columns(config)


def test_batches_and_order_do_not_change_a_score(tmp_path: Path) -> None:
    folder = make_classifier(tmp_path, PROSUS)
    rng = np.random.default_rng(3)
    texts = [" ".join(rng.choice(WORDS[4:], size=rng.integers(1, 30))) for _ in range(50)]
    alone = np.vstack([HuggingFaceModel.load(folder, batch_size=1).score([text]) for text in texts[:5]])
    for batch_size in (1, 7, 16):
        scores = HuggingFaceModel.load(folder, batch_size=batch_size).score(texts)
        np.testing.assert_allclose(scores[:5], alone, atol=1e-6)
        np.testing.assert_allclose(scores.sum(axis=1), 1, atol=1e-12)
    assert HuggingFaceModel.load(folder).score([]).shape == (0, 3)


def test_long_posts_emoji_and_lone_surrogates_are_scored(tmp_path: Path) -> None:
    model = HuggingFaceModel.load(make_classifier(tmp_path, PROSUS))
    scores = model.score(["profit " * 15_000, "🚀🚀 profit", "\ud83d loss"])
    assert scores.argmax(axis=1).tolist() == [POSITIVE, POSITIVE, NEGATIVE]


def test_truncation_is_at_the_models_own_limit_and_can_be_lowered(tmp_path: Path) -> None:
    folder = make_classifier(tmp_path, PROSUS)
    text = "report " + "loss " * 100
    whole = HuggingFaceModel.load(folder).score([text])
    short = HuggingFaceModel.load(folder, spec=HuggingFaceSpec(max_tokens=4)).score([text])
    assert whole.argmax() == NEGATIVE
    np.testing.assert_allclose(short, HuggingFaceModel.load(folder).score(["report loss"]), atol=1e-7)
    assert max_tokens({"max_position_embeddings": 514, "model_type": "roberta", "pad_token_id": 1}) == 512


@pytest.mark.parametrize("texts", [[""], ["profit", " \n"], [None], "profit"])
def test_what_is_no_text_is_refused(tmp_path: Path, texts: Any) -> None:
    with pytest.raises(InvalidInput):
        HuggingFaceModel.load(make_classifier(tmp_path, PROSUS)).score(texts)


def test_the_version_changes_with_weights_labels_and_length_but_not_with_batch_size(tmp_path: Path) -> None:
    folder = make_classifier(tmp_path, PROSUS)
    first = HuggingFaceModel.load(folder).version
    assert HuggingFaceModel.load(folder, batch_size=3).version == first
    assert HuggingFaceModel.load(folder, spec=HuggingFaceSpec(max_tokens=8)).version != first
    write_config(folder, TONE)
    relabelled = HuggingFaceModel.load(folder).version
    save_graph(folder, np.ones((len(WORDS), 3)))
    assert len({first, relabelled, HuggingFaceModel.load(folder).version}) == 3


def test_files_that_do_not_belong_together_or_are_broken_are_refused(tmp_path: Path) -> None:
    folder = make_classifier(tmp_path, PROSUS)
    save_graph(folder, np.ones((len(WORDS), 2)))
    with pytest.raises(Misconfigured, match="do not belong together"):
        HuggingFaceModel.load(folder)
    (folder / "model.onnx").write_bytes(b"not a graph")
    with pytest.raises(Misconfigured, match="export it again"):
        HuggingFaceModel.load(folder)
    (folder / "tokenizer.json").write_text("{}")
    with pytest.raises(Misconfigured, match="not a tokenizer"):
        HuggingFaceModel.load(folder)
    (folder / "tokenizer.json").unlink()
    with pytest.raises(Misconfigured, match=r"no tokenizer\.json"):
        HuggingFaceModel.load(folder)
    (folder / "config.json").write_text("[]")
    with pytest.raises(Misconfigured, match="expected an object"):
        HuggingFaceModel.load(folder)


def test_a_name_that_is_not_here_says_where_to_put_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    monkeypatch.delenv("HUGGINGFACE_HUB_CACHE", raising=False)
    monkeypatch.setenv("AUGURY_MODELS", str(tmp_path / "models"))
    with pytest.raises(NotFound, match="hugging_face_export ProsusAI/finbert") as refusal:
        HuggingFaceModel.load("ProsusAI/finbert")
    assert str(tmp_path / "models" / "ProsusAI" / "finbert") in str(refusal.value)
    assert "models--ProsusAI--finbert" in str(refusal.value)


def test_names_are_found_in_the_models_folder_and_in_the_hub_cache(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AUGURY_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    repository = tmp_path / "hub" / "models--someone--tiny"
    make_classifier(repository / "snapshots" / "abc", TONE)
    make_classifier(repository / "snapshots" / "old", TONE)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("abc")
    assert find_folder("someone/tiny") == repository / "snapshots" / "abc"
    operators = make_classifier(tmp_path / "models" / "someone" / "tiny", PROSUS)
    model = HuggingFaceModel.load("someone/tiny")
    assert model.name == "someone/tiny"
    assert find_folder("someone/tiny") == operators


def test_a_folder_without_weights_says_what_is_missing(tmp_path: Path) -> None:
    folder = make_classifier(tmp_path, PROSUS)
    (folder / "model.onnx").unlink()
    with pytest.raises(Misconfigured, match=r"neither model\.onnx nor weights"):
        HuggingFaceModel.load(folder, cache_folder=tmp_path / "cache")


def test_the_export_command_answers_with_exit_codes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert main([str(tmp_path / "nothing")]) == 3
    assert "no classifier" in capsys.readouterr().err


@pytest.fixture(scope="module")
def torch_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch = pytest.importorskip("torch", reason="needs the extra export")
    transformers = pytest.importorskip("transformers", reason="needs the extra export")
    folder = tmp_path_factory.mktemp("weights")
    torch.manual_seed(5)
    config = transformers.BertConfig(
        vocab_size=len(WORDS), hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32,
        max_position_embeddings=64, num_labels=3, id2label=dict(enumerate(TONE)), initializer_range=0.6,
    )  # fmt: skip
    transformers.BertForSequenceClassification(config).eval().save_pretrained(folder)
    save_tokenizer(folder)
    (folder / "vocab.txt").write_text("\n".join(WORDS))
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "PreTrainedTokenizerFast"}))
    return folder


@needs_torch
def test_an_exported_bert_agrees_with_pytorch_and_is_exported_once(
    torch_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch
    import transformers

    model = HuggingFaceModel.load(torch_folder, cache_folder=tmp_path)
    rng = np.random.default_rng(8)
    texts = [" ".join(rng.choice(WORDS[4:], size=rng.integers(1, 40))) for _ in range(37)]
    scores = model.score(texts)
    original = transformers.BertForSequenceClassification.from_pretrained(torch_folder).eval()
    tokenizer = tokenizers.Tokenizer.from_file(str(torch_folder / "tokenizer.json"))
    with torch.no_grad():
        expected = np.vstack(
            [original(torch.tensor([tokenizer.encode(text).ids])).logits.softmax(dim=1).numpy() for text in texts]
        )
    assert np.ptp(expected, axis=0).min() > 0.05, "the planted classifier must tell its texts apart"
    np.testing.assert_allclose(scores, expected[:, [1, 2, 0]], atol=1e-5)

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the second load must reuse the first export")

    monkeypatch.setattr("augury.sentiment.hugging_face_export._export", refuse)
    assert HuggingFaceModel.load(torch_folder, cache_folder=tmp_path).version == model.version
    assert [path.name for path in (tmp_path / "onnx").iterdir()] == [
        export_to_onnx(torch_folder, cache_folder=tmp_path).name
    ]


def test_weights_without_pytorch_ask_for_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = make_classifier(tmp_path / "weights", PROSUS)
    (folder / "model.onnx").unlink()
    (folder / "model.safetensors").write_bytes(b"weights")
    monkeypatch.setitem(__import__("sys").modules, "torch", None)
    with pytest.raises(MissingExtra, match=r"augury\[export\]"):
        HuggingFaceModel.load(folder, cache_folder=tmp_path)
    assert list((tmp_path / "onnx").iterdir()) == []
