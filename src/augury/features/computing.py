"""Features by name, with options, computed on a frame of bars into a frame of columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from augury.errors import Conflict, InvalidInput, NotEnoughData
from augury.features.feature import Feature
from augury.features.registry import make
from augury.market.bars import bar_arrays
from augury.market.validate import validate_bars
from augury.text_form import name_and_options

__all__ = ["FeatureLike", "compute", "parse_feature"]

FeatureLike: TypeAlias = "str | Feature | tuple[str, Mapping[str, Any]]"


def parse_feature(text: str) -> Feature:
    """The feature that a text names, options as keywords with literal values: `rsi(timeperiod=7)`.

    Raises InvalidInput for text of another form or options out of bounds, NotFound for an unknown name.

    >>> parse_feature("range_position(window_bars=50)").warm_up
    49
    """
    name, options = name_and_options(text, "a feature such as 'vsa' or 'rsi(timeperiod=7)'")
    return make(name, **options)


def _bound(feature: FeatureLike) -> Feature:
    if isinstance(feature, Feature):
        return feature
    if isinstance(feature, str):
        return parse_feature(feature)
    if isinstance(feature, tuple) and len(feature) == 2 and isinstance(feature[0], str):
        return make(feature[0], **feature[1])
    raise InvalidInput(
        f"expected a feature's name, a Feature or (name, options); got {type(feature).__name__}: {feature!r:.80}"
    )


def _refuse_duplicates(features: list[Feature]) -> None:
    owners: dict[str, str] = {}
    for feature in features:
        for column in feature.columns:
            if column in owners:
                raise Conflict(
                    f"column {column!r} would come from {owners[column]} and from {feature.id}; "
                    "drop one of them or give one another label: dataclasses.replace(feature, label=...)"
                )
            owners[column] = feature.id


def compute(
    bars: Any,
    features: FeatureLike | Iterable[FeatureLike],
    *,
    require_valid: bool = False,
    track: Callable[[Iterable[Feature]], Iterable[Feature]] = iter,
) -> pd.DataFrame:
    """One float64 column for each output of each feature, named `label_output`, one row a bar, indexed like the bars.

    `features` are names (`"vsa"`, `"rsi(timeperiod=7)"`), Feature objects or (name, options), one or several. Bars are
    validated once. Row t holds what is known at the close of bar t; cells are NaN while warming up and where undefined.
    With `require_valid` a history that is no longer than a feature's warm-up raises NotEnoughData. Also raises
    InvalidBars, InvalidInput (options), NotFound (names, with the nearest) and Conflict (two columns of one name).
    `track` wraps the features to show progress.

    >>> import pandas as pd
    >>> days = pd.date_range("2024-01-01", periods=3, tz="UTC", unit="ns", name="timestamp")
    >>> bars = pd.DataFrame({"open": 9.0, "high": 9.5, "low": 8.5, "close": [9.0, 9.2, 9.1], "volume": 5.0}, index=days)
    >>> compute(bars, "range_position(window_bars=2)")["range_position"].round(2).tolist()
    [nan, 0.7, 0.6]
    """
    bound = _several(features)
    if not bound:
        raise InvalidInput("expected at least one feature; got none")
    _refuse_duplicates(bound)
    frame = validate_bars(bars)
    arrays = bar_arrays(frame)
    if require_valid:
        _require_history(bound, len(arrays))
    columns = [column for feature in bound for column in feature.columns]
    values = np.concatenate([feature.batch(arrays.opened_at, arrays.matrix) for feature in track(bound)])
    return pd.DataFrame(values.T, index=frame.index, columns=columns)


def _several(features: Any) -> list[Feature]:
    pair = isinstance(features, tuple) and len(features) == 2 and isinstance(features[1], Mapping)
    if pair or isinstance(features, str | Feature) or not isinstance(features, Iterable):
        return [_bound(features)]
    return [_bound(feature) for feature in features]


def _require_history(features: list[Feature], count: int) -> None:
    for feature in features:
        if count <= feature.warm_up:
            raise NotEnoughData(
                f"{feature.label} needs at least {feature.warm_up + 1} bars for its first value; got {count}; "
                "pass a longer history or a shorter window"
            )
