"""Chart images bar by bar: the streaming twin of `draw_charts`, equal to it byte for byte."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from augury.arrays import FloatVector
from augury.errors import InvalidInput
from augury.features.chart_image_spec import ChartSpec
from augury.features.chart_kernels import TABLE_ROWS, draw_images, fill_table, mark_drawable
from augury.features.snapshots import seal, unseal

__all__ = ["ChartStream"]

_DEFAULT = ChartSpec()


class ChartStream:
    """Keeps the bars that one image depends on and draws the image that ends at the newest.

    >>> stream = ChartStream(ChartSpec(days=5, moving_average=False))
    >>> bar = np.array([9.0, 9.5, 8.5, 9.2, 100.0])
    >>> [image is None for image in (stream.update(day, bar) for day in range(6))]
    [True, True, True, True, False, False]
    """

    __slots__ = ("_bars", "_layout", "_seen", "_table", "spec")

    def __init__(self, spec: ChartSpec = _DEFAULT) -> None:
        self.spec = spec
        self._layout = spec.layout
        self._bars = np.zeros((5, spec.look_back))
        self._table = np.empty((TABLE_ROWS, spec.look_back))
        self._seen = 0

    def update(self, opened_at: int, bar: FloatVector) -> NDArray[np.uint8] | None:
        """Feed one closed bar: open time in ns since the epoch (UTC), `bar` float64[5] open high low close volume.

        Returns a fresh uint8[height, width], known at the close of this bar, or None where the row is not drawable.
        """
        del opened_at  # an image shows no times
        self._bars[:, :-1] = self._bars[:, 1:]
        self._bars[:, -1] = bar
        self._seen = min(self._seen + 1, self.spec.look_back)
        if self._seen < self.spec.look_back:
            return None
        drawable = np.empty(self.spec.look_back, dtype=np.bool_)
        fill_table(self._bars, self._layout, self._table)
        mark_drawable(self._table, self._layout, drawable)
        if not drawable[-1]:
            return None
        image = np.empty(self.spec.shape, dtype=np.uint8)
        draw_images(self._table, np.array([self.spec.warm_up]), self._layout, image[np.newaxis])
        return image

    def snapshot(self) -> bytes:
        """The bars kept, sealed with the options and a checksum; a stream that restores it continues byte for byte."""
        return seal(self._identity, self._seen.to_bytes(8, "little") + self._bars.astype("<f8").tobytes())

    def restore(self, snapshot: bytes) -> None:
        """Take over a snapshot. Raises InvalidInput for one of other options, of something else, or damaged."""
        body = unseal(self._identity, snapshot)
        seen = int.from_bytes(body[:8], "little")
        if len(body) != 8 + self._bars.nbytes or seen > self.spec.look_back:
            raise InvalidInput(
                f"this snapshot of {self._identity} holds {len(body)} bytes, expected {8 + self._bars.nbytes}: it "
                "was taken by another version; replay the bars"
            )
        self._bars = np.frombuffer(body[8:], dtype="<f8").astype(np.float64).reshape(self._bars.shape)
        self._seen = seen

    @property
    def _identity(self) -> str:
        return f"chart@{self.spec.id}"
