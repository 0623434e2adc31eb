"""Returns by month and year as a heat map; by day when the history is too short for months."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from augury.report.drawing import Plot, bars, plot_html, rule
from augury.report.scales import Tick, linear_scale
from augury.report.sections.curves import axis_percent
from augury.report.sections.markup import chart, section
from augury.report.series import Periods, period_returns
from augury.report.wording import percent

if TYPE_CHECKING:
    from augury.report.story import Story

__all__ = ["heat_style", "months_section"]

_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_FEWEST_MONTHS = 3


def months_section(story: Story) -> str:
    """A row per year with its total; bars per day below three months."""
    months = period_returns(story, "M")
    if len(months.starts) < _FEWEST_MONTHS:
        return _days(story)
    years = period_returns(story, "Y")
    return section(
        "months",
        "Monthly returns",
        _heat_map(months, years),
        "Each month's return and each year's, compounded. The first and the last may be partial.",
    )


def heat_style(value: float, scale: float) -> str:
    """The class and strength of a cell: gains and losses differ in hue, size in strength."""
    if not np.isfinite(value):
        return 'class="none"'
    strength = round(100 * min(1.0, abs(value) / scale)) if scale > 0 else 0
    return f'class="{"up" if value >= 0 else "down"}" style="--h:{strength}%"'


def _heat_map(months: Periods, years: Periods) -> str:
    known = np.abs(months.returns[np.isfinite(months.returns)])
    scale = float(np.quantile(known, 0.95)) if known.size else 0.0
    yearly = np.abs(years.returns[np.isfinite(years.returns)])
    widest = float(yearly.max()) if yearly.size else 0.0
    by_month = {str(start): float(value) for start, value in zip(months.starts, months.returns, strict=True)}
    rows = []
    for start, total in zip(years.starts, years.returns, strict=True):
        cells = "".join(_cell(by_month.get(f"{start}-{month:02d}"), scale) for month in range(1, 13))
        rows.append(f'<tr><th scope="row">{start}</th>{cells}{_cell(float(total), widest, "total")}</tr>')
    head = "".join(f'<th scope="col">{name}</th>' for name in _NAMES)
    return (
        '<div class="scroll" tabindex="0"><table class="heat"><caption class="sr">Monthly returns in percent</caption>'
        f'<thead><tr><th scope="col"><span class="sr">Year</span></th>{head}<th scope="col">Year</th></tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _cell(value: float | None, scale: float, extra: str = "") -> str:
    if value is None:
        return "<td></td>"
    shown = percent(value, 1).removesuffix("\N{NO-BREAK SPACE}%")
    cell = f"<td {heat_style(value, scale)}>{shown}</td>"
    return cell.replace('class="', f'class="{extra} ', 1) if extra else cell


def _days(story: Story) -> str:
    days = period_returns(story, "D")
    count = len(days.starts)
    if count < 2:
        return ""
    scale = linear_scale(days.returns, include=(0.0,), label=axis_percent, count=4)
    edges = (np.arange(count) + 0.1) / count, (np.arange(count) + 0.9) / count
    height = scale.place(days.returns)
    gains = np.where(days.returns >= 0, height, np.nan)
    losses = np.where(days.returns < 0, height, np.nan)
    shapes = [
        bars(*edges, gains, "up", base=scale.at(0.0)),
        bars(*edges, losses, "down", base=scale.at(0.0)),
        rule(scale.at(0.0), "base"),
    ]
    step = max(1, -(-count // 8))
    ticks = [Tick((at + 0.5) / count, str(days.starts[at])[5:]) for at in range(0, count, step)]
    plot = Plot(label=f"Returns of {count} days", shapes=shapes, y=scale, x_ticks=ticks)
    return section("months", "Daily returns", chart("Return of each day", plot_html(plot)))
