"""Chart images, compiled: a table of what each bar shows, which rows have an image, and the drawing itself.

The table float64[8, n] holds open, high, low, close, volume, the average of closes, and the lowest and highest price
that the bar puts on a chart. What is not shown is NaN (infinite in the last two, so that it never is an extreme).
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from augury.arrays import BoolVector, FloatMatrix, IntVector
from augury.numerics.compile import inlined, kernel

__all__ = ["FLAT", "LIT", "TABLE_ROWS", "draw_images", "fill_table", "mark_drawable"]

Pixels: TypeAlias = NDArray[np.uint8]
Scale: TypeAlias = tuple[float, float, float]  # lowest price, range of prices, how near a tie is, in rows

OPEN, HIGH, LOW, CLOSE, VOLUME, AVERAGE, BOTTOM, TOP = 0, 1, 2, 3, 4, 5, 6, 7
TABLE_ROWS = 8
DAYS, PRICE_ROWS, VOLUME_ROWS, AVERAGE_BARS = 0, 1, 2, 3  # of the layout
LIT = 255

FLAT = 1e-9  # a range below this share of the highest price is rounding, not movement
TIE = 1e-13  # prices nearer than this share of the highest are one price: rounding never decides a tie


@inlined
def known_price(price: float) -> float:
    """The price, or NaN for what no chart can show."""
    return price if 0.0 < price < np.inf else np.nan


@kernel("void(float64[:, ::1], int64[::1], float64[:, ::1])")
def fill_table(bars: FloatMatrix, layout: IntVector, table: FloatMatrix) -> None:
    """Write the table of every bar; the average is a plain sum over its own window, so it depends on nothing older."""
    span = layout[AVERAGE_BARS]
    for t in range(bars.shape[1]):
        high, low = known_price(bars[HIGH, t]), known_price(bars[LOW, t])
        whole = high >= low  # a bar without its range is left blank
        open_ = known_price(bars[OPEN, t]) if whole else np.nan
        close = known_price(bars[CLOSE, t]) if whole else np.nan
        volume = bars[VOLUME, t]
        average = np.nan
        if whole and span > 0 and t + 1 >= span:
            total = 0.0
            for s in range(t + 1 - span, t + 1):
                total += known_price(bars[CLOSE, s])
            average = known_price(total / span)
        bottom, top = np.inf, -np.inf
        if whole:
            bottom, top = low, high
        for price in (open_, close, average):
            if price < bottom:
                bottom = price
            if price > top:
                top = price
        table[OPEN, t], table[CLOSE, t] = open_, close
        table[HIGH, t], table[LOW, t] = (high, low) if whole else (np.nan, np.nan)
        table[VOLUME, t] = volume if whole and 0.0 <= volume < np.inf else np.nan
        table[AVERAGE, t], table[BOTTOM, t], table[TOP, t] = average, bottom, top


@inlined
def extremes(table: FloatMatrix, first: int, days: int) -> tuple[float, float, float]:
    """Lowest and highest price and the highest volume on a chart."""
    bottom, top, most = np.inf, -np.inf, 0.0
    for t in range(first, first + days):
        if table[BOTTOM, t] < bottom:
            bottom = table[BOTTOM, t]
        if table[TOP, t] > top:
            top = table[TOP, t]
        if table[VOLUME, t] > most:
            most = table[VOLUME, t]
    return bottom, top, most


@kernel("void(float64[:, ::1], int64[::1], boolean[::1])")
def mark_drawable(table: FloatMatrix, layout: IntVector, out: BoolVector) -> None:
    """True where enough bars have been seen and the prices of the image differ."""
    days = layout[DAYS]
    needed = days + max(layout[AVERAGE_BARS] - 1, 0)
    for t in range(out.size):
        out[t] = False
        if t + 1 >= needed:
            bottom, top, _ = extremes(table, t + 1 - days, days)
            out[t] = top - bottom > FLAT * top


@inlined
def nearest_step(position: float, tie: float, last: int) -> int:
    """The nearest of the steps 0..last, an even one where two are equally near (up to `tie`)."""
    if not position > 0.0:
        return 0
    if position >= last:
        return last
    above = position + 0.5
    step = int(above)
    beyond = above - step
    if beyond <= tie and step & 1:
        return step - 1
    if beyond >= 1.0 - tie and step & 1:
        return step + 1
    return step


@inlined
def draw_volume(table: FloatMatrix, first: int, layout: IntVector, most: float, image: Pixels) -> None:
    """A bar from the bottom at the middle column of each day; the highest volume fills the area."""
    last, height = layout[VOLUME_ROWS] - 1, image.shape[0]
    for day in range(layout[DAYS]):
        volume = table[VOLUME, first + day]
        if volume > 0.0:
            tall = nearest_step(volume / most * last, TIE * last, last) + 1
            for row in range(height - tall, height):
                image[row, 3 * day + 1] = LIT


@inlined
def draw_average(table: FloatMatrix, first: int, scale: Scale, layout: IntVector, image: Pixels) -> None:
    """A row across the three columns of each day, joined to the day before in the first of them."""
    before, last = -1, layout[PRICE_ROWS] - 1
    bottom, height, tie = scale
    for day in range(layout[DAYS]):
        average = table[AVERAGE, first + day]
        if not average > 0.0:
            before = -1
            continue
        row = last - nearest_step((average - bottom) / height * last, tie, last)
        for column in range(3 * day, 3 * day + 3):
            image[row, column] = LIT
        if before >= 0:
            for joint in range(min(before, row) + 1, max(before, row)):
                image[joint, 3 * day] = LIT
        before = row


@inlined
def draw_bars(table: FloatMatrix, first: int, scale: Scale, layout: IntVector, image: Pixels) -> None:
    """Each day a line from low to high in the middle, the open to its left and the close to its right."""
    last = layout[PRICE_ROWS] - 1
    bottom, height, tie = scale
    for day in range(layout[DAYS]):
        t = first + day
        if not table[HIGH, t] > 0.0:
            continue
        upper = last - nearest_step((table[HIGH, t] - bottom) / height * last, tie, last)
        lower = last - nearest_step((table[LOW, t] - bottom) / height * last, tie, last)
        for row in range(upper, lower + 1):
            image[row, 3 * day + 1] = LIT
        if table[OPEN, t] > 0.0:
            image[last - nearest_step((table[OPEN, t] - bottom) / height * last, tie, last), 3 * day] = LIT
        if table[CLOSE, t] > 0.0:
            image[last - nearest_step((table[CLOSE, t] - bottom) / height * last, tie, last), 3 * day + 2] = LIT


@kernel("void(float64[:, ::1], int64[::1], int64[::1], uint8[:, :, ::1])")
def draw_images(table: FloatMatrix, rows: IntVector, layout: IntVector, out: Pixels) -> None:
    """Draw the image that ends at each of `rows`, all drawable, into uint8[m, height, width], every pixel."""
    days, last = layout[DAYS], layout[PRICE_ROWS] - 1
    for place in range(rows.size):
        image = out[place]
        image[:, :] = 0
        first = rows[place] + 1 - days
        bottom, top, most = extremes(table, first, days)
        scale = (bottom, top - bottom, TIE * (top / (top - bottom)) * last)
        draw_bars(table, first, scale, layout, image)
        if layout[AVERAGE_BARS] > 0:
            draw_average(table, first, scale, layout, image)
        if layout[VOLUME_ROWS] > 0 and most > 0.0:
            draw_volume(table, first, layout, most, image)
