"""The handful of figures that people look for first, each with its error and the benchmark's beside it."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from augury.report.conventions import HEADLINES, convention_of, title_of
from augury.report.sections.markup import section
from augury.report.wording import UNDEFINED, error_of, percent, plain_value

if TYPE_CHECKING:
    from augury.report.evidence import MeasureLike
    from augury.report.story import Story

__all__ = ["headline_measures", "headline_section"]


def headline_measures(story: Story) -> list[MeasureLike]:
    """The measures shown first; the total return is made from the curve when it is not given."""
    chosen = []
    for names in HEADLINES:
        found = next((story.measure(name) for name in names if story.measure(name) is not None), None)
        if found is not None:
            chosen.append(found)
    return chosen


def headline_section(story: Story) -> str:
    """A row of tiles."""
    tiles = [_tile(measure, _beside(story, measure)) for measure in headline_measures(story)]
    return section("figures", "Figures", f'<div class="tiles">{"".join(tiles)}</div>') if tiles else ""


def _tile(measure: MeasureLike, beside: str) -> str:
    value = plain_value(measure.value, measure.unit)
    error = error_of(measure)
    spread = f'<span class="error">{error}</span>' if error else ""
    reason = measure.reason if value == UNDEFINED and measure.reason else ""
    below = "".join(
        f"<small>{escape(text)}</small>"
        for text in (beside, reason, ", ".join(str(flag).replace("_", " ") for flag in measure.flags))
        if text
    )
    return (
        f'<div class="tile" title="{escape(convention_of(measure))}">'
        f'<span class="name">{escape(title_of(measure))}</span>'
        f'<span class="value">{value}</span>{spread}{below}</div>'
    )


def _beside(story: Story, measure: MeasureLike) -> str:
    if measure.name == "total_return" and story.benchmark is not None:
        last = float(story.benchmark.equity[-1]) / story.initial_cash - 1.0
        return f"{story.benchmark.name} {percent(last)}"
    if measure.name in ("sharpe", "sharpe_ratio") and story.tries is not None and story.tries.number > 1:
        return f"one of {story.tries.number:,} tried"
    return ""
