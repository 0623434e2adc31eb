"""What the model gains over each baseline, and every score, from cross-validation beside the held-out time."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from augury.report.sections.intervals import Line, estimate_words, fine_digits, interval_lines
from augury.report.sections.markup import chart, legend, section, table
from augury.report.wording import UNDEFINED, percent, sentence

if TYPE_CHECKING:
    from augury.report.model_story import Estimate, ModelStory, ScoreItem

__all__ = ["SOURCES", "gains_section", "lines_of", "score_table", "scores_section"]

SOURCES = (("held_out", "m1", "held out"), ("validated", "m2", "out of fold"))
"""Where figures come from: the field of a ScoreItem, the style of its mark, and its name."""


def lines_of(items: Sequence[ScoreItem]) -> list[Line]:
    """One line an item with a mark for each source that it has."""
    return [
        Line(
            name=item.title,
            detail=item.detail,
            marks=tuple((style, getattr(item, name)) for name, style, _ in SOURCES if getattr(item, name) is not None),
        )
        for item in items
    ]


def source_legend(items: Sequence[ScoreItem]) -> str:
    """A legend of the sources that occur."""
    return legend(
        [(style, words) for name, style, words in SOURCES if any(getattr(item, name) is not None for item in items)]
    )


def gains_section(story: ModelStory) -> str:
    """A forest plot: the gain over every baseline with its interval; empty without baselines."""
    if not story.gains:
        return ""
    plot = interval_lines(
        lines_of(story.gains),
        label="Gain of the model over each baseline with its interval",
        ends=("\N{LEFTWARDS ARROW} the baseline is better", "the model is better \N{RIGHTWARDS ARROW}"),
    )
    notes = " ".join(dict.fromkeys(sentence(item.note) for item in story.gains if item.note))
    return section(
        "gains",
        "Gain over baselines",
        chart(story.gains_title, plot, key=source_legend(story.gains), note=notes),
        "Both sides predict the same rows. An interval that reaches across zero leaves open which of them is better.",
    )


def scores_section(story: ModelStory) -> str:
    """Every score with its interval; empty without any."""
    return section(
        "scores",
        "Scores",
        score_table(story.scores),
        "Held-out rows are later than everything that the model, its calibration and its choice had seen. "
        f"Below each figure its {_level(story.scores)}interval.",
    )


def _level(items: Sequence[ScoreItem]) -> str:
    found = {each.level for item in items for each in (item.held_out, item.validated) if each is not None}
    return f"{percent(found.pop(), 0)} " if len(found) == 1 else ""


def score_table(items: Sequence[ScoreItem]) -> str:
    """A row an item, its figures side by side; nothing without items."""
    if not items:
        return ""
    rows = [
        [
            f'<span class="decisive">{_title(item)}</span>' if item.decisive else _title(item),
            _cell(item.held_out, item),
            _cell(item.validated, item),
            escape(_remark(item)),
        ]
        for item in items
    ]
    return table(("Figure", "Held out", "Out of fold", "How to read it"), rows, numeric=range(1, 3), kind="scores")


def _title(item: ScoreItem) -> str:
    return escape(item.title[:1].upper() + item.title[1:])


def _remark(item: ScoreItem) -> str:
    better = f"{item.better} is better" if item.better else ""
    return sentence("; ".join(part for part in (better, item.detail, item.note) if part))


def _cell(estimate: Estimate | None, item: ScoreItem) -> str:
    if estimate is None:
        return UNDEFINED
    both = [each for each in (item.held_out, item.validated) if each is not None]
    return estimate_words(estimate, fine_digits(both))
