"""What happens when something else is assumed: other parameters, later fills, dearer costs."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from augury.report.conventions import title_of_name
from augury.report.evidence import CheckTable, Grid
from augury.report.sections.markup import section, table, told
from augury.report.sections.months import heat_style
from augury.report.wording import UNDEFINED, percent, plain_value, quantity

if TYPE_CHECKING:
    from augury.report.story import Story

__all__ = ["checks_section", "costs_section", "sensitivity_section"]

_MOST_CELLS = 40


def costs_section(story: Story) -> str:
    """Costs by kind with their share of the initial cash; empty without costs."""
    totals = {name: float(value) for name, value in story.cost_totals.items()}
    if not totals:
        return ""
    widest = max((abs(value) for value in totals.values() if math.isfinite(value)), default=0.0)
    rows = []
    for name, value in sorted(totals.items(), key=lambda pair: -abs(pair[1])):
        width = 100 * abs(value) / widest if widest > 0 and math.isfinite(value) else 0.0
        rows.append(_cost_row(name, value, story.initial_cash, f'<i class="meter" style="width:{width:.1f}%"></i>'))
    total = sum(value for value in totals.values() if math.isfinite(value))
    rows.append(_cost_row("all together", total, story.initial_cash, ""))
    return section("costs", "Costs", table(("kind", "money", "of the initial cash", ""), rows))


def _cost_row(name: str, value: float, initial_cash: float, meter: str) -> list[str]:
    share = percent(value / initial_cash, 2)
    return [escape(name.replace("_", " ")), quantity(value), share, meter]


def sensitivity_section(story: Story) -> str:
    """The measure over neighbouring parameters, the reported run framed; empty without a grid."""
    grid = story.sensitivity
    if grid is None or not np.size(grid.values):
        return ""
    return section(
        "sensitivity",
        "Sensitivity to parameters",
        _grid_table(grid),
        "A plateau survives a small mistake in the parameters, a lone peak does not. The reported run is framed.",
    )


def _grid_table(grid: Grid) -> str:
    values = np.asarray(grid.values, dtype=np.float64)
    columns, rows = _spread(len(grid.x_values), _chosen(grid, 0)), _spread(len(grid.y_values), _chosen(grid, 1))
    known = np.abs(values[np.isfinite(values)])
    scale = float(known.max()) if known.size else 0.0
    head = "".join(f'<th scope="col">{told(grid.x_values[at])}</th>' for at in columns)
    body = ""
    for row in rows:
        cells = "".join(_grid_cell(values[row, at], scale, grid.chosen == (at, row)) for at in columns)
        body += f'<tr><th scope="row">{told(grid.y_values[row])}</th>{cells}</tr>'
    thinned = ""
    if len(columns) * len(rows) < values.size:
        shown = f"{len(columns) * len(rows):,} of {values.size:,} combinations are shown, evenly spaced."
        thinned = f'<p class="note">{shown}</p>'
    caption = (
        f"{escape(title_of_name(grid.measure))} by {escape(grid.x_name)} (across) and {escape(grid.y_name)} (down)"
    )
    return (
        f'<div class="scroll" tabindex="0"><table class="heat grid"><caption>{caption}</caption><thead><tr>'
        f'<th scope="col"><span class="sr">{escape(grid.y_name)}</span></th>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>{thinned}"
    )


def _chosen(grid: Grid, axis: int) -> int | None:
    return None if grid.chosen is None else grid.chosen[axis]


def _spread(count: int, chosen: int | None) -> list[int]:
    places = (
        set(range(count)) if count <= _MOST_CELLS else set(np.linspace(0, count - 1, _MOST_CELLS).astype(int).tolist())
    )
    return sorted(places | ({chosen} if chosen is not None and 0 <= chosen < count else set()))


def _grid_cell(value: float, scale: float, chosen: bool) -> str:
    text = quantity(float(value)) if np.isfinite(value) else UNDEFINED
    cell = f"<td {heat_style(float(value), scale)}>{text}</td>"
    return cell.replace('class="', 'aria-label="reported run, ' + text + '" class="chosen ', 1) if chosen else cell


def checks_section(story: Story) -> str:
    """A table per check; empty without any."""
    tables = "".join(_check(check) for check in story.checks)
    return section("checks", "What if", f'<div class="checks">{tables}</div>' if tables else "")


def _check(check: CheckTable) -> str:
    rows = [
        [_cell(value, check.units[at] if at < len(check.units) else "ratio") for at, value in enumerate(row)]
        for row in check.rows
    ]
    note = f'<p class="note">{escape(check.note)}</p>' if check.note else ""
    return f'<div class="check"><h3>{escape(check.title)}</h3>{table(check.columns, rows)}{note}</div>'


def _cell(value: float | str | None, unit: str) -> str:
    if isinstance(value, str):
        return escape(value)
    return plain_value(value, unit)
