"""Chart images of a series of bars, drawn straight into uint8 tensors: the published form of charts for networks."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from augury.arrays import BoolVector, FloatMatrix, IntVector
from augury.errors import InvalidInput, NotEnoughData
from augury.features.chart_image_spec import ChartSpec
from augury.features.chart_kernels import FLAT, TABLE_ROWS, draw_images, fill_table, mark_drawable
from augury.market.bars import BarArrays, plain_block
from augury.market.validate import valid_arrays

__all__ = ["ChartImages", "ChartSeries", "draw_charts", "drawable"]

ChartImages: TypeAlias = NDArray[np.uint8]  # uint8[m, height, width], 0 or 255

_DEFAULT = ChartSpec()


class ChartSeries:
    """Bars made ready for drawing once, so that batches of rows can be drawn in any order as they are needed.

    `bars` are a frame, which is validated, or BarArrays that keep the Bars contract. Pass bars adjusted for splits and
    dividends: an image shows ratios of prices only, which is what rescaling the first close to 1 and compounding
    returns gives, and an unadjusted split would be drawn as a crash. A price that is missing (NaN) or not positive
    leaves its pixel blank, a missing high or low the whole bar, a missing volume its bar.

    `drawable` bool[n], read-only: the rows that have an image. Raises InvalidBars; InvalidInput for another array.
    """

    __slots__ = ("_layout", "_table", "drawable", "spec")

    def __init__(self, bars: Any, spec: ChartSpec = _DEFAULT) -> None:
        self.spec = spec
        self._layout = spec.layout
        matrix = _matrix(bars)
        self._table = np.empty((TABLE_ROWS, matrix.shape[1]))
        fill_table(matrix, self._layout, self._table)
        self.drawable: BoolVector = np.empty(matrix.shape[1], dtype=np.bool_)
        mark_drawable(self._table, self._layout, self.drawable)
        self.drawable.flags.writeable = False  # drawing relies on it

    def __len__(self) -> int:
        return int(self._table.shape[1])

    def draw(self, rows: Any = None, *, out: ChartImages | None = None) -> ChartImages:
        """The images of these rows, uint8[m, height, width]; see `draw_charts`."""
        chosen = self._checked_rows(rows)
        shape = (chosen.size, *self.spec.shape)
        if out is None:
            out = np.empty(shape, dtype=np.uint8)
        elif not (_is_bytes(out) and out.shape == shape and out.flags.c_contiguous and out.flags.writeable):
            form = f"{out.dtype}{list(out.shape)}" if isinstance(out, np.ndarray) else type(out).__name__
            raise InvalidInput(f"expected out to be a writeable, C-contiguous uint8{list(shape)} array; got {form}")
        draw_images(self._table, chosen, self._layout, out)
        return out

    def _checked_rows(self, rows: Any) -> IntVector:
        if rows is None:
            return np.flatnonzero(self.drawable)
        given = np.asarray(rows)
        count = len(self)
        if given.dtype == np.bool_ and given.shape == (count,):
            given = np.flatnonzero(given)
        if given.ndim != 1 or (given.size and given.dtype.kind not in "iu"):
            raise InvalidInput(
                f"expected rows as whole numbers [m] or as a mask bool[{count}]; got {given.dtype}{list(given.shape)}"
            )
        outside = np.flatnonzero((given < 0) | (given >= count))
        if outside.size:
            raise InvalidInput(f"expected rows from 0 to {count - 1}, the last bar; got {given[outside[0]]}")
        chosen: IntVector = given.astype(np.int64)
        blank = np.flatnonzero(~self.drawable[chosen])
        if blank.size:
            raise NotEnoughData(self._why_not(int(chosen[blank[0]]), int(blank.size), chosen.size))
        return chosen

    def _why_not(self, row: int, blank: int, asked: int) -> str:
        spec = self.spec
        if row < spec.warm_up:
            average = f" and the {spec.days - 1} before them for the average" if spec.moving_average else ""
            reason = f"an image needs {spec.days} bars{average}, {spec.look_back} in all; row {row} is bar {row + 1}"
        else:
            reason = (
                f"the prices of the {spec.days} bars up to row {row} are missing or differ by less than {FLAT:g} of "
                "their height: there is no scale to draw them on"
            )
        return f"{blank} of {asked} rows have no image: {reason}; ask only for rows where `drawable` is True"


def draw_charts(
    bars: Any, spec: ChartSpec = _DEFAULT, *, rows: Any = None, out: ChartImages | None = None
) -> ChartImages:
    """Chart images uint8[m, height, width] of some rows (whole numbers or a mask), of every drawable one by default.

    Image t shows bars t - days + 1 to t, three columns each: the open, a line from low to high, the close. The average
    of the last `days` closes runs across, each day's value over its three columns, joined to the day before; volume
    stands at the bottom, the highest filling its area. A price p lies `round((p - low) / (high - low) * (rows - 1))`
    above the lowest price row, halves to the even row, low and high being the extremes of prices and average in this
    image. Pixels are 0 or 255, row 0 is the top. Nothing is filled: see `ChartSeries` for missing prices.

    Timing: image t uses bars up to t only, so it is known at the close of bar t, and it is the same whatever unit
    prices and volumes are in. `out` uint8[m, height, width] is drawn into and returned, a tensor's memory for instance
    (`tensor.numpy()`); sixty-bar images take 17 kB each, so draw long series in batches (`ChartSeries`).

    Raises NotEnoughData for rows without an image (see `drawable`), InvalidInput for other rows, InvalidBars.

    >>> from augury.sample import load_sample
    >>> draw_charts(load_sample().bars["IBM"], ChartSpec(days=5), rows=[100, 101]).shape
    (2, 32, 15)
    """
    return ChartSeries(bars, spec).draw(rows, out=out)


def drawable(bars: Any, spec: ChartSpec = _DEFAULT) -> BoolVector:
    """Which rows have an image, bool[n]: enough bars before them, and prices that differ. Known at the row's close.

    Raises InvalidBars, or InvalidInput for arrays of another form.
    """
    return ChartSeries(bars, spec).drawable


def _matrix(bars: Any) -> FloatMatrix:
    if not isinstance(bars, BarArrays):
        return valid_arrays(bars).matrix
    matrix = bars.matrix
    if matrix.dtype != np.float64 or matrix.ndim != 2 or matrix.shape[0] != 5:
        raise InvalidInput(f"expected bars as a float64[5, n] matrix; got {matrix.dtype}{list(matrix.shape)}")
    return plain_block(matrix)


def _is_bytes(out: Any) -> bool:
    return isinstance(out, np.ndarray) and out.dtype == np.uint8
