"""Robust scaling: median and interquartile range of the training rows, cut at five."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from augury.arrays import FloatVector
from augury.errors import InvalidInput

__all__ = ["RobustScaler"]

_CLIP = 5.0
_KEYS = ("columns", "centre", "scale", "clip")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RobustScaler:
    """(value - centre) / scale for each column, cut to [-clip, clip]; NaN stays NaN.

    `centre` float64[k] is the median and `scale` float64[k] the interquartile range of the rows it was fitted on, NaN
    left out. Columns whose quartiles coincide, rare flags for instance, take their whole range as scale.
    """

    columns: tuple[str, ...]
    centre: FloatVector = field(repr=False)
    scale: FloatVector = field(repr=False)
    clip: float = _CLIP

    def __post_init__(self) -> None:
        sizes = {len(self.columns), np.size(self.centre), np.size(self.scale)}
        if len(sizes) != 1:
            raise InvalidInput(f"expected a centre and a scale for each of {len(self.columns)} columns, got {sizes}")
        sound = np.isfinite(self.centre).all() and np.isfinite(self.scale).all() and (self.scale > 0.0).all()
        if not sound or not 0.0 < self.clip < np.inf:
            raise InvalidInput("expected finite centres and finite scales and clip above 0; fit the scaler again")

    @classmethod
    def fit(cls, values: npt.ArrayLike, columns: Sequence[str] | None = None, *, clip: float = _CLIP) -> Self:
        """Fit on training rows, float64[rows, k] or windows float64[rows, T, k] (each bar then counts once a window).

        Raises InvalidInput for columns that are constant, unknown (NaN) throughout or infinite, by name.

        >>> RobustScaler.fit([[0.0], [1.0], [2.0], [3.0], [4.0]]).transform([[4.0], [99.0]]).tolist()
        [[1.0], [5.0]]
        """
        table = np.asarray(values, dtype=np.float64)
        if table.ndim not in (2, 3) or table.shape[0] == 0:
            raise InvalidInput(f"expected training rows [rows, k] or [rows, T, k], got {list(table.shape)}")
        table = table.reshape(-1, table.shape[-1])
        names = tuple(columns) if columns is not None else tuple(f"column {at}" for at in range(table.shape[1]))
        if len(names) != table.shape[1]:
            raise InvalidInput(f"expected {len(names)} columns ({', '.join(names[:5])}, ...), got {table.shape[1]}")
        refuse_useless_columns(table, names)
        low, centre, high = np.nanquantile(table, [0.25, 0.5, 0.75], axis=0)
        spread = high - low
        scale = np.where(spread > 0.0, spread, np.nanmax(table, axis=0) - np.nanmin(table, axis=0))
        return cls(columns=names, centre=centre, scale=scale, clip=clip)

    def transform(self, values: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Scaled values of the same shape [..., k]; InvalidInput when there are not k columns."""
        table = np.asarray(values, dtype=np.float64)
        if table.ndim == 0 or table.shape[-1] != len(self.columns):
            raise InvalidInput(f"expected {len(self.columns)} columns, got an array {list(table.shape)}")
        scaled: npt.NDArray[np.float64] = np.clip((table - self.centre) / self.scale, -self.clip, self.clip)
        return scaled

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-ready values; `from_dict` gives the same scaler bit for bit."""
        return {
            "columns": list(self.columns),
            "centre": self.centre.tolist(),
            "scale": self.scale.tolist(),
            "clip": self.clip,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The scaler that `to_dict` described; InvalidInput when something is missing, unknown or no number."""
        if not isinstance(values, Mapping) or set(values) != set(_KEYS):
            raise InvalidInput(f"expected a scaler with {', '.join(_KEYS)}, got {values!r:.80}")
        try:
            centre = np.array(values["centre"], dtype=np.float64)
            scale = np.array(values["scale"], dtype=np.float64)
            columns = tuple(str(name) for name in values["columns"])
            return cls(columns=columns, centre=centre, scale=scale, clip=float(values["clip"]))
        except (TypeError, ValueError) as error:
            raise InvalidInput(f"expected numbers in a scaler: {error}") from error


def refuse_useless_columns(table: npt.NDArray[np.float64], columns: Sequence[str]) -> None:
    """InvalidInput that names the columns of float64[rows, k] that are infinite, NaN throughout or constant."""
    finite = np.where(np.isnan(table), 0.0, table)
    infinite = ~np.isfinite(finite).all(axis=0)
    unknown = np.isnan(table).all(axis=0)
    known = np.where(np.isnan(table), np.inf, table).min(axis=0), np.where(np.isnan(table), -np.inf, table).max(axis=0)
    constant = ~unknown & (known[0] == known[1])
    for what, bad in (("infinite", infinite), ("unknown (NaN) in every row", unknown), ("constant", constant)):
        if bad.any():
            names = ", ".join(repr(str(columns[at])) for at in np.flatnonzero(bad)[:8])
            more = f" and {int(bad.sum()) - 8} more" if bad.sum() > 8 else ""
            raise InvalidInput(
                f"{names}{more}: {what} over {table.shape[0]} rows, so nothing can be learnt from them; "
                "name them in leave_out=, or pass a longer history"
            )
