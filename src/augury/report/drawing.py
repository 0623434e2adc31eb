"""Charts as markup that fits every width: shapes stretch in SVG, words stay words in HTML.

A plot is an SVG whose unit square is stretched over the plot area with strokes that keep their width, and labels placed
by percent. It needs no script, is drawn at once, follows the theme through CSS, and prints.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from augury.arrays import FloatVector
from augury.report.scales import Scale, Tick

__all__ = ["Plot", "area", "bars", "dots", "json_attribute", "line", "packed", "plot_html", "rule", "script_json"]

_WIDTH = 1000
_HEIGHT = 400


def _coordinates(x: FloatVector, y: FloatVector) -> list[tuple[float, float] | None]:
    across, down = np.round(x * _WIDTH, 1), np.round((1.0 - y) * _HEIGHT, 1)
    known = (np.isfinite(across) & np.isfinite(down)).tolist()
    pairs = zip(across.tolist(), down.tolist(), known, strict=True)
    return [(right, low) if there else None for right, low, there in pairs]


def _path(x: FloatVector, y: FloatVector) -> str:
    parts, pen = [], "M"
    for point in _coordinates(x, y):
        if point is None:
            pen = "M"
            continue
        parts.append(f"{pen}{point[0]:g} {point[1]:g}")
        pen = "L"
    return "".join(parts)


def line(x: FloatVector, y: FloatVector, style: str) -> str:
    """A line through places from 0 to 1; NaN leaves a gap. `style` is a class of the style sheet."""
    if int(np.isfinite(y).sum()) == 1:
        return dots(x, y, style)
    return f'<path class="line {style}" d="{_path(x, y)}"/>'


def area(x: FloatVector, low: FloatVector, high: FloatVector, style: str) -> str:
    """The surface between two curves; gaps where either is NaN."""
    known = np.isfinite(x) & np.isfinite(low) & np.isfinite(high)
    edges = np.flatnonzero(np.diff(np.concatenate(([False], known, [False])).astype(np.int8)))
    parts = []
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        there = np.concatenate([x[start:stop], x[start:stop][::-1]])
        parts.append(_path(there, np.concatenate([high[start:stop], low[start:stop][::-1]])) + "Z")
    return f'<path class="area {style}" d="{"".join(parts)}"/>'


def bars(left: FloatVector, right: FloatVector, height: FloatVector, style: str, base: float = 0.0) -> str:
    """Upright bars from `base`, all places from 0 to 1."""
    shapes = []
    for start, stop, top in zip(left.tolist(), right.tolist(), height.tolist(), strict=True):
        if np.isfinite(top):
            high, low = max(top, base), min(top, base)
            x, y = start * _WIDTH, (1 - high) * _HEIGHT
            shapes.append(f"M{x:.1f} {y:.1f}h{(stop - start) * _WIDTH:.1f}v{(high - low) * _HEIGHT:.1f}H{x:.1f}Z")
    return f'<path class="bars {style}" d="{"".join(shapes)}"/>'


def dots(x: FloatVector, y: FloatVector, style: str) -> str:
    """Round dots that stay round however the plot is stretched."""
    path = "".join(f"M{point[0]:g} {point[1]:g}h0" for point in _coordinates(x, y) if point is not None)
    return f'<path class="dots {style}" d="{path}"/>'


def rule(place: float, style: str, *, upright: bool = False) -> str:
    """A straight line across (or up) the whole plot; nothing when it lies outside."""
    if not 0.0 <= place <= 1.0:
        return ""
    where = f"M{place * _WIDTH:.1f} 0V{_HEIGHT}" if upright else f"M0 {(1 - place) * _HEIGHT:.1f}H{_WIDTH}"
    return f'<path class="rule {style}" d="{where}"/>'


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plot:
    """One plot: its shapes, axes, height class and words for those who do not see it."""

    label: str
    shapes: Sequence[str]
    y: Scale
    x_ticks: Sequence[Tick]
    size: str = "medium"
    hover: str = ""
    overlay: str = ""


def plot_html(plot: Plot) -> str:
    """The markup of a plot; `hover` is a JSON attribute that the page's script turns into a read-out."""
    lines = "".join(rule(tick.at, "grid") for tick in plot.y.ticks)
    left = "".join(
        f'<span style="bottom:{100 * tick.at:.2f}%">{escape(tick.label)}</span>'
        for tick in plot.y.ticks
        if -0.001 <= tick.at <= 1.001
    )
    below = "".join(
        f'<span style="left:{100 * tick.at:.2f}%"{_edge(tick.at)}>{escape(tick.label)}</span>' for tick in plot.x_ticks
    )
    hover = f" data-hover='{plot.hover}'" if plot.hover else ""
    return (
        f'<div class="plot {plot.size}"{hover}><div class="axis-y" aria-hidden="true">{left}</div>'
        f'<div class="canvas"><svg role="img" aria-label="{escape(plot.label)}" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        f'preserveAspectRatio="none">{lines}{"".join(plot.shapes)}</svg>{plot.overlay}</div>'
        f'<div class="axis-x" aria-hidden="true">{below}</div></div>'
    )


def _edge(place: float) -> str:
    return ' class="first"' if place < 0.03 else ' class="last"' if place > 0.97 else ""


def script_json(value: Any) -> str:
    """JSON that may stand inside a script element: no text of it can end the element."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False, ensure_ascii=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026").replace("\u2028", "\\u2028")


def json_attribute(value: Any) -> str:
    """JSON that may stand inside an attribute in single quotes."""
    return script_json(value).replace("'", "\\u0027")


def packed(values: Any, kind: str) -> dict[str, str]:
    """An array as base64 of little-endian numbers: a fifth of its size as text, and read at once by the browser."""
    array, form = np.asarray(values), np.dtype(f"<{kind}")
    if form.kind == "f":  # what is beyond the numbers of this size is drawn at their edge
        array = np.clip(array, np.finfo(form).min, np.finfo(form).max)
    return {"k": kind, "b": base64.b64encode(array.astype(form).tobytes()).decode()}
