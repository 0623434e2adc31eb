"""The contract of chart images: a picture a bar, drawn from the past only, in batch and bar by bar alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from augury.arrays import BoolVector, FloatVector, IntVector
from augury.features.chart_image_spec import ChartSpec
from augury.features.chart_images import ChartImages, ChartSeries
from augury.features.chart_stream import ChartStream
from augury.market.bars import BarArrays

__all__ = ["ChartRenderer", "ImageStream", "chart_renderer"]


class ImageStream(Protocol):
    """One bar in, one image out; the state saved and restored exactly."""

    def update(self, opened_at: int, bar: FloatVector) -> NDArray[np.uint8] | None:
        """Feed one closed bar (open time in ns UTC, float64[5]); a fresh uint8[height, width] or None."""
        ...

    def snapshot(self) -> bytes:
        """The whole state, such that a restored stream continues byte for byte."""
        ...

    def restore(self, snapshot: bytes) -> None:
        """Replace the state; InvalidInput for a snapshot of something else, of other options, or damaged."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartRenderer:
    """What draws chart images, as the suite in `augury.testing` judges it; `Feature` is the same for columns.

    `draw(bars, rows int64[m]) -> uint8[m, height, width]` holds 0 and 255 only; image t uses bars 0..t and is known at
    the close of bar t; rows without an image raise NotEnoughData. `drawable(bars) -> bool[n]` obeys the same rule. The
    stream gives the same bytes, and None for what is not drawable.
    """

    spec: ChartSpec
    draw: Callable[[BarArrays, IntVector], ChartImages]
    drawable: Callable[[BarArrays], BoolVector]
    open_stream: Callable[[], ImageStream]

    @property
    def id(self) -> str:
        """Options hash: the version stamped on everything made from these images."""
        return f"chart@{self.spec.id}"


def chart_renderer(spec: ChartSpec | None = None) -> ChartRenderer:
    """The renderer behind `draw_charts` and `ChartStream`, its options bound.

    >>> chart_renderer(ChartSpec(days=60)).spec.shape
    (96, 180)
    """
    options = spec or ChartSpec()
    return ChartRenderer(
        spec=options,
        draw=lambda bars, rows: ChartSeries(bars, options).draw(rows),
        drawable=lambda bars: ChartSeries(bars, options).drawable,
        open_stream=lambda: ChartStream(options),
    )
