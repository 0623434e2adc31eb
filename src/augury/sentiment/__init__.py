"""Texts to scores to snapshots: sentiment models, and what a ticker's news says at one moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from augury.lazy import lazy_exports

if TYPE_CHECKING:
    from augury.sentiment.contrarian import ContrarianSpec, ContrarianTest
    from augury.sentiment.embedded import EmbeddedModel
    from augury.sentiment.hugging_face import HuggingFaceModel, HuggingFaceSpec
    from augury.sentiment.hugging_face_export import export_to_onnx
    from augury.sentiment.lexicon import LexiconModel
    from augury.sentiment.model import (
        LABELS,
        NEGATIVE,
        NEUTRAL,
        POSITIVE,
        SentimentModel,
        probabilities_from_compound,
        signed,
    )
    from augury.sentiment.models import load_model, model_names
    from augury.sentiment.novelty import NoveltyFilter, NoveltySpec
    from augury.sentiment.panel import PANEL_COLUMNS, AccumulatedNews, PanelSpec, accumulate, panel_of, sentiment_panel
    from augury.sentiment.panel_stream import SentimentStream
    from augury.sentiment.score_cache import CachedModel, CacheStatistics, ScoreCache
    from augury.sentiment.scored_news import PreparationSpec, ScoredItem, ScoredNews, ScoredNewsStream, prepare
    from augury.sentiment.snapshot import TAU_HOURS, SentimentSnapshot, SnapshotSpec, Window
    from augury.sentiment.snapshots_by_ticker import ticker_snapshots
    from augury.sentiment.weights import WeightSpec, document_weight, source_weight
    from augury.sentiment.word_lists import WordListModel, loughran_mcdonald, vader

_HOMES = {
    "AccumulatedNews": "augury.sentiment.panel",
    "CacheStatistics": "augury.sentiment.score_cache",
    "CachedModel": "augury.sentiment.score_cache",
    "ContrarianSpec": "augury.sentiment.contrarian",
    "ContrarianTest": "augury.sentiment.contrarian",
    "EmbeddedModel": "augury.sentiment.embedded",
    "HuggingFaceModel": "augury.sentiment.hugging_face",
    "HuggingFaceSpec": "augury.sentiment.hugging_face",
    "LABELS": "augury.sentiment.model",
    "LexiconModel": "augury.sentiment.lexicon",
    "NEGATIVE": "augury.sentiment.model",
    "NEUTRAL": "augury.sentiment.model",
    "NoveltyFilter": "augury.sentiment.novelty",
    "NoveltySpec": "augury.sentiment.novelty",
    "PANEL_COLUMNS": "augury.sentiment.panel",
    "POSITIVE": "augury.sentiment.model",
    "PanelSpec": "augury.sentiment.panel",
    "PreparationSpec": "augury.sentiment.scored_news",
    "ScoreCache": "augury.sentiment.score_cache",
    "ScoredItem": "augury.sentiment.scored_news",
    "ScoredNews": "augury.sentiment.scored_news",
    "ScoredNewsStream": "augury.sentiment.scored_news",
    "SentimentModel": "augury.sentiment.model",
    "SentimentSnapshot": "augury.sentiment.snapshot",
    "SentimentStream": "augury.sentiment.panel_stream",
    "SnapshotSpec": "augury.sentiment.snapshot",
    "TAU_HOURS": "augury.sentiment.snapshot",
    "WeightSpec": "augury.sentiment.weights",
    "Window": "augury.sentiment.snapshot",
    "WordListModel": "augury.sentiment.word_lists",
    "accumulate": "augury.sentiment.panel",
    "document_weight": "augury.sentiment.weights",
    "export_to_onnx": "augury.sentiment.hugging_face_export",
    "load_model": "augury.sentiment.models",
    "loughran_mcdonald": "augury.sentiment.word_lists",
    "model_names": "augury.sentiment.models",
    "panel_of": "augury.sentiment.panel",
    "prepare": "augury.sentiment.scored_news",
    "probabilities_from_compound": "augury.sentiment.model",
    "sentiment_panel": "augury.sentiment.panel",
    "signed": "augury.sentiment.model",
    "source_weight": "augury.sentiment.weights",
    "ticker_snapshots": "augury.sentiment.snapshots_by_ticker",
    "vader": "augury.sentiment.word_lists",
}

__all__ = [
    "LABELS",
    "NEGATIVE",
    "NEUTRAL",
    "PANEL_COLUMNS",
    "POSITIVE",
    "TAU_HOURS",
    "AccumulatedNews",
    "CacheStatistics",
    "CachedModel",
    "ContrarianSpec",
    "ContrarianTest",
    "EmbeddedModel",
    "HuggingFaceModel",
    "HuggingFaceSpec",
    "LexiconModel",
    "NoveltyFilter",
    "NoveltySpec",
    "PanelSpec",
    "PreparationSpec",
    "ScoreCache",
    "ScoredItem",
    "ScoredNews",
    "ScoredNewsStream",
    "SentimentModel",
    "SentimentSnapshot",
    "SentimentStream",
    "SnapshotSpec",
    "WeightSpec",
    "Window",
    "WordListModel",
    "accumulate",
    "document_weight",
    "export_to_onnx",
    "load_model",
    "loughran_mcdonald",
    "model_names",
    "panel_of",
    "prepare",
    "probabilities_from_compound",
    "sentiment_panel",
    "signed",
    "source_weight",
    "ticker_snapshots",
    "vader",
]

__getattr__, __dir__ = lazy_exports(__name__, _HOMES)
