"""What each feature is worth, with its interval."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from augury.report.sections.intervals import Line, interval_lines
from augury.report.sections.markup import absent, chart, section
from augury.report.wording import percent

if TYPE_CHECKING:
    from augury.report.model_story import FeatureTable, ModelStory

__all__ = ["features_section"]

_MOST = 25


def features_section(story: ModelStory) -> str:
    """Bars with whiskers, one chart a way of measuring; why not, where there is none."""
    body = "".join(_chart(each) for each in story.importance if each.items)
    if "importance" in story.missing:
        body += absent("importance", story.missing["importance"])
    return section("importance", "Importance of the features", body)


def _chart(measured: FeatureTable) -> str:
    kept = measured.items[:_MOST]
    lines = [
        Line(
            name=item.feature,
            marks=(("m3", item.estimate),),
            detail=f"{percent(item.share, 0)} of all" if math.isfinite(item.share) and item.share >= 0.005 else "",
        )
        for item in kept
    ]
    left = len(measured.items) - len(kept)
    note = measured.explanation + (f" The {left} least of {len(measured.items)} are not shown." if left else "")
    return chart(measured.title, interval_lines(lines, label=measured.title, filled=True), note=note)
