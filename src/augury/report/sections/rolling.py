"""The rolling Sharpe ratio with the band in which luck may move it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from augury.report.drawing import Plot, area, line, plot_html, rule
from augury.report.scales import linear_scale, time_scale
from augury.report.sections.curves import hover_json
from augury.report.sections.markup import chart, section
from augury.report.series import rolling_sharpe, session_times
from augury.report.thinning import keep_extremes

if TYPE_CHECKING:
    from augury.report.story import Story

__all__ = ["rolling_section"]


def rolling_section(story: Story) -> str:
    """Empty when the history is too short for a window of 20 bars."""
    rolling = rolling_sharpe(story)
    if rolling is None or not np.isfinite(rolling.sharpe).any():
        return ""
    kept = keep_extremes([rolling.sharpe], 500)
    times = session_times(story)
    across = time_scale(times)
    x, ratio = across.place(times[kept].astype(np.float64)), rolling.sharpe[kept]
    half = 1.96 * rolling.standard_error[kept]
    low, high = ratio - half, ratio + half
    scale = linear_scale(np.concatenate([low, high]), include=(0.0,))
    shapes = [
        area(x, scale.place(low), scale.place(high), "band"),
        rule(scale.at(0.0), "base"),
        line(x, scale.place(ratio), "s1"),
    ]
    hover = hover_json(
        times[kept], x, [("Sharpe ratio", ratio, "number"), ("95 % from", low, "number"), ("to", high, "number")]
    )
    plot = Plot(
        label="Rolling Sharpe ratio with its 95 % band", shapes=shapes, y=scale, x_ticks=across.ticks, hover=hover
    )
    note = (
        "The band is 1.96 standard errors of independent normal returns. Where it holds zero, the window shows nothing."
    )
    title = f"Over the last {rolling.window_bars:,} bars"
    return section("rolling", "Rolling Sharpe ratio", chart(title, plot_html(plot), note=note))
