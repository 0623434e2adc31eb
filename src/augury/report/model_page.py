"""One self-contained page about a trained model: verdict, error bars, calibration, money, folds, limits."""

from __future__ import annotations

from typing import Final

from augury.report.model_story import ModelStory
from augury.report.page import Head, document
from augury.report.sections.model_closing import model_data, model_findings, model_provenance
from augury.report.sections.model_features import features_section
from augury.report.sections.model_folds import folds_section
from augury.report.sections.model_forecasts import forecasts_section
from augury.report.sections.model_money import money_section
from augury.report.sections.model_scores import gains_section, scores_section
from augury.report.sections.model_verdict import model_figures, model_verdict

__all__ = ["model_page_html"]

_ORDER: Final = (
    model_verdict,
    model_figures,
    gains_section,
    scores_section,
    forecasts_section,
    money_section,
    features_section,
    folds_section,
    model_data,
    model_findings,
    model_provenance,
)
_NAMES: Final = (
    ("verdict", "Verdict"),
    ("gains", "Baselines"),
    ("scores", "Scores"),
    ("forecasts", "Calibration"),
    ("equity", "Equity"),
    ("importance", "Features"),
    ("folds", "Folds"),
    ("data", "Data"),
    ("findings", "Limits"),
    ("provenance", "Reproducibility"),
)


def model_page_html(story: ModelStory) -> str:
    """The whole page as text. What the story does not hold is left out, or its absence explained by `missing`.

    Nothing written in the story can act as markup; the same story gives the same bytes.
    """
    head = Head(
        title=story.title,
        subtitle=story.subtitle,
        chips=story.chips,
        names=_NAMES,
        scripts=("theme.js", "readout.js"),
        styles=("model.css",),
    )
    return document(head, "".join(make(story) for make in _ORDER))
