"""Any Hugging Face sequence classifier with sentiment labels, run by ONNX Runtime from local files."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from augury.arrays import FloatMatrix
from augury.errors import Misconfigured
from augury.extras import require
from augury.sentiment.hugging_face_export import export_to_onnx
from augury.sentiment.hugging_face_files import ONNX_NAMES, find_folder, label_columns, max_tokens, read_config
from augury.sentiment.model import LABELS, check_texts
from augury.spec import Spec

__all__ = ["HuggingFaceModel", "HuggingFaceSpec"]

MAX_CHARACTERS = 20_000  # far beyond 512 tokens of text; keeps the tokenizer quick on a 100 kB post


@dataclass(frozen=True, slots=True, kw_only=True)
class HuggingFaceSpec(Spec):
    """How a classifier is run.

    `max_tokens` None means what the model can read (at most 512); longer texts are cut there. `threads` 0 leaves the
    number to ONNX Runtime. `training_cutoff` is the ISO date after which the weights saw nothing, None if unknown.
    """

    batch_size: Annotated[int, msgspec.Meta(ge=1, le=4096)] = 16
    max_tokens: Annotated[int, msgspec.Meta(ge=4)] | None = None
    threads: Annotated[int, msgspec.Meta(ge=0)] = 0
    training_cutoff: Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")] | None = None


class HuggingFaceModel:
    """A sequence classifier such as FinBERT (Araci, 2019) behind the SentimentModel protocol.

    Outputs are mapped to columns by the label names in config.json, never by index. Texts are sorted by length and
    padded batch by batch, so a row may differ from the same text scored alone by float32 rounding (about 1e-6).
    """

    def __init__(self, folder: Path, name: str, spec: HuggingFaceSpec) -> None:
        config = read_config(folder)
        self.name = name
        self.training_cutoff = spec.training_cutoff
        self._spec = spec
        self._columns = label_columns(config)
        limit = max_tokens(config)
        self._max_tokens = limit if spec.max_tokens is None else min(spec.max_tokens, limit)
        self._padding_id = int(config.get("pad_token_id") or 0)
        self._tokenizer = _load_tokenizer(folder, self._max_tokens)
        path = next((folder / part for part in ONNX_NAMES if (folder / part).is_file()), folder / ONNX_NAMES[0])
        self._session = _load_session(path, spec.threads)
        self._inputs = {entry.name for entry in self._session.get_inputs()}
        self._check_outputs(path)
        self.version = self._hash_of((path, folder / "tokenizer.json", folder / "config.json"))

    @classmethod
    def load(
        cls,
        folder_or_name: str | os.PathLike[str],
        *,
        batch_size: int = 16,
        spec: HuggingFaceSpec | None = None,
        cache_folder: str | os.PathLike[str] | None = None,
    ) -> Self:
        """Load from a folder (model.onnx, tokenizer.json, config.json), or by a hub name found on this machine.

        A folder that holds weights and no model.onnx is exported once to the cache (extra `export`) and reused from
        there. Nothing is downloaded. Raises NotFound when the files are not here, Misconfigured when they are
        incomplete, MissingExtra without `tokenizers` (extra `huggingface`).
        """
        chosen = HuggingFaceSpec(batch_size=batch_size) if spec is None else spec
        folder = find_folder(folder_or_name)
        if not any((folder / part).is_file() for part in ONNX_NAMES):
            folder = export_to_onnx(folder, cache_folder=cache_folder)
        return cls(folder, str(folder_or_name), chosen)

    def score(self, texts: Sequence[str]) -> FloatMatrix:
        """float64[n, 3] probabilities in the order of LABELS; texts are cut at `max_tokens` tokens."""
        checked = check_texts(texts)
        encoded = self._tokenizer.encode_batch([_readable(text) for text in checked])
        order = sorted(range(len(encoded)), key=lambda row: len(encoded[row].ids))
        out = np.zeros((len(encoded), len(LABELS)))
        for start in range(0, len(order), self._spec.batch_size):
            rows = order[start : start + self._spec.batch_size]
            logits = self._session.run(None, self._feed([encoded[row] for row in rows]))[0]
            out[np.ix_(rows, self._columns)] = _softmax(np.asarray(logits, dtype=np.float64))
        return out

    def _feed(self, encodings: list[Any]) -> dict[str, NDArray[np.int64]]:
        width = max(1, *(len(encoding.ids) for encoding in encodings))
        shape = (len(encodings), width)
        feed = {
            "input_ids": np.full(shape, self._padding_id, dtype=np.int64),
            "attention_mask": np.zeros(shape, dtype=np.int64),
            "token_type_ids": np.zeros(shape, dtype=np.int64),
        }
        for row, encoding in enumerate(encodings):
            used = len(encoding.ids)
            feed["input_ids"][row, :used] = encoding.ids
            feed["attention_mask"][row, :used] = encoding.attention_mask
            feed["token_type_ids"][row, :used] = encoding.type_ids
        return {name: array for name, array in feed.items() if name in self._inputs}

    def _check_outputs(self, path: Path) -> None:
        unknown = self._inputs - {"input_ids", "attention_mask", "token_type_ids"}
        if unknown or "input_ids" not in self._inputs:
            raise Misconfigured(
                f"{path} takes the inputs {sorted(self._inputs)}, expected input_ids, attention_mask and perhaps "
                "token_type_ids: export it as a sequence classifier"
            )
        logits = self._session.get_outputs()[0]
        width = logits.shape[-1] if logits.shape else None
        if len(logits.shape) != 2 or (isinstance(width, int) and width != len(self._columns)):
            raise Misconfigured(
                f"{path} gives {logits.name} of shape {logits.shape}, expected (texts, {len(self._columns)}) as "
                "config.json names the labels: model.onnx and config.json do not belong together"
            )

    def _hash_of(self, paths: tuple[Path, ...]) -> str:
        digest = hashlib.sha256(f"hugging-face-1 {self._max_tokens} {MAX_CHARACTERS} {self._columns}".encode())
        for path in paths:
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
        return digest.hexdigest()[:16]


def _readable(text: str) -> str:
    """The part that can matter, with lone surrogates (which no tokenizer takes) as question marks."""
    return text[:MAX_CHARACTERS].encode("utf-8", "replace").decode("utf-8")


def _softmax(logits: FloatMatrix) -> FloatMatrix:
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def _load_tokenizer(folder: Path, limit: int) -> Any:
    tokenizers = require("tokenizers", extra="huggingface")
    path = folder / "tokenizer.json"
    if not path.is_file():
        raise Misconfigured(
            f"{folder} has no tokenizer.json beside model.onnx: save the fast tokenizer there "
            "(transformers: AutoTokenizer.from_pretrained(...).save_pretrained(folder))"
        )
    try:
        tokenizer = tokenizers.Tokenizer.from_file(str(path))
    except Exception as error:
        raise Misconfigured(f"{path} is not a tokenizer ({error}); copy it again from the model's page") from error
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_length=limit)
    return tokenizer


def _load_session(path: Path, threads: int) -> Any:
    runtime = require("onnxruntime", extra="huggingface")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    try:
        return runtime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise Misconfigured(f"{path} is not an ONNX model that can be run ({error}); export it again") from error
