"""How returns are spread against a normal curve, and the observed statistic among those of chance."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from augury.arrays import FloatVector
from augury.report.drawing import Plot, bars, line, plot_html, rule
from augury.report.evidence import NullTest
from augury.report.scales import Scale, Tick, linear_scale
from augury.report.sections.curves import axis_percent
from augury.report.sections.markup import chart, legend, section
from augury.report.series import simple_returns
from augury.report.wording import percent, quantity, sentence

if TYPE_CHECKING:
    from augury.report.story import Story

__all__ = ["chance_section", "distribution_section", "histogram"]


def histogram(values: FloatVector) -> tuple[FloatVector, FloatVector, int]:
    """Counts and edges over the central 99.8 % (all of it below 500 values), and how many values lie outside.

    Bins are those of Freedman and Diaconis (1981), between 12 and 80 of them.
    """
    low, high = float(values.min()), float(values.max())
    if len(values) >= 500:
        low, high = (float(end) for end in np.quantile(values, [0.001, 0.999]))
    if high <= low:
        pad = abs(low) * 0.01 or 0.5
        low, high = low - pad, high + pad
    quarter, three = np.quantile(values, [0.25, 0.75])
    width = 2.0 * float(three - quarter) / len(values) ** (1 / 3)
    count = int(np.clip((high - low) / width if width > 0 else 12, 12, 80))
    counts, edges = np.histogram(values, bins=count, range=(low, high))
    return counts.astype(np.float64), edges, len(values) - int(counts.sum())


def distribution_section(story: Story) -> str:
    """Empty below five returns other than zero, or when none differ."""
    returns = simple_returns(story.equity, story.initial_cash)
    returns = returns[np.isfinite(returns)]
    idle = int((returns == 0.0).sum())
    returns = returns[returns != 0.0]  # flat bars would dwarf the others
    if len(returns) < 5 or float(np.ptp(returns)) == 0.0:
        return ""
    counts, edges, outside = histogram(returns)
    mean, deviation = float(returns.mean()), float(returns.std(ddof=1))
    grid = np.linspace(edges[0], edges[-1], 200)
    density = np.exp(-0.5 * ((grid - mean) / deviation) ** 2) / (deviation * math.sqrt(2 * math.pi))
    expected = density * len(returns) * (edges[1] - edges[0])
    across = _exact_scale(edges[0], edges[-1])
    scale = linear_scale(np.concatenate([counts, expected]), include=(0.0,), count=4)
    middle = 0.5 * (edges[1:] + edges[:-1])
    height = scale.place(counts)
    left, right = across.place(edges[:-1]), across.place(edges[1:])
    shapes = [
        bars(left, right, np.where(middle >= 0, height, np.nan), "up"),
        bars(left, right, np.where(middle < 0, height, np.nan), "down"),
        rule(across.at(0.0), "base", upright=True),
        line(across.place(grid), scale.place(expected), "ink"),
    ]
    label = (
        f"Histogram of {len(returns):,} bar returns, mean {percent(mean, 3)}, standard deviation {percent(deviation)}"
    )
    note = f"{len(returns):,} bar returns; mean {percent(mean, 3)}, standard deviation {percent(deviation)}."
    if idle:
        note += f" {idle:,} bars without any return are left out."
    if outside:
        note += f" {outside} further out, from {percent(float(returns.min()))} to {percent(float(returns.max()))}."
    plot = plot_html(Plot(label=label, shapes=shapes, y=scale, x_ticks=across.ticks))
    key = legend([("kink", "normal, same mean and deviation")])
    return section("distribution", "Distribution of returns", chart("Bar returns", plot, note=note, key=key))


def _exact_scale(low: float, high: float) -> Scale:
    """Ticks at round percents, the ends where the bins end."""
    wide = linear_scale(np.array([low, high]), label=axis_percent, count=6)
    span = high - low
    ticks = tuple(
        Tick((wide.low + tick.at * (wide.high - wide.low) - low) / span, tick.label)
        for tick in wide.ticks
        if 0.0 <= (wide.low + tick.at * (wide.high - wide.low) - low) / span <= 1.0
    )
    return Scale(low, high, lambda shown: (shown - low) / span, ticks)


def chance_section(story: Story) -> str:
    """A histogram per test; empty without tests."""
    return section(
        "chance",
        "Against chance",
        "".join(_null_chart(test) for test in story.tests),
        "Where the observed result falls among results of histories that hold no edge.",
    )


def _null_chart(test: NullTest) -> str:
    null = np.asarray(test.null, dtype=np.float64)
    null = null[np.isfinite(null)]
    if not len(null):
        return f'<p class="note">{escape(test.name)}: no value of the null is known.</p>'
    observed = np.array([test.observed]) if math.isfinite(test.observed) else np.empty(0)
    counts, edges, outside = histogram(null)
    across = linear_scale(np.concatenate([edges, observed]), count=6)
    scale = linear_scale(counts, include=(0.0,), count=4)
    shapes = [bars(across.place(edges[:-1]), across.place(edges[1:]), scale.place(counts), "null")]
    overlay = ""
    if observed.size:
        place = across.at(test.observed)
        shapes.append(rule(place, "observed", upright=True))
        side = "left" if place > 0.6 else "right"
        overlay = f'<b class="flag {side}" style="left:{100 * place:.2f}%">observed {quantity(test.observed)}</b>'
    p_value = "" if test.p_value is None else f", p = {test.p_value:.3g}"
    label = f"{test.name}: {len(null):,} values of chance, observed {quantity(test.observed)}{p_value}"
    note = " ".join(
        part for part in (sentence(test.explanation), f"{outside} values lie further out." if outside else "") if part
    )
    plot = plot_html(Plot(label=label, shapes=shapes, y=scale, x_ticks=across.ticks, overlay=overlay))
    title = f"{test.name}: {test.statistic} on {len(null):,} histories{p_value}"
    return chart(title, plot, note=note)
