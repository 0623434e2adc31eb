"""What models read, row by row: a table of features, windows of it, and chart images, chosen by rows like an array."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from augury.arrays import FloatMatrix, IntVector
from augury.errors import InvalidInput
from augury.features.chart_image_spec import ChartSpec
from augury.market.bars import BarArrays

__all__ = ["InputKind", "Inputs", "read_inputs"]

InputKind: TypeAlias = Literal["tabular", "sequence", "image"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Inputs:
    """Rows of a data set as models read them; `inputs[rows]` chooses some, and nothing is copied before it is read.

    `tables` float64[bars, k] holds every bar's features, one table a symbol, `bars` the bars they were computed from.
    Row i belongs to bar `bar[i]` of symbol `symbol[i]`; all it reads is known at that bar's close. `opened_at[i]` and
    `label_end[i]`, ns UTC, are the opens of that bar and of the last bar that its label looks at (the bar itself where
    there is no label): training code purges with them.
    """

    tables: tuple[FloatMatrix, ...] = field(repr=False)
    bars: tuple[BarArrays, ...] = field(repr=False)
    columns: tuple[str, ...]
    symbol: IntVector = field(repr=False)
    bar: IntVector = field(repr=False)
    opened_at: IntVector = field(repr=False)
    label_end: IntVector = field(repr=False)
    sequence_bars: int | None = None
    chart: ChartSpec | None = None

    def __len__(self) -> int:
        return int(self.bar.size)

    @property
    def shape(self) -> tuple[int]:
        """(rows,), so that code for arrays can count them."""
        return (len(self),)

    def __getitem__(self, rows: Any) -> Inputs:
        """The same inputs of some rows: a slice, positions int64[m] or a mask bool[n]."""
        chosen: dict[str, Any] = {
            name: np.atleast_1d(getattr(self, name)[rows]) for name in ("symbol", "bar", "opened_at", "label_end")
        }
        return replace(self, **chosen)

    def tabular(self) -> FloatMatrix:
        """float64[rows, k]: the features of each row's bar."""
        found = np.empty((len(self), len(self.columns)))
        for at, table in enumerate(self.tables):
            mine = self.symbol == at
            found[mine] = table[self.bar[mine]]
        return found

    def sequence(self) -> npt.NDArray[np.float64]:
        """float64[rows, sequence_bars, k]: the features of the bars up to and with each row's own, oldest first."""
        if self.sequence_bars is None:
            raise InvalidInput("these inputs hold no sequences; build the data set with sequence_bars, such as 60")
        found = np.empty((len(self), self.sequence_bars, len(self.columns)))
        back = np.arange(1 - self.sequence_bars, 1)
        for at, table in enumerate(self.tables):
            mine = np.flatnonzero(self.symbol == at)
            found[mine] = table[self.bar[mine, None] + back]
        return found

    def image(self) -> npt.NDArray[np.uint8]:
        """uint8[rows, height, width]: the chart up to and with each row's bar."""
        if self.chart is None:
            raise InvalidInput("these inputs hold no chart images; build the data set with chart_days 5, 20 or 60")
        from augury.features.chart_images import draw_charts  # a kernel, loaded when images are drawn

        found = np.empty((len(self), *self.chart.shape), dtype=np.uint8)
        for at, bars in enumerate(self.bars):
            mine = np.flatnonzero(self.symbol == at)
            if mine.size:
                found[mine] = draw_charts(bars, self.chart, rows=self.bar[mine])
        return found


def read_inputs(inputs: Any, kind: InputKind) -> npt.NDArray[Any]:
    """What a model of this kind reads of `Inputs`, or an array of that form as it is; InvalidInput for other forms.

    Forms: tabular [rows, k], sequence [rows, T, k], image [rows, height, width].
    """
    if isinstance(inputs, Inputs):
        found: npt.NDArray[Any] = getattr(inputs, kind)()
        return found
    array = np.asarray(inputs)
    dimensions = 2 if kind == "tabular" else 3
    if array.ndim != dimensions or array.dtype.kind not in "fiub":
        form: Sequence[str] = {"tabular": ("rows", "k"), "sequence": ("rows", "T", "k")}.get(kind, ("rows", "h", "w"))
        raise InvalidInput(f"expected numbers [{', '.join(form)}], got {array.dtype}{list(array.shape)}")
    return array
