"""Where a Hugging Face classifier's files lie on this machine, and what its configuration says."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from augury.errors import Misconfigured, NotFound
from augury.sentiment.model import NEGATIVE, NEUTRAL, POSITIVE

__all__ = ["ONNX_NAMES", "WEIGHT_NAMES", "augury_cache", "find_folder", "label_columns", "max_tokens", "read_config"]

ONNX_NAMES = ("model.onnx", "onnx/model.onnx")
WEIGHT_NAMES = ("model.safetensors", "pytorch_model.bin")

_SENSES = {
    "positive": POSITIVE,
    "pos": POSITIVE,
    "bullish": POSITIVE,
    "negative": NEGATIVE,
    "neg": NEGATIVE,
    "bearish": NEGATIVE,
    "neutral": NEUTRAL,
    "neu": NEUTRAL,
    "none": NEUTRAL,
}
_OFFSET_POSITIONS = frozenset({"roberta", "xlm-roberta", "camembert", "mpnet"})  # positions start after the padding id


def augury_cache(cache_folder: str | os.PathLike[str] | None = None) -> Path:
    """The folder for things that can be made again: the argument, else $AUGURY_CACHE, else ~/.cache/augury."""
    if cache_folder is not None:
        return Path(cache_folder)
    return Path(os.environ.get("AUGURY_CACHE") or Path.home() / ".cache" / "augury")


def find_folder(folder_or_name: str | os.PathLike[str]) -> Path:
    """The folder of a classifier given by path or by hub name; nothing is ever downloaded.

    A name such as "ProsusAI/finbert" is looked for as `$AUGURY_MODELS/ProsusAI/finbert`, then in the local Hugging Face
    cache ($HF_HUB_CACHE, $HF_HOME/hub, ~/.cache/huggingface/hub). Raises NotFound with every place looked at.
    """
    given = Path(folder_or_name)
    if given.is_dir():
        return given
    name = str(folder_or_name)
    looked = [given, *_named_folders(name)]
    for candidate in looked[1:]:
        if (candidate / "config.json").is_file():
            return candidate
    places = ", ".join(str(place) for place in looked)
    raise NotFound(
        f"no classifier {name!r} on this machine (looked at {places}); nothing is downloaded: put config.json, "
        "tokenizer.json and model.onnx (or the weights, model.safetensors) in a folder and pass its path or set "
        f"AUGURY_MODELS; weights become model.onnx with: python -m augury.sentiment.hugging_face_export {name}"
    )


def _named_folders(name: str) -> list[Path]:
    if name.count("/") > 1 or ".." in name or name.startswith(("/", ".")):
        return []
    folders = []
    if models := os.environ.get("AUGURY_MODELS"):
        folders.append(Path(models) / name)
    home = os.environ.get("HF_HOME") or Path.home() / ".cache" / "huggingface"
    hub = Path(os.environ.get("HF_HUB_CACHE") or os.environ.get("HUGGINGFACE_HUB_CACHE") or Path(home) / "hub")
    snapshots = hub / ("models--" + name.replace("/", "--")) / "snapshots"
    reference = snapshots.parent / "refs" / "main"
    if reference.is_file():
        folders.append(snapshots / reference.read_text(encoding="utf-8").strip())
    elif snapshots.is_dir():
        folders.extend(sorted(snapshots.iterdir()))
    else:
        folders.append(snapshots)
    return folders


def read_config(folder: Path) -> dict[str, Any]:
    """config.json as a dictionary; Misconfigured when it is missing or not JSON."""
    path = folder / "config.json"
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise Misconfigured(
            f"{folder} has no config.json: copy it from the model's page, it names the labels"
        ) from error
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise Misconfigured(f"{path} is not JSON ({error}); copy it again from the model's page") from error
    if not isinstance(config, dict):
        raise Misconfigured(f"{path} holds a {type(config).__name__}, expected an object; copy it again")
    return config


def label_columns(config: Mapping[str, Any]) -> tuple[int, ...]:
    """For each output of the classifier, the column of LABELS it belongs to, decided by `id2label`'s names alone.

    Classifiers disagree about the order (ProsusAI/finbert: positive, negative, neutral; yiyanghkust/finbert-tone:
    neutral, positive, negative), so an index is never trusted. A two-label classifier without neutral is accepted.
    Raises Misconfigured for unnamed ("LABEL_0"), unknown, repeated or missing labels.
    """
    names = config.get("id2label")
    if not isinstance(names, Mapping) or not names:
        raise Misconfigured("config.json has no id2label: add it, with the outputs' names in the model's own order")
    try:
        ordered = [str(names[key]) for key in sorted(names, key=int)]
        positions = sorted(int(key) for key in names)
    except ValueError as error:
        raise Misconfigured(f"config.json id2label has keys {sorted(names)}, expected 0, 1, 2") from error
    columns = [_SENSES.get(name.strip().lower()) for name in ordered]
    known = [column for column in columns if column is not None]
    complete = positions == list(range(len(names))) and len(known) == len(columns) == len(set(known))
    if not complete or not {POSITIVE, NEGATIVE} <= set(known):
        raise Misconfigured(
            f"config.json id2label names the outputs {ordered}; expected positive, negative and (usually) neutral once "
            "each: write the real names there, in the model's own order; they are never guessed from the index"
        )
    return tuple(known)


def max_tokens(config: Mapping[str, Any]) -> int:
    """How many tokens the classifier can read, special tokens included; at most 512."""
    positions = int(config.get("max_position_embeddings", 512))
    if config.get("model_type") in _OFFSET_POSITIONS:
        positions -= int(config.get("pad_token_id") or 0) + 1
    return max(4, min(512, positions))
