"""Sentiment models by name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from augury.errors import NotFound, nearest
from augury.sentiment.model import SentimentModel

__all__ = ["load_model", "model_names"]


def _embedded() -> SentimentModel:
    from augury.sentiment.embedded import EmbeddedModel  # the runtime and the kernels load on first use

    return EmbeddedModel()


def _lexicon() -> SentimentModel:
    from augury.sentiment.lexicon import LexiconModel

    return LexiconModel()


def _vader() -> SentimentModel:
    from augury.sentiment.word_lists import vader

    return vader()


def _loughran_mcdonald() -> SentimentModel:
    from augury.sentiment.word_lists import loughran_mcdonald

    return loughran_mcdonald()


def _finbert() -> SentimentModel:
    return _hugging_face("ProsusAI/finbert")


def _hugging_face(folder_or_name: str) -> SentimentModel:
    from augury.sentiment.hugging_face import HuggingFaceModel

    return HuggingFaceModel.load(folder_or_name)


_MODELS: dict[str, Callable[[], SentimentModel]] = {
    "embedded": _embedded,
    "finbert": _finbert,
    "lexicon": _lexicon,
    "loughran-mcdonald": _loughran_mcdonald,
    "vader": _vader,
}


def model_names() -> tuple[str, ...]:
    """The names that `load_model` knows by itself, sorted; "embedded" and "lexicon" need nothing beside Augury."""
    return tuple(sorted(_MODELS))


def load_model(name: str = "embedded") -> SentimentModel:
    """The model of this name, or the Hugging Face classifier in this folder or of this "owner/name".

    Nothing is downloaded. Raises NotFound for an unknown name, MissingExtra when a model's package is not installed.

    >>> load_model("lexicon").name
    'lexicon'
    """
    if name in _MODELS:
        return _MODELS[name]()
    if "/" in name or Path(name).is_dir():
        return _hugging_face(name)
    raise NotFound(
        f"no sentiment model {name!r}; {nearest(name, _MODELS)}; a Hugging Face classifier is named by its "
        "folder or as owner/name"
    )
