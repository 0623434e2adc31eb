"""Results for people: one self-contained page, figures for notebooks and text for terminals, from plain records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from augury.lazy import lazy_exports

if TYPE_CHECKING:
    from augury.report.evidence import (
        CheckTable,
        FindingItem,
        GateItem,
        Grid,
        Interval,
        MeasureItem,
        NullTest,
        Tries,
        VerdictItem,
    )
    from augury.report.figures import (
        candles_figure,
        distribution_figure,
        drawdown_figure,
        equity_figure,
        months_figure,
        permutation_figure,
        rolling_sharpe_figure,
    )
    from augury.report.model_page import model_page_html
    from augury.report.model_story import (
        Estimate,
        FeatureItem,
        FeatureTable,
        FoldItem,
        FoldSpan,
        Forecasts,
        ModelStory,
        ReliabilityBins,
        ScoreItem,
    )
    from augury.report.notebook import story_html
    from augury.report.page import page_html
    from augury.report.story import Benchmark, Candles, Comparison, DataFacts, Story
    from augury.report.text import comparison_text, story_text
    from augury.report.writing import write_model_page, write_page

__all__ = [
    "Benchmark",
    "Candles",
    "CheckTable",
    "Comparison",
    "DataFacts",
    "Estimate",
    "FeatureItem",
    "FeatureTable",
    "FindingItem",
    "FoldItem",
    "FoldSpan",
    "Forecasts",
    "GateItem",
    "Grid",
    "Interval",
    "MeasureItem",
    "ModelStory",
    "NullTest",
    "ReliabilityBins",
    "ScoreItem",
    "Story",
    "Tries",
    "VerdictItem",
    "candles_figure",
    "comparison_text",
    "distribution_figure",
    "drawdown_figure",
    "equity_figure",
    "model_page_html",
    "months_figure",
    "page_html",
    "permutation_figure",
    "rolling_sharpe_figure",
    "story_html",
    "story_text",
    "write_model_page",
    "write_page",
]

_FIGURES = "augury.report.figures"
_EVIDENCE = "augury.report.evidence"
_MODEL = "augury.report.model_story"
_STORY = "augury.report.story"

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        "Benchmark": _STORY,
        "Candles": _STORY,
        "CheckTable": _EVIDENCE,
        "Comparison": _STORY,
        "DataFacts": _STORY,
        "Estimate": _MODEL,
        "FeatureItem": _MODEL,
        "FeatureTable": _MODEL,
        "FindingItem": _EVIDENCE,
        "FoldItem": _MODEL,
        "FoldSpan": _MODEL,
        "Forecasts": _MODEL,
        "GateItem": _EVIDENCE,
        "Grid": _EVIDENCE,
        "Interval": _EVIDENCE,
        "MeasureItem": _EVIDENCE,
        "ModelStory": _MODEL,
        "NullTest": _EVIDENCE,
        "ReliabilityBins": _MODEL,
        "ScoreItem": _MODEL,
        "Story": _STORY,
        "Tries": _EVIDENCE,
        "VerdictItem": _EVIDENCE,
        "candles_figure": _FIGURES,
        "comparison_text": "augury.report.text",
        "distribution_figure": _FIGURES,
        "drawdown_figure": _FIGURES,
        "equity_figure": _FIGURES,
        "model_page_html": "augury.report.model_page",
        "months_figure": _FIGURES,
        "page_html": "augury.report.page",
        "permutation_figure": _FIGURES,
        "rolling_sharpe_figure": _FIGURES,
        "story_html": "augury.report.notebook",
        "story_text": "augury.report.text",
        "write_model_page": "augury.report.writing",
        "write_page": "augury.report.writing",
    },
)
