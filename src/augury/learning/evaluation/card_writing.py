"""Writing a model card: both files whole, or none changed."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

from augury.errors import InvalidInput
from augury.learning.evaluation.model_card import ModelCard

__all__ = ["card_texts", "write_model_card"]

MARKDOWN_FILE, JSON_FILE = "card.md", "card.json"


def card_texts(card: ModelCard) -> dict[str, str]:
    """The card's files by name, `card.md` and `card.json`, as they go beside an artefact."""
    values = json.dumps(card.to_dict(), indent=2, allow_nan=False, ensure_ascii=False)
    return {MARKDOWN_FILE: card.to_markdown(), JSON_FILE: values + "\n"}


def write_model_card(card: ModelCard, folder: str | Path) -> tuple[Path, Path]:
    """Write `card.md` and `card.json` into a folder, which is made where it is missing; the paths.

    Each file is written under a temporary name, flushed to disk and renamed, so a reader sees the old one or the new
    one, never a part. Raises InvalidInput when the folder is a file.
    """
    place = Path(folder)
    if place.exists() and not place.is_dir():
        raise InvalidInput(f"{str(place)!r} is a file; name a folder for the model card")
    place.mkdir(parents=True, exist_ok=True)
    fresh = {name: _written(place, name, text) for name, text in card_texts(card).items()}
    for name, path in fresh.items():
        path.replace(place / name)
    return place / MARKDOWN_FILE, place / JSON_FILE


def _written(place: Path, name: str, text: str) -> Path:
    number, path = tempfile.mkstemp(prefix=f".{name}-", dir=place)
    with os.fdopen(number, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    Path(path).chmod(0o644)
    return Path(path)
