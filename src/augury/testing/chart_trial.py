"""What the chart suite runs on: a renderer, regular bars, and the images it draws on them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NoReturn

import numpy as np
import pandas as pd

from augury.arrays import BoolVector, IntVector
from augury.errors import NotEnoughData
from augury.features.chart_contract import ChartRenderer, ImageStream
from augury.features.chart_images import ChartImages
from augury.market.bars import BarArrays, bar_arrays
from augury.testing.contract import ContractBroken
from augury.testing.generators.bars_from_returns import BarStyle
from augury.testing.generators.garch_bars import garch_bars

__all__ = ["ChartTrial"]

_LIVELY = BarStyle(volume_noise=0.7)
_SOME_IMAGES = 60


@dataclass(slots=True, kw_only=True)
class ChartTrial:
    """A renderer, `bars` to draw (a regular series by default), and what it makes of them, drawn when first asked."""

    renderer: ChartRenderer
    seed: int = 0
    bars: pd.DataFrame = field(default_factory=pd.DataFrame)
    _images: ChartImages | None = field(default=None, init=False)
    _rows: IntVector | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        if self.bars.empty:
            self.bars = garch_bars(self.renderer.spec.look_back + 160, style=_LIVELY, seed=self.seed)

    @property
    def arrays(self) -> BarArrays:
        """The bars as arrays of their own: a renderer that writes into them spoils nothing."""
        arrays = bar_arrays(self.bars)
        return BarArrays(arrays.opened_at.copy(), arrays.matrix.copy())

    @property
    def rows(self) -> IntVector:
        """The drawable rows int64[m]."""
        if self._rows is None:
            self._rows = np.flatnonzero(self.mask(self.arrays))
        return self._rows

    @property
    def images(self) -> ChartImages:
        """The images of `rows`, uint8[m, height, width]."""
        if self._images is None:
            self._images = self.draw(self.arrays, self.rows)
        return self._images

    def some(self) -> IntVector:
        """Places of up to 60 of the images, the first and the last among them."""
        return np.unique(np.linspace(0, len(self.rows) - 1, min(_SOME_IMAGES, len(self.rows))).astype(np.int64))

    def mask(self, arrays: BarArrays) -> BoolVector:
        """Which rows are drawable, its form checked."""
        mask = self.renderer.drawable(arrays)
        if not isinstance(mask, np.ndarray) or mask.dtype != np.bool_ or mask.shape != (len(arrays),):
            self.broken(f"drawable gave {_form(mask)}; expected bool[{len(arrays)}]")
        return mask.copy()

    def draw(self, arrays: BarArrays, rows: IntVector) -> ChartImages:
        """The images of some rows, their form checked: uint8[m, height, width] of 0 and 255."""
        images = self.renderer.draw(arrays, rows.copy())
        wanted = (rows.size, *self.renderer.spec.shape)
        if not isinstance(images, np.ndarray) or images.dtype != np.uint8 or images.shape != wanted:
            self.broken(f"draw gave {_form(images)}; expected uint8{list(wanted)}")
        if not np.isin(images, (0, 255)).all():
            self.broken(f"a pixel is {images[~np.isin(images, (0, 255))][0]}; expected 0 or 255")
        return images

    def refuses(self, arrays: BarArrays, row: int, what: str) -> None:
        """A row without an image raises NotEnoughData."""
        try:
            self.renderer.draw(arrays, np.array([row]))
        except NotEnoughData:
            return
        self.broken(f"row {row}, {what}, was drawn; expected NotEnoughData")

    def require(self, expected: ChartImages, found: ChartImages, rows: IntVector, situation: str) -> None:
        """Raise ContractBroken at the first image that differs, naming row and pixel."""
        different = np.argwhere(expected != found)
        if different.size:
            place, line, column = different[0].tolist()
            images = np.unique(different[:, 0]).size
            self.broken(
                f"{situation}: the image of row {rows[place]} differs at line {line}, column {column} "
                f"({images} of {rows.size} images differ)"
            )

    def feed(self, stream: ImageStream, start: int, stop: int, situation: str) -> None:
        """Feed bars start..stop-1 and compare with the batch; the bar's array is overwritten after every update."""
        arrays, place = self.arrays, {int(row): place for place, row in enumerate(self.rows)}
        for t in range(start, stop):
            bar = arrays.matrix[:, t].copy()
            image = stream.update(int(arrays.opened_at[t]), bar)
            if not np.array_equal(bar, arrays.matrix[:, t], equal_nan=True):
                self.broken(f"{situation}: update changed the bar it was given (bar {t})")
            bar[:] = np.nan
            self._compare(image, place.get(t), t, situation)

    def _compare(self, image: object, place: int | None, t: int, situation: str) -> None:
        if (image is None) != (place is None):
            there, elsewhere = ("no image", "one") if image is None else ("an image", "none")
            self.broken(f"{situation}: the stream gives {there} at bar {t}, the batch {elsewhere}")
        if place is None:
            return
        shape = self.renderer.spec.shape
        if not isinstance(image, np.ndarray) or image.dtype != np.uint8 or image.shape != shape:
            self.broken(f"{situation}: update gave {_form(image)} at bar {t}; expected uint8{list(shape)}")
        self.require(self.images[place][None], image[None], np.array([t]), situation)
        image[:] = 77  # a stream that keeps what it returns would show it

    def broken(self, message: str) -> NoReturn:
        """Raise ContractBroken with the renderer's id before the message."""
        raise ContractBroken(f"{self.renderer.id}: {message}")


def _form(value: object) -> str:
    return f"{value.dtype}{list(value.shape)}" if isinstance(value, np.ndarray) else type(value).__name__
