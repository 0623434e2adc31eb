"""The judgement of a model and the figures that people look for first, each with its interval."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from augury.report.evidence import VerdictItem
from augury.report.sections.intervals import fine_digits, shown, spread_words
from augury.report.sections.markup import section
from augury.report.sections.verdict import Judged, judged_section, whisker
from augury.report.wording import UNDEFINED, percent

if TYPE_CHECKING:
    from augury.report.model_story import Estimate, ModelStory, ScoreItem

__all__ = ["model_figures", "model_verdict"]

_UNJUDGED = VerdictItem(level="not judged", headline="This model was not judged on time that it had not seen.")


def model_verdict(story: ModelStory) -> str:
    """The first thing on the page: the verdict on unseen time, how sure it is, and every condition."""
    verdict, gain = story.verdict or _UNJUDGED, story.gain
    drawn = ""
    if gain is not None and gain.has_interval:
        drawn = whisker(story.gain_title, gain.value, gain.low, gain.high, gain.level, fine_digits([gain]))
    return judged_section(
        Judged(
            level=verdict.level,
            headline=verdict.headline,
            words=story.words,
            gates=tuple(verdict.gates),
            drawn=drawn,
        )
    )


def model_figures(story: ModelStory) -> str:
    """A row of tiles: the held-out figure with its interval, the cross-validated one below."""
    tiles = "".join(_tile(item) for item in story.figures)
    return section("figures", "Figures", f'<div class="tiles">{tiles}</div>') if tiles else ""


def _tile(item: ScoreItem) -> str:
    first = item.held_out or item.validated
    if first is None:
        value, spread = UNDEFINED, "not computed"
    else:
        digits = fine_digits([first])
        value, spread = shown(first.value, first, digits), spread_words(first, digits)
    beside = "" if item.held_out is None or item.validated is None else f"out of fold {_told(item.validated)}"
    below = "".join(f"<small>{escape(text)}</small>" for text in (beside, item.note) if text)
    hint = f' title="{escape(item.detail)}"' if item.detail else ""
    return (
        f'<div class="tile"{hint}><span class="name">{escape(item.title)}</span><span class="value">{value}</span>'
        f'<span class="error">{escape(spread)}</span>{below}</div>'
    )


def _told(estimate: Estimate) -> str:
    digits = fine_digits([estimate])
    level = "" if not estimate.has_interval or estimate.level == 0.95 else f", {percent(estimate.level, 0)}"
    return f"{shown(estimate.value, estimate, digits)} ({spread_words(estimate, digits)}{level})"
