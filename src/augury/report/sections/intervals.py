"""Figures with their intervals on a common axis, one line each: names and numbers in words, error bars drawn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from augury.report.model_story import Estimate
from augury.report.scales import Scale, Tick, linear_scale
from augury.report.sections.curves import axis_percent
from augury.report.wording import compact, percent, quantity

__all__ = ["Line", "estimate_words", "fine_digits", "interval_lines", "shown", "spread_words", "track_lines"]

_MOST_DIGITS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of marks: `name`, `detail` below it, `marks` as (style, estimate)."""

    name: str
    marks: tuple[tuple[str, Estimate], ...]
    detail: str = ""


def fine_digits(estimates: Sequence[Estimate]) -> int:
    """Decimals that show two digits of the narrowest half interval, from 2 to 6, one beyond those of the middle one."""
    widths = sorted((each.high - each.low) / 2.0 for each in estimates if each.has_interval and each.high > each.low)
    values = sorted(abs(each.value) for each in estimates if math.isfinite(each.value) and each.value != 0.0)
    sizes = widths or values or [1.0]
    finest, middle = (math.ceil(-math.log10(size)) + 1 for size in (sizes[0], sizes[len(sizes) // 2]))
    return int(np.clip(min(finest, middle + 1), 2, _MOST_DIGITS))


def shown(value: float, estimate: Estimate, digits: int) -> str:
    """A value in the estimate's unit."""
    return percent(value, max(digits - 2, 1)) if estimate.unit == "fraction" else quantity(value, digits)


def spread_words(estimate: Estimate, digits: int) -> str:
    """The interval as low to high, or why there is none."""
    if not estimate.has_interval:
        return f"no interval: {estimate.reason or 'not computed'}"
    low, high = shown(estimate.low, estimate, digits), shown(estimate.high, estimate, digits)
    if estimate.unit == "fraction":
        low = low.removesuffix("\N{NO-BREAK SPACE}%")
    return f"{low} to {high}"


def estimate_words(estimate: Estimate, digits: int) -> str:
    """Value and interval as markup."""
    spread = escape(spread_words(estimate, digits))
    return f'<span class="figure"><b>{shown(estimate.value, estimate, digits)}</b> <small>{spread}</small></span>'


def interval_lines(lines: Sequence[Line], *, label: str, filled: bool = False, ends: tuple[str, str] = ("", "")) -> str:
    """Every line's marks with whiskers around zero; `filled` draws bars from zero, `ends` name both directions."""
    estimates = [estimate for line in lines for _, estimate in line.marks]
    known = np.array([[each.value, each.low, each.high] for each in estimates], dtype=np.float64).reshape(-1)
    fractions = bool(estimates) and estimates[0].unit == "fraction"
    scale = linear_scale(known, include=(0.0,), label=axis_percent if fractions else compact, count=5)
    digits = fine_digits(estimates)
    zero = 100 * scale.at(0.0)
    rows = []
    for line in lines:
        drawn = "".join(_mark(style, estimate, scale, filled) for style, estimate in line.marks)
        told = "".join(f'<span class="{style}">{estimate_words(each, digits)}</span>' for style, each in line.marks)
        track = f'<i class="zero" style="left:{zero:.2f}%"></i>{drawn}'
        rows.append((_named(line), f"lanes{len(line.marks)}", track, told))
    return track_lines(rows, scale.ticks, label=label, ends=ends)


def _named(line: Line) -> str:
    detail = f"<small>{escape(line.detail)}</small>" if line.detail else ""
    return f"<span>{escape(line.name)}</span>{detail}"


def _mark(style: str, estimate: Estimate, scale: Scale, filled: bool) -> str:
    if not math.isfinite(estimate.value):
        return f'<span class="lane {style}"></span>'
    place, zero = 100 * scale.at(estimate.value), 100 * scale.at(0.0)
    parts = ""
    if filled:
        low, high = min(place, zero), max(place, zero)
        parts += f'<i class="block" style="left:{low:.2f}%;width:{high - low:.2f}%"></i>'
    if estimate.has_interval:
        low, high = 100 * scale.at(estimate.low), 100 * scale.at(estimate.high)
        parts += f'<i class="span" style="left:{low:.2f}%;width:{max(high - low, 0.0):.2f}%"></i>'
    if not filled:
        parts += f'<i class="dot" style="left:{place:.2f}%"></i>'
    return f'<span class="lane {style}">{parts}</span>'


def track_lines(
    rows: Sequence[tuple[str, str, str, str]],
    ticks: Sequence[Tick],
    *,
    label: str,
    ends: tuple[str, str] = ("", ""),
) -> str:
    """Lines of ready markup (name, class of the track, track, figures) over one axis of ticks."""
    grid = "".join(f'<i class="mesh" style="left:{100 * tick.at:.2f}%"></i>' for tick in ticks)
    body = "".join(
        f'<li><span class="who">{who}</span><span class="way {kind}" aria-hidden="true">{grid}{track}</span>'
        f'<span class="said">{said}</span></li>'
        for who, kind, track, said in rows
    )
    marks = "".join(
        f'<span style="left:{100 * tick.at:.2f}%"{_side(tick.at)}>{escape(tick.label)}</span>' for tick in ticks
    )
    sides = f'<p class="ends"><span>{escape(ends[0])}</span><span>{escape(ends[1])}</span></p>' if any(ends) else ""
    return (
        f'<div class="lines"><ul aria-label="{escape(label)}">{body}</ul>'
        f'<div class="below" aria-hidden="true"><div class="marks">{marks}</div>{sides}</div></div>'
    )


def _side(place: float) -> str:
    return ' class="first"' if place < 0.03 else ' class="last"' if place > 0.97 else ""
