"""The value of the account against its benchmark, with the drawdown and the exposure below."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from augury.arrays import FloatVector, IntVector
from augury.report.drawing import Plot, area, json_attribute, line, plot_html, rule
from augury.report.scales import Scale, linear_scale, log_scale, time_scale
from augury.report.sections.markup import chart, legend, scale_buttons, section
from augury.report.series import drawdown_curve, session_times
from augury.report.thinning import keep_extremes
from augury.report.wording import compact, percent

if TYPE_CHECKING:
    from augury.report.story import Story

__all__ = ["axis_percent", "curves_figures", "curves_section", "hover_json"]

_BUCKETS = 600


def axis_percent(value: float) -> str:
    """A fraction on an axis, with as many digits as it needs to be exact (up to three)."""
    shown = 100.0 * value
    digits = next((count for count in range(3) if abs(shown - round(shown, count)) < 1e-9 * max(1.0, abs(shown))), 3)
    return percent(value, digits).replace("\N{NO-BREAK SPACE}", "")


def hover_json(times: IntVector, places: FloatVector, curves: list[tuple[str, FloatVector, str]]) -> str:
    """What the script shows under the pointer: places 0 to 1, seconds, and named curves with how they are written."""
    series = [
        {
            "n": name,
            "f": form,
            "v": [float(f"{value:.6g}") if np.isfinite(value) else None for value in values.tolist()],
        }
        for name, values, form in curves
    ]
    return json_attribute({"x": np.round(places, 5).tolist(), "t": (times // 10**9).tolist(), "s": series})


def curves_section(story: Story) -> str:
    """Equity on a linear and a logarithmic scale (a button changes), drawdown, and exposure where it is known."""
    return section("equity", "Equity and drawdown", curves_figures(story))


def curves_figures(story: Story, own: str = "Strategy") -> str:
    """The figures of `curves_section` without their section; `own` is what the story's curve is called."""
    drawdown = drawdown_curve(story.equity, story.initial_cash)
    curves = [story.equity, drawdown]
    if story.benchmark is not None:
        curves.append(story.benchmark.equity)
    if story.exposure is not None:
        curves.append(story.exposure)
    kept = keep_extremes(curves, _BUCKETS)
    times = session_times(story)
    across = time_scale(times)
    body = _equity(story, kept, across, own) + _drawdown(story, kept, across, drawdown, own)
    if story.exposure is not None:
        body += _exposure(story.exposure, kept, times, across)
    thinned = (
        ""
        if len(kept) == len(story)
        else (f"{len(kept):,} of {len(story):,} closes are drawn; the highest and lowest of every span are among them.")
    )
    return body + (f'<p class="note">{thinned}</p>' if thinned else "")


def _equity(story: Story, kept: IntVector, across: Scale, own: str) -> str:
    times = session_times(story)
    curves = [(own, story.equity[kept], "money")]
    key = [("k1", own)]
    if story.benchmark is not None:
        curves.append((story.benchmark.name, story.benchmark.equity[kept], "money"))
        key.append(("k2", story.benchmark.name))
    x = across.place(times[kept].astype(np.float64))
    everything = np.concatenate([values for _, values, _ in curves])
    hover = hover_json(times[kept], x, curves)
    plots, tools = "", ""
    scales = [("linear", linear_scale(everything, include=(story.initial_cash,))), ("log", log_scale(everything))]
    for name, scale in scales:
        if scale is None:
            continue
        shapes = [rule(scale.at(story.initial_cash), "base")]
        shapes += [
            line(x, scale.place(values), f"s{at + 1}") for at, (_, values, _) in reversed(list(enumerate(curves)))
        ]
        words = f"Value of the account, {name} scale, {_ends(story)}"
        plot = plot_html(Plot(label=words, shapes=shapes, y=scale, x_ticks=across.ticks, size="tall", hover=hover))
        plots += f'<div class="scale-{name}">{plot}</div>'
    if scales[1][1] is not None:
        tools = scale_buttons()
    note = "" if tools else "No logarithmic scale: the curve is not positive throughout."
    return chart("Value of the account", plots, key=legend(key), tools=tools, note=note)


def _ends(story: Story) -> str:
    return f"from {compact(story.initial_cash)} to {compact(float(story.equity[-1]))}"


def _drawdown(story: Story, kept: IntVector, across: Scale, drawdown: FloatVector, own: str) -> str:
    times = session_times(story)
    x = across.place(times[kept].astype(np.float64))
    curves = [(own, drawdown[kept], "percent")]
    if story.benchmark is not None:
        beside = drawdown_curve(story.benchmark.equity, story.initial_cash)
        curves.append((story.benchmark.name, beside[kept], "percent"))
    everything = np.concatenate([values for _, values, _ in curves])
    scale = linear_scale(everything, include=(0.0, -0.01), label=axis_percent, count=4)
    shapes = [line(x, scale.place(values), "s2") for _, values, _ in curves[1:]]
    fallen = scale.place(curves[0][1])
    shapes += [area(x, fallen, np.full(len(x), scale.at(0.0)), "fall"), line(x, fallen, "fall")]
    deepest = float(np.nanmin(drawdown)) if np.isfinite(drawdown).any() else float("nan")
    label = f"Drawdown, deepest {percent(deepest)}"
    plot = Plot(
        label=label,
        shapes=shapes,
        y=scale,
        x_ticks=across.ticks,
        size="short",
        hover=hover_json(times[kept], x, curves),
    )
    return chart("Drawdown", plot_html(plot))


def _exposure(exposure: FloatVector, kept: IntVector, times: IntVector, across: Scale) -> str:
    x, values = across.place(times[kept].astype(np.float64)), exposure[kept]
    scale = linear_scale(values, include=(0.0, 1.0), label=axis_percent, count=2)
    zero = np.full(len(x), scale.at(0.0))
    shapes = [area(x, zero, scale.place(values), "held"), line(x, scale.place(values), "held")]
    hover = hover_json(times[kept], x, [("Exposure", values, "percent")])
    plot = Plot(label="Exposure", shapes=shapes, y=scale, x_ticks=across.ticks, size="low", hover=hover)
    return chart("Exposure", plot_html(plot))
