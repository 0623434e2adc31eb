"""What a strategy may answer: one finite number a bar, in the order of the bars."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from augury.arrays import FloatVector
from augury.errors import InvalidInput

__all__ = ["checked_answer"]


def checked_answer(answer: Any, index: pd.Index[Any]) -> FloatVector:
    """The answer of `positions(bars)` as float64[n]; `index` is that of the bars.

    A series must carry exactly that index: nothing is aligned, reindexed or filled. True and False count as 1 and 0.
    Raises InvalidInput for anything that is not one finite number a bar.
    """
    if isinstance(answer, pd.DataFrame):
        if answer.shape[1] != 1:
            raise InvalidInput(
                f"positions(bars) should return one column, got {answer.shape[1]}: {list(answer.columns)[:6]}"
            )
        answer = answer.iloc[:, 0]
    if answer is None:
        raise InvalidInput("positions(bars) returned nothing; end it with `return`, one target position a bar")
    if isinstance(answer, pd.Series):
        _require_index(answer.index, index)
    positions = _numbers(answer)
    if positions.shape != (len(index),):
        raise InvalidInput(
            f"positions(bars) should return {len(index)} target positions, one a bar; got shape {positions.shape}. "
            "Bars without a decision need a 0"
        )
    if not np.isfinite(positions).all():
        wrong = ~np.isfinite(positions)
        at = int(wrong.argmax())
        raise InvalidInput(
            f"positions(bars) should return finite numbers, 0 while nothing is known; got {positions[at]} at bar {at} "
            f"({index[at]}) and {int(wrong.sum())} in all: decide what they mean, for example with .fillna(0.0)"
        )
    return positions


def _numbers(answer: Any) -> FloatVector:
    if np.ma.isMaskedArray(answer) and np.ma.getmaskarray(answer).any():
        raise InvalidInput("positions(bars) returned masked values; decide what they mean, such as .filled(0.0)")
    try:
        if isinstance(answer, pd.Series) and pd.api.types.is_numeric_dtype(answer.dtype):
            return np.array(answer.to_numpy(dtype=np.float64, na_value=np.nan))
        array = np.asarray(answer)
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"positions(bars) should return an array of numbers: {error}") from error
    if array.dtype.kind not in "biuf":
        example = f", such as {array.ravel().tolist()[0]!r:.60}" if array.ndim and array.size else ""
        raise InvalidInput(
            f"positions(bars) should return numbers, one target position a bar; got {type(answer).__name__} of "
            f"{array.dtype}{example}"
        )
    return array.astype(np.float64)


def _require_index(found: pd.Index[Any], wanted: pd.Index[Any]) -> None:
    if found.equals(wanted):
        return
    if isinstance(found, pd.DatetimeIndex) and found.tz is not None:
        if found.as_unit("ns").equals(wanted):
            return
        what = f"{len(found)} rows from {found.min()} to {found.max()}"
    else:
        what = f"{len(found)} rows labelled by {found.dtype}"
    raise InvalidInput(
        f"positions(bars) should return a series on the index of the bars ({len(wanted)} rows from {wanted[0]}); got "
        f"{what}. Nothing is aligned by guess: keep every row of `bars`, or return an array with one value a bar"
    )
