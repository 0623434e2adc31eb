"""What the implied positions earn net of costs, against holding the same symbols."""

from __future__ import annotations

from typing import TYPE_CHECKING

from augury.report.sections.curves import curves_figures
from augury.report.sections.intervals import interval_lines
from augury.report.sections.markup import absent, chart, section
from augury.report.sections.model_scores import lines_of, score_table, source_legend

if TYPE_CHECKING:
    from augury.report.model_story import ModelStory

__all__ = ["money_section"]

_MOST = 40


def money_section(story: ModelStory) -> str:
    """The held-out account and its drawdown, the figures with intervals, and each symbol's Sharpe ratio."""
    body = "" if story.account is None else curves_figures(story.account, own="Model")
    body += score_table(story.earnings)
    if story.symbols:
        left = len(story.symbols) - _MOST
        note = f"{left} more symbols are not drawn." if left > 0 else ""
        plot = interval_lines(
            lines_of(story.symbols[:_MOST]), label="Annual Sharpe ratio of each symbol with its interval"
        )
        body += chart("Sharpe ratio by symbol, net of costs", plot, key=source_legend(story.symbols), note=note)
    if "equity" in story.missing:
        body += absent("account", story.missing["equity"])
    return section("equity", "Equity and drawdown", body, story.account_note if body else "")
