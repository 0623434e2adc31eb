"""What a chart image shows and how large it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from augury.arrays import IntVector
from augury.spec import Spec

__all__ = ["PIXELS_PER_DAY", "ChartSpec"]

PIXELS_PER_DAY = 3
_HEIGHTS = {5: 32, 20: 64, 60: 96}
_GAP_ROWS = 1  # between prices and volume
_VOLUME_SHARE = 5  # one fifth of the height


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartSpec(Spec):
    """One of the published chart images: `days` bars, with or without `volume` and the `moving_average` line.

    5, 20 and 60 bars give images of 32 x 15, 64 x 60 and 96 x 180 pixels (height x width). Volume takes the bottom
    fifth, one empty row keeps it apart from the prices; without volume the prices take the whole height. The average
    of closes spans `days` bars too, so an image that shows it needs `days` - 1 earlier bars. Bars need not be days.

    Source: Jiang, Kelly and Xiu (2023), "(Re-)Imag(in)ing Price Trends", Journal of Finance 78(6), section I.

    >>> ChartSpec(days=5).shape, ChartSpec(days=5).look_back
    ((32, 15), 9)
    """

    days: Literal[5, 20, 60] = 20
    volume: bool = True
    moving_average: bool = True

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return _HEIGHTS[self.days], PIXELS_PER_DAY * self.days

    @property
    def volume_rows(self) -> int:
        """Rows at the bottom that show volume; 0 without it."""
        return _HEIGHTS[self.days] // _VOLUME_SHARE if self.volume else 0

    @property
    def price_rows(self) -> int:
        """Rows at the top that show prices and their average."""
        height = _HEIGHTS[self.days]
        return height - self.volume_rows - _GAP_ROWS if self.volume else height

    @property
    def look_back(self) -> int:
        """Bars that an image depends on, its last one included."""
        return 2 * self.days - 1 if self.moving_average else self.days

    @property
    def warm_up(self) -> int:
        """Leading bars of a series that have no image."""
        return self.look_back - 1

    @property
    def layout(self) -> IntVector:
        """What kernels need to know: days, price rows, volume rows, bars in the average (0 without one)."""
        average_bars = self.days if self.moving_average else 0
        return np.array([self.days, self.price_rows, self.volume_rows, average_bars], dtype=np.int64)
