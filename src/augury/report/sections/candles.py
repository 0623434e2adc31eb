"""Candles that zoom, with the trades on them: the drawing surface and its data."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

import numpy as np

from augury.report.drawing import packed, script_json
from augury.report.sections.markup import section
from augury.report.thinning import merge_bars

if TYPE_CHECKING:
    from augury.report.story import Story

__all__ = ["candles_section"]

_MOST_BARS: Final = 40_000


def candles_section(story: Story) -> str:
    """The drawing surface and its data; empty without bars."""
    if story.bars is None or not len(story.bars.opened_at):
        return ""
    opened_at = np.asarray(story.bars.opened_at)
    matrix = np.asarray(story.bars.matrix, dtype=np.float64)
    shown_at, shown, run = merge_bars(opened_at, matrix, _MOST_BARS)
    data = {
        "t": packed(shown_at // 10**9, "f8"),
        **{name: packed(shown[row], "f4") for row, name in enumerate(("o", "h", "l", "c", "v"))},
    }
    note = f"{len(opened_at):,} bars."
    if run > 1:
        note = f"{len(opened_at):,} bars, drawn as {len(shown_at):,}: each candle stands for {run} bars."
    symbol = ", ".join(story.data.symbols) or "the instrument"
    tools = "".join(
        f'<button type="button" data-do="{do}" aria-label="{words}" title="{words}">{sign}</button>'
        for do, words, sign in (
            ("earlier", "Previous trade", "\N{LEFTWARDS ARROW} trade"),
            ("later", "Next trade", "trade \N{RIGHTWARDS ARROW}"),
            ("in", "Zoom in", "+"),
            ("out", "Zoom out", "\N{MINUS SIGN}"),
            ("all", "Show all", "all"),
        )
    )
    body = (
        '<figure class="chart candles" id="candle-chart"><figcaption><strong class="readout">&nbsp;</strong>'
        f'<span class="tools">{tools}</span></figcaption><canvas class="main" tabindex="0" role="img" '
        f'aria-label="Candles of {escape(symbol)} with entries and exits. Arrow keys move, plus and minus zoom.">'
        "</canvas>"
        '<canvas class="overview" aria-hidden="true"></canvas><noscript><p class="note">Candles are drawn by a script.'
        f'</p></noscript><p class="note">{note} Drag to move; pinch, buttons, or the wheel with Ctrl to zoom; drag '
        "below to go elsewhere. Triangles are entries, squares exits.</p></figure>"
        f'<script type="application/json" id="candle-data">{script_json(data)}</script>'
    )
    return section("candles", "Trades on candles", body)
