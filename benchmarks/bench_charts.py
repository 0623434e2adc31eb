"""Chart images drawn into tensors, one thread, beside Pillow (the same pixels) and Matplotlib."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from augury.features.chart_image_spec import ChartSpec
from augury.features.chart_images import ChartImages, ChartSeries
from augury.features.chart_stream import ChartStream
from augury.market import BarArrays, bar_arrays
from augury.testing import garch_bars
from timing import beside, best_of, sized

BARS = sized(6_000, 300)
REPEATS = sized(7, 1)
WITH_PILLOW = sized(400, 5)
WITH_MATPLOTLIB = sized(12, 1)


def to_rows(prices: np.ndarray, low: float, high: float, rows: int) -> list[Any]:
    return (rows - 1 - np.round((prices - low) / (high - low) * (rows - 1))).astype(int).tolist()


def window(bars: BarArrays, t: int, spec: ChartSpec) -> tuple[np.ndarray, np.ndarray]:
    """The bars of the image that ends at t, and the moving average of their closes."""
    closes = bars.matrix[3, t - 2 * spec.days + 2 : t + 1]
    average = np.convolve(closes, np.full(spec.days, 1.0 / spec.days), mode="valid")
    return bars.matrix[:, t - spec.days + 1 : t + 1], average


def with_pillow(bars: BarArrays, t: int, spec: ChartSpec) -> np.ndarray:
    """The same picture, drawn line by line with Pillow."""
    shown, average = window(bars, t, spec)
    height, width = spec.shape
    low, high = min(shown[:4].min(), average.min()), max(shown[:4].max(), average.max())
    opens, highs, lows, closes, means = to_rows(np.vstack([shown[:4], average]), low, high, spec.price_rows)
    tall = (np.round(shown[4] / shown[4].max() * (spec.volume_rows - 1)) + 1).astype(int).tolist()
    picture = Image.new("L", (width, height))
    pen = ImageDraw.Draw(picture)
    before = means[0]
    for day in range(spec.days):
        left, middle, right = 3 * day, 3 * day + 1, 3 * day + 2
        pen.line((middle, highs[day], middle, lows[day]), fill=255)
        pen.point((left, opens[day]), fill=255)
        pen.point((right, closes[day]), fill=255)
        pen.line((left, means[day], right, means[day]), fill=255)
        if abs(means[day] - before) > 1:
            pen.line((left, before + (1 if means[day] > before else -1), left, means[day]), fill=255)
        before = means[day]
        pen.line((middle, height - tall[day], middle, height - 1), fill=255)
    return np.asarray(picture)


def with_matplotlib(bars: BarArrays, t: int, spec: ChartSpec) -> np.ndarray:
    """The same chart at the same size as Matplotlib draws it, without axes: other pixels, the usual way."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    shown, average = window(bars, t, spec)
    height, width = spec.shape
    figure = Figure(figsize=(width / 100, height / 100), dpi=100, facecolor="black")
    canvas = FigureCanvasAgg(figure)
    prices = figure.add_axes((0, 0.2, 1, 0.8))
    volume = figure.add_axes((0, 0, 1, 0.18))
    days = np.arange(spec.days)
    style = {"colors": "white", "linewidth": 0.7}
    prices.vlines(days, shown[2], shown[1], **style)
    prices.hlines(shown[0], days - 0.4, days, **style)
    prices.hlines(shown[3], days, days + 0.4, **style)
    prices.plot(days, average, color="white", linewidth=0.7)
    volume.vlines(days, 0, shown[4], **style)
    prices.set_axis_off()
    volume.set_axis_off()
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[:, :, 0]


def seconds_each(draw: Callable[[int], object], rows: np.ndarray, repeats: int) -> float:
    return best_of(lambda: [draw(int(t)) for t in rows], repeats) / rows.size


def stream_row(spec: ChartSpec, bars: BarArrays, pillow: float) -> dict[str, Any]:
    columns = [bars.matrix[:, t].copy() for t in range(len(bars))]

    def live() -> None:
        stream = ChartStream(spec)
        for t, bar in enumerate(columns):
            stream.update(t, bar)

    mine = best_of(live, REPEATS) / len(bars)
    words = {"target": "-", "agreement": "-", "note": "bar by bar, the peer draws its window"}
    return beside(mine, pillow, name=f"{spec.days} bars, stream", peer="Pillow", **words)


def rows_of(spec: ChartSpec, bars: BarArrays) -> list[dict[str, Any]]:
    series = ChartSeries(bars, spec)
    rows = np.flatnonzero(series.drawable)
    tensor: ChartImages = np.zeros((rows.size, *spec.shape), dtype=np.uint8)
    mine = best_of(lambda: series.draw(rows, out=tensor), REPEATS) / rows.size
    whole = best_of(lambda: ChartSeries(bars, spec).draw(rows, out=tensor), REPEATS) / rows.size
    few = rows[:: max(rows.size // WITH_PILLOW, 1)][:WITH_PILLOW]
    for t in few:
        np.testing.assert_array_equal(series.draw([t])[0], with_pillow(bars, int(t), spec))
    pillow = seconds_each(lambda t: with_pillow(bars, t, spec), few, min(REPEATS, 3))
    matplotlib = seconds_each(lambda t: with_matplotlib(bars, t, spec), few[:WITH_MATPLOTLIB], min(REPEATS, 2))
    name = f"{spec.days} bars, {spec.shape[0]} x {spec.shape[1]}, an image"
    target = "50,000 images/s" if spec.days == 5 else "-"
    note = f"{1 / mine:,.0f} images/s; {1 / whole:,.0f} with the preparation of the bars"
    return [
        beside(mine, pillow, name=name, peer="Pillow", target=target, agreement="equal pixels", note=note),
        beside(mine, matplotlib, name=name, peer="Matplotlib", target="-", agreement="-", note="smoothed lines"),
        stream_row(spec, bars, pillow),
    ]


def run() -> list[dict[str, Any]]:
    """Rows: name, ours, peer, peer_time, ratio, target, agreement, note."""
    bars = bar_arrays(garch_bars(BARS, seed=5))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [row for days in (5, 20, 60) for row in rows_of(ChartSpec(days=days), bars)]  # type: ignore[arg-type]


if __name__ == "__main__":
    for line in run():
        print(*(f"{value:,.1f}" if isinstance(value, float) else value for value in line.values()), sep="   ")
