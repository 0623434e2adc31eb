"""Whether probabilities come true, and how what was predicted parts the outcomes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from augury.arrays import FloatVector
from augury.report.drawing import Plot, area, bars, dots, line, plot_html
from augury.report.scales import Scale, Tick, linear_scale
from augury.report.sections.curves import axis_percent
from augury.report.sections.distribution import histogram
from augury.report.sections.markup import absent, chart, legend, section, table
from augury.report.wording import compact, percent, quantity, sentence

if TYPE_CHECKING:
    from augury.report.model_story import Forecasts, ModelStory, ReliabilityBins

__all__ = ["forecasts_section"]

_STYLES = {1: ("g2",), 2: ("g0", "g2"), 3: ("g0", "g1", "g2")}
_MORE = ("g0", "g1", "g2", "g3", "g4", "g5")


def forecasts_section(story: ModelStory) -> str:
    """A reliability diagram and a histogram by outcome for each set of forecasts; why not, where there is none."""
    body = "".join(_pair(each) for each in story.forecasts)
    if "calibration" in story.missing:
        body += absent("reliability diagram", story.missing["calibration"])
    probabilities = any(each.unit == "fraction" and each.bins is not None for each in story.forecasts)
    title = "Calibration" if probabilities or not story.forecasts else "Predictions"
    intro = "Of what was said with a probability, as large a share should come true." if probabilities else ""
    return section("forecasts", title, body, intro)


def _pair(forecasts: Forecasts) -> str:
    left = "" if forecasts.bins is None else _reliability(forecasts, forecasts.bins)
    return f'<div class="pair">{left}{_outcomes(forecasts)}</div>'


def _axis(values: FloatVector, forecasts: Forecasts, count: int = 5) -> Scale:
    return linear_scale(values, label=axis_percent if forecasts.unit == "fraction" else compact, count=count)


def _reliability(forecasts: Forecasts, bins: ReliabilityBins) -> str:
    x, y = bins.predicted, bins.observed
    across = _axis(np.concatenate([x, _room(x)]), forecasts)
    scale = _axis(np.concatenate([y, bins.low, bins.high, x]), forecasts)
    ends = np.array([max(across.low, scale.low), min(across.high, scale.high)])
    shapes = [line(across.place(ends), scale.place(ends), "perfect")]
    for at in range(len(x)):
        stem = across.place(np.array([x[at], x[at]]))
        shapes.append(line(stem, scale.place(np.array([bins.low[at], bins.high[at]])), "stem"))
    shapes.append(dots(across.place(x), scale.place(y), "s1"))
    number = int(bins.rows.sum())
    label = f"{forecasts.bins_title}: {len(x)} bins of {number:,} rows, observed against predicted"
    plot = plot_html(Plot(label=label, shapes=shapes, y=scale, x_ticks=across.ticks, size="medium"))
    counts = linear_scale(bins.rows.astype(np.float64), include=(0.0,), count=2)
    half = 0.006
    places = across.place(x)
    blocks = bars(places - half, places + half, counts.place(bins.rows.astype(np.float64)), "null")
    rows = plot_html(
        Plot(label="Rows of each bin", shapes=[blocks], y=counts, x_ticks=_titled(forecasts.event), size="low")
    )
    key = legend([("k1", f"observed, {percent(bins.level, 0)} interval"), ("kperfect", "perfectly calibrated")])
    note = " ".join(part for part in (sentence(forecasts.note), "The bars count the rows of each bin.") if part)
    return chart(forecasts.bins_title, plot + rows + _numbers(forecasts, bins), key=key, note=note)


def _room(x: FloatVector) -> FloatVector:
    """A little air at both sides, so that no bin lies on the edge."""
    span = float(np.ptp(x)) if x.size else 0.0
    pad = 0.04 * span or 0.02
    return np.array([float(x.min()) - pad, float(x.max()) + pad]) if x.size else np.empty(0)


def _titled(event: str) -> list[Tick]:
    return [Tick(0.5, f"predicted {event}")]


def _numbers(forecasts: Forecasts, bins: ReliabilityBins) -> str:
    write = percent if forecasts.unit == "fraction" else quantity
    rows = [
        [write(float(said), 1), write(float(seen), 1), f"{write(float(low), 1)} to {write(float(high), 1)}", f"{n:,}"]
        for said, seen, low, high, n in zip(bins.predicted, bins.observed, bins.low, bins.high, bins.rows, strict=True)
    ]
    inner = table(("Predicted", "Observed", f"{percent(bins.level, 0)} interval", "Rows"), rows)
    return f"<details><summary>The bins in numbers</summary>{inner}</details>"


def _outcomes(forecasts: Forecasts) -> str:
    said = forecasts.predicted
    if not said.size:
        return ""
    _, edges, outside = histogram(said)
    across = _axis(edges, forecasts)
    numbers = [int((forecasts.group == at).sum()) for at in range(len(forecasts.groups))]
    shares = [_shares(said[forecasts.group == at], edges) for at in range(len(forecasts.groups))]
    scale = linear_scale(np.concatenate(shares), include=(0.0,), label=axis_percent, count=4)
    styles = _STYLES.get(len(shares), tuple(_MORE[at % len(_MORE)] for at in range(len(shares))))
    x, shapes = across.place(np.repeat(edges, 2)), []
    for share, style in zip(shares, styles, strict=True):
        height = scale.place(np.concatenate([[0.0], np.repeat(share, 2), [0.0]]))
        shapes += [area(x, np.full(len(x), scale.at(0.0)), height, style), line(x, height, style)]
    entries = [
        (f"k{style}", f"{name}, {n:,} rows") for style, name, n in zip(styles, forecasts.groups, numbers, strict=True)
    ]
    note = _outcome_words(forecasts, outside)
    plot = plot_html(
        Plot(label=f"{forecasts.title}: predictions by outcome", shapes=shapes, y=scale, x_ticks=across.ticks)
    )
    return chart(forecasts.title, plot, key=legend(entries), note=note)


def _outcome_words(forecasts: Forecasts, outside: int) -> str:
    said = forecasts.predicted
    if float(np.ptp(said)) == 0.0:
        value = axis_percent(float(said[0])) if forecasts.unit == "fraction" else compact(float(said[0]))
        return f"Every prediction is the same, {value}: the model tells no outcome from another."
    beyond = f" {outside} {'row lies' if outside == 1 else 'rows lie'} further out." if outside else ""
    return (
        f"Share of each outcome's rows by predicted {forecasts.event}; where the shapes part, the model tells them "
        f"apart.{beyond}"
    )


def _shares(values: FloatVector, edges: FloatVector) -> FloatVector:
    counts, _ = np.histogram(values, bins=edges)
    return counts / max(len(values), 1)
