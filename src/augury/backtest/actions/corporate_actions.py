"""Splits, dividends and a delisting as the engine reads them: three numbers for each bar, applied before its open."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
import pandas as pd

from augury.arrays import FloatMatrix
from augury.errors import InvalidInput, nearest
from augury.market.bars import BarArrays
from augury.market.times import instant, iso

__all__ = ["ActionKind", "CorporateAction", "action_matrix"]

ActionKind: TypeAlias = Literal["split", "dividend", "delisting"]

_KINDS: tuple[str, ...] = get_args(ActionKind)
_COLUMNS = ("at", "kind", "value")
_DAY_NS = 86_400 * 10**9
_DELISTING_GRACE_NS = 7 * _DAY_NS
"""A delisting takes effect days after the last trade: over a weekend or a holiday."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CorporateAction:
    """What happens to each unit at a moment: a split into `value` new ones, a dividend, or the end at a price.

    `at` is a day (00:00 UTC, the label of daily bars), an instant with a zone, ISO text or int ns UTC: the first moment
    at which prices are without it (the ex-date). A reverse split has a ratio below 1; a delisting at 0 loses all.
    """

    at: int | str | dt.date | dt.datetime
    kind: ActionKind
    value: float

    def __post_init__(self) -> None:
        if self.kind not in _KINDS:
            raise InvalidInput(f"a corporate action has no kind {self.kind!r}; {nearest(str(self.kind), _KINDS)}")
        number = isinstance(self.value, int | float | np.integer | np.floating) and not isinstance(self.value, bool)
        least = "at least 0" if self.kind == "delisting" else "above 0"
        if not number or not np.isfinite(self.value) or self.value < 0 or (self.value == 0 and least == "above 0"):
            raise InvalidInput(
                f"the value of a {self.kind} at {self.at} should be a number {least}, got {self.value!r}"
            )

    @property
    def at_ns(self) -> int:
        """The moment as int64 ns UTC."""
        if isinstance(self.at, dt.date) and not isinstance(self.at, dt.datetime):
            return int(pd.Timestamp(self.at).value)
        if isinstance(self.at, str) and len(self.at) == len("2024-01-31"):
            return instant(f"{self.at}T00:00:00+00:00", what="at")
        return instant(self.at, what="at")


def action_matrix(bars: BarArrays, actions: Iterable[CorporateAction] | pd.DataFrame) -> FloatMatrix:
    """The actions of one instrument as float64[3, n]: split ratio (1: none), dividend per unit, delisting price (NaN).

    `actions` are records, or a frame with columns `at`, `kind` and `value`. An action applies at the first bar that
    opens at or after its moment, before that bar's open. Several at one bar apply by their moment, a split before a
    dividend of the same moment: the matrix holds the product of the ratios and the dividend per unit after all splits.
    A short pays dividends. A delisting closes the position at its price, with commission and without slippage, at the
    last bar, of which nothing else is used.

    InvalidInput for unknown kinds, ratios and dividends that are not above 0, moments before the first bar or after the
    last one, and a delisting that leaves bars behind it (cut them off) or lies more than a week after the last bar.

    >>> import datetime as dt
    >>> from augury.market import bar_arrays
    >>> from augury.sample import load_sample
    >>> bars = bar_arrays(load_sample().bars["AAPL"])
    >>> split = CorporateAction(at=dt.date(2005, 2, 28), kind="split", value=2.0)
    >>> action_matrix(bars, [split])[0].max()
    np.float64(2.0)
    """
    matrix = np.ones((3, len(bars)))
    matrix[1], matrix[2] = 0.0, np.nan
    records = _records(actions) if isinstance(actions, pd.DataFrame) else list(actions)
    for action in sorted(records, key=lambda each: (each.at_ns, _KINDS.index(each.kind))):
        bar = _bar_of(action, bars)
        if action.kind == "split":
            matrix[0, bar] *= action.value
            matrix[1, bar] /= action.value
        elif action.kind == "dividend":
            matrix[1, bar] += action.value
        else:
            matrix[2, bar] = action.value
    return matrix


def _bar_of(action: CorporateAction, bars: BarArrays) -> int:
    """The bar before whose open the action applies."""
    moment, opened_at = action.at_ns, bars.opened_at
    bar, last = int(np.searchsorted(opened_at, moment)), len(bars) - 1
    span = f"{iso(int(opened_at[0]))} to {iso(int(opened_at[-1]))}"
    if moment < opened_at[0]:
        raise InvalidInput(f"the {action.kind} at {iso(moment)} lies before the bars ({span}); leave it out")
    if action.kind != "delisting":
        if bar > last:
            raise InvalidInput(f"the {action.kind} at {iso(moment)} lies after the last bar ({span}); leave it out")
        return bar
    if bar < last:
        raise InvalidInput(
            f"the delisting at {iso(moment)} is followed by {last - bar} more bars ({span}); cut the bars off there"
        )
    if moment - int(opened_at[-1]) > _DELISTING_GRACE_NS:
        raise InvalidInput(
            f"the delisting at {iso(moment)} lies more than a week after the last bar ({span}); bars are missing, "
            "or the delisting belongs to a longer history"
        )
    return last


def _records(frame: pd.DataFrame) -> list[CorporateAction]:
    for column in _COLUMNS:
        if column not in frame.columns:
            raise InvalidInput(f"corporate actions need the columns {', '.join(_COLUMNS)}; {column!r} is missing")
    rows: list[dict[str, Any]] = frame[list(_COLUMNS)].to_dict("records")  # type: ignore[assignment]
    return [CorporateAction(at=_moment(row["at"]), kind=row["kind"], value=row["value"]) for row in rows]


def _moment(at: Any) -> Any:
    """Days come as naive timestamps in frames; they are labels of sessions."""
    if isinstance(at, pd.Timestamp) and at.tz is None and at == at.normalize():
        return at.date()
    return at
