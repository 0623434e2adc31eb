"""What each feature is worth, with its interval."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING

from augury.report.sections.intervals import Line, interval_lines
from augury.report.sections.markup import chart, section
from augury.report.wording import percent, sentence

if TYPE_CHECKING:
    from augury.report.model_story import FeatureTable, ModelStory

__all__ = ["features_section"]

_MOST = 25


def features_section(story: ModelStory) -> str:
    """Bars with whiskers, one chart a way of measuring; why not, where there is none."""
    body = "".join(_chart(each) for each in story.importance if each.items)
    if "importance" in story.missing:
        body += f'<p class="note">No importance: {escape(sentence(story.missing["importance"]))}</p>'
    return section("importance", "Importance of the features", body)


def _chart(measured: FeatureTable) -> str:
    kept = measured.items[:_MOST]
    lines = [
        Line(
            name=item.feature,
            marks=(("m1", item.estimate),),
            detail=f"{percent(item.share, 0)} of all" if math.isfinite(item.share) and item.share > 0 else "",
        )
        for item in kept
    ]
    left = len(measured.items) - len(kept)
    note = measured.explanation + (f" The {left} least of {len(measured.items)} are not shown." if left else "")
    return chart(measured.title, interval_lines(lines, label=measured.title, filled=True), note=note)
