"""Turn a classifier's PyTorch weights into ONNX once, in the cache; run as `python -m` with a folder or a hub name."""

from __future__ import annotations

import hashlib
import inspect
import os
import shutil
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

from augury.errors import AuguryError, Misconfigured
from augury.extras import require
from augury.sentiment.hugging_face_files import WEIGHT_NAMES, augury_cache, find_folder, label_columns, read_config

__all__ = ["export_to_onnx"]

FORMAT = "onnx-export-1"  # change when the exported graph changes, so that old exports are made again
_HASHED = (
    *WEIGHT_NAMES,
    "config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "vocab.txt",
    "vocab.json",
    "merges.txt",
)


def export_to_onnx(
    folder_or_name: str | os.PathLike[str], *, cache_folder: str | os.PathLike[str] | None = None
) -> Path:
    """The folder with model.onnx, tokenizer.json and config.json made from these weights; made at most once.

    The folder lies in the cache under a hash of the weights, the configuration and the tokenizer, and appears there
    whole or not at all. PyTorch and Transformers (extra `export`) are only needed when it is not there yet. Weights are
    read as safetensors, or from pytorch_model.bin restricted to tensors. Raises Misconfigured without weights.
    """
    source = find_folder(folder_or_name)
    label_columns(read_config(source))
    if not any((source / name).is_file() for name in WEIGHT_NAMES):
        raise Misconfigured(
            f"{source} has neither model.onnx nor weights ({' or '.join(WEIGHT_NAMES)}); add one of them"
        )
    exports = augury_cache(cache_folder) / "onnx"
    target = exports / _fingerprint(source)
    if target.is_dir():
        return target
    exports.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="making-", dir=exports) as made:
        whole = Path(made) / "whole"
        whole.mkdir()
        _export(source, whole)
        try:
            whole.rename(target)
        except OSError:
            if not target.is_dir():  # otherwise another process finished the same export first
                raise
    return target


def _fingerprint(folder: Path) -> str:
    digest = hashlib.sha256(FORMAT.encode())
    for name in _HASHED:
        path = folder / name
        if path.is_file():
            digest.update(f"\n{name}\n".encode())
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:32]


def _export(source: Path, target: Path) -> None:
    torch = require("torch", extra="export")
    transformers = require("transformers", extra="export")
    require("onnxscript", extra="export")
    with warnings.catch_warnings():  # the exporter reports on itself; its result is compared with PyTorch in the tests
        warnings.simplefilter("ignore")
        model = transformers.AutoModelForSequenceClassification.from_pretrained(source, local_files_only=True)
        tokenizer = transformers.AutoTokenizer.from_pretrained(source, local_files_only=True, use_fast=True)
        _write_graph(torch, model.eval().float(), target / "model.onnx")
    tokenizer.backend_tokenizer.save(str(target / "tokenizer.json"))
    shutil.copyfile(source / "config.json", target / "config.json")


def _write_graph(torch: Any, model: Any, path: Path) -> None:
    accepted = inspect.signature(model.forward).parameters
    names = ["input_ids", "attention_mask"]
    if "token_type_ids" in accepted and getattr(model.config, "type_vocab_size", 0) > 1:
        names.append("token_type_ids")

    class Logits(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.classifier = model

        def forward(self, *inputs: Any) -> Any:
            return self.classifier(**dict(zip(names, inputs, strict=True))).logits

    example = torch.full((2, 9), 3, dtype=torch.int64)
    inputs = (example, torch.ones_like(example), torch.zeros_like(example))[: len(names)]
    free = {0: torch.export.Dim.DYNAMIC, 1: torch.export.Dim.DYNAMIC}
    torch.onnx.export(
        Logits().eval(),
        inputs,
        str(path),
        input_names=names,
        output_names=["logits"],
        dynamo=True,
        dynamic_shapes=({"inputs": tuple(free for _ in names)}),
        external_data=False,
        verbose=False,
    )


def main(arguments: list[str]) -> int:
    """Export the one classifier named on the command line and print the folder; 0 done, 2 usage, 3 refused."""
    if len(arguments) != 1 or arguments[0].startswith("-"):
        sys.stderr.write("usage: python -m augury.sentiment.hugging_face_export FOLDER_OR_NAME\n")
        return 2
    try:
        sys.stdout.write(f"{export_to_onnx(arguments[0])}\n")
    except AuguryError as error:
        sys.stderr.write(f"{error}\n")
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
