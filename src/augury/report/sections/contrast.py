"""Several stories on one page: curves together, verdicts and measures side by side, correlation of returns."""

from __future__ import annotations

from html import escape

import numpy as np

from augury.arrays import FloatMatrix, IntVector
from augury.report.drawing import Plot, line, plot_html, rule
from augury.report.scales import Scale, linear_scale, log_scale, time_scale
from augury.report.sections.closing import findings_section
from augury.report.sections.curves import axis_percent, hover_json
from augury.report.sections.markup import chart, legend, scale_buttons, section, table
from augury.report.sections.measures import name_with_convention
from augury.report.sections.months import heat_style
from augury.report.sections.verdict import badge, error_bar_words, tries_words
from augury.report.series import drawdown_curve, session_times, simple_returns
from augury.report.story import Comparison, Story
from augury.report.thinning import keep_extremes
from augury.report.wording import UNDEFINED, measured, quantity

__all__ = [
    "common_returns",
    "contrast_correlation",
    "contrast_curves",
    "contrast_findings",
    "contrast_measures",
    "contrast_verdicts",
]

_STYLES = 8
_BUCKETS = 300


def contrast_verdicts(comparison: Comparison) -> str:
    """A card per story."""
    cards = "".join(_card(at, story) for at, story in enumerate(comparison.stories))
    return section("verdict", "Verdicts", f'<div class="cards">{cards}</div>')


def _card(at: int, story: Story) -> str:
    verdict = story.judgement
    level = "not judged" if verdict is None else str(verdict.level)
    headline = "No verdict was asked for." if verdict is None else str(verdict.headline)
    words = "".join(f"<p>{escape(text)}</p>" for text in (*error_bar_words(story), tries_words(story)) if text)
    gates = () if verdict is None else tuple(verdict.gates)
    met = (
        f'<p class="tally">{sum(gate.passed is True for gate in gates)} of {len(gates)} conditions met</p>'
        if gates
        else ""
    )
    return (
        f'<article class="card"><h3><i class="k{at % _STYLES + 1}"></i>{escape(story.title)}</h3>{badge(level)}'
        f'<p class="headline">{escape(headline)}</p><div class="words">{words}</div>{met}</article>'
    )


def _times(comparison: Comparison) -> IntVector:
    """The first and last close of all stories, as the ends of the common time axis."""
    first = min(int(session_times(story)[0]) for story in comparison.stories)
    last = max(int(session_times(story)[-1]) for story in comparison.stories)
    return np.array([first, last])


def contrast_curves(comparison: Comparison) -> str:
    """Growth of 1 of each story on both scales, and the drawdowns."""
    across = time_scale(_times(comparison))
    growth = [story.equity / story.initial_cash for story in comparison.stories]
    falls = [drawdown_curve(story.equity, story.initial_cash) for story in comparison.stories]
    everything = np.concatenate(growth)
    plots, log = "", log_scale(everything)
    for name, scale in (("linear", linear_scale(everything, include=(1.0,))), ("log", log)):
        if scale is not None:
            plot = _together(comparison, growth, (scale, across), f"Growth of 1, {name} scale", "tall", "number")
            plots += f'<div class="scale-{name}">{plot}</div>'
    tools = "" if log is None else scale_buttons()
    key = legend([(f"k{at % _STYLES + 1}", story.title) for at, story in enumerate(comparison.stories)])
    depth = linear_scale(np.concatenate(falls), include=(0.0, -0.01), label=axis_percent, count=4)
    below = _together(comparison, falls, (depth, across), "Drawdowns", "medium", "percent")
    return section(
        "equity", "Growth and drawdown", chart("Growth of 1", plots, key=key, tools=tools) + chart("Drawdown", below)
    )


def _together(
    comparison: Comparison, curves: list[np.ndarray], scales: tuple[Scale, Scale], label: str, size: str, form: str
) -> str:
    scale, across = scales
    shapes, named = [rule(scale.at(1.0 if form == "number" else 0.0), "base")], []
    shared = all(np.array_equal(story.times, comparison.stories[0].times) for story in comparison.stories)
    kept = keep_extremes(curves, _BUCKETS) if shared else None
    for at, (story, curve) in enumerate(zip(comparison.stories, curves, strict=True)):
        chosen = keep_extremes([curve], _BUCKETS) if kept is None else kept
        x = across.place(session_times(story)[chosen].astype(np.float64))
        shapes.append(line(x, scale.place(curve[chosen]), f"s{at % _STYLES + 1}"))
        named.append((story.title, curve[chosen], form))
    hover = ""
    if kept is not None:
        times = session_times(comparison.stories[0])[kept]
        hover = hover_json(times, across.place(times.astype(np.float64)), named)
    return plot_html(Plot(label=label, shapes=shapes, y=scale, x_ticks=across.ticks, size=size, hover=hover))


def contrast_measures(comparison: Comparison) -> str:
    """A row per measure, a column per story; empty when no story has measures."""
    names = list(dict.fromkeys(measure.name for story in comparison.stories for measure in story.listed_measures))
    if not names:
        return ""
    rows = []
    for name in names:
        found = [story.measure(name) for story in comparison.stories]
        first = next(measure for measure in found if measure is not None)
        shown = [UNDEFINED if measure is None else measured(measure) for measure in found]
        rows.append([name_with_convention(first), *shown])
    markup = table(("measure", *(story.title for story in comparison.stories)), rows, kind="contrast")
    return section(
        "measures",
        "Measures side by side",
        markup,
        "With standard errors where they are known: figures closer than their errors do not differ.",
    )


def common_returns(comparison: Comparison) -> tuple[IntVector, FloatMatrix]:
    """Returns at the closes that all stories share, float64[k, m], and those times; NaN where undefined."""
    shared = comparison.stories[0].times
    for story in comparison.stories[1:]:
        shared = np.intersect1d(shared, story.times, assume_unique=True)
    rows = [
        simple_returns(story.equity, story.initial_cash)[np.searchsorted(story.times, shared)]
        for story in comparison.stories
    ]
    return shared, np.stack(rows)


def contrast_correlation(comparison: Comparison) -> str:
    """Pearson correlation of bar returns at common closes; says so when there are too few."""
    if len(comparison.stories) < 2:
        return ""
    _, returns = common_returns(comparison)
    known = np.isfinite(returns).all(axis=0)
    intro = f"Over the {int(known.sum()):,} closes that all have in common."
    if int(known.sum()) < 20:
        return section(
            "correlation", "Correlation of returns", f'<p class="intro">{intro} That is too few (20 are needed).</p>'
        )
    centred = returns[:, known] - returns[:, known].mean(axis=1, keepdims=True)
    size = np.sqrt((centred**2).sum(axis=1))
    with np.errstate(divide="ignore", invalid="ignore"):
        matrix = (centred @ centred.T) / np.outer(size, size)
    titles = [story.title for story in comparison.stories]
    head = "".join(f'<th scope="col">{escape(title)}</th>' for title in titles)
    body = "".join(
        f'<tr><th scope="row">{escape(title)}</th>'
        + "".join(f"<td {heat_style(value, 1.0)}>{quantity(value)}</td>" for value in row)
        + "</tr>"
        for title, row in zip(titles, matrix.tolist(), strict=True)
    )
    markup = (
        f'<div class="scroll" tabindex="0"><table class="heat grid">'
        f"<thead><tr><td></td>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )
    return section("correlation", "Correlation of returns", markup, intro)


def contrast_findings(comparison: Comparison) -> str:
    """Each story's findings, folded; empty when there are none."""
    parts = []
    for at, story in enumerate(comparison.stories):
        inner = (
            findings_section(story)
            .replace('id="findings', f'id="findings-{at}')
            .replace('by="findings', f'by="findings-{at}')
        )
        if inner:
            parts.append(f"<details><summary>{escape(story.title)}</summary>{inner}</details>")
    return section("findings", "Findings", "".join(parts))
