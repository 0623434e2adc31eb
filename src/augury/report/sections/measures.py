"""Every measure with its error, interval and convention, under the headings of the trade."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING

from augury.metrics.definitions import GROUPS
from augury.report.conventions import convention_of, flag_words, group_of, title_of
from augury.report.sections.markup import section, table
from augury.report.wording import UNDEFINED, error_of, percent, plain_value

if TYPE_CHECKING:
    from augury.report.evidence import MeasureLike
    from augury.report.story import Story

__all__ = ["in_groups", "measures_section", "name_with_convention"]

_COLUMNS = ("measure", "value", "standard error", "interval", "remark")


def in_groups(measures: tuple[MeasureLike, ...]) -> list[tuple[str, list[MeasureLike]]]:
    """The measures by heading, headings in their usual order, measures in theirs."""
    headings = [group_of(measure.name) for measure in measures]
    order = [name for name in (*GROUPS, "Other") if name in headings]
    pairs = list(zip(headings, measures, strict=True))
    return [(name, [measure for heading, measure in pairs if heading == name]) for name in order]


def measures_section(story: Story) -> str:
    """A table of all measures; empty without any."""
    groups = in_groups(story.listed_measures)
    if not groups:
        return ""
    rows: list[list[str]] = []
    for name, group in groups:
        rows += [[escape(name)]] if len(groups) > 1 else []
        rows += [_row(story, measure) for measure in group]
    markup = table(_COLUMNS, rows, numeric=range(1, 4), kind="measures")
    intro = "Point at a name, or move to it with the keyboard, for the convention behind it."
    return section("measures", "All measures", markup, intro)


def _row(story: Story, measure: MeasureLike) -> list[str]:
    return [
        name_with_convention(measure),
        plain_value(measure.value, measure.unit),
        error_of(measure),
        _interval(story, measure),
        escape(_remark(measure)),
    ]


def name_with_convention(measure: MeasureLike) -> str:
    """The title with its convention as a tooltip that the keyboard reaches."""
    convention = convention_of(measure)
    title = escape(title_of(measure))
    if not convention:
        return title
    return f'<span class="tip" tabindex="0">{title}<span role="tooltip">{escape(convention)}</span></span>'


def _interval(story: Story, measure: MeasureLike) -> str:
    interval = story.interval(measure.name)
    if interval is None or not (math.isfinite(interval.low) and math.isfinite(interval.high)):
        return ""
    low, high = (plain_value(end, measure.unit) for end in (interval.low, interval.high))
    method = f' title="{escape(interval.method)}"' if interval.method else ""
    return f"<span{method}>{low} to {high}</span> <small>{percent(interval.level, 0)}</small>"


def _remark(measure: MeasureLike) -> str:
    words = [flag_words(str(flag)) for flag in measure.flags]
    if plain_value(measure.value, measure.unit) == UNDEFINED:
        words.insert(0, measure.reason or "undefined")
    return "; ".join(words)
