"""Data sets from bars: features computed once a symbol, labels, the rows where all that is read is known."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from augury.arrays import BoolVector, FloatMatrix, FloatVector, IntVector
from augury.errors import InvalidBars, InvalidInput, NotEnoughData, NotFound, nearest
from augury.features.chart_image_spec import ChartSpec
from augury.features.computing import compute, parse_feature
from augury.features.feature import Feature
from augury.learning.data.content import content_fingerprint
from augury.learning.data.dataset import Dataset, DatasetSpec
from augury.learning.data.inputs import Inputs
from augury.learning.data.scaling import refuse_useless_columns
from augury.learning.data.weighting import sample_weights
from augury.learning.labels.label import Label, Labels
from augury.learning.labels.registry import label
from augury.market.bars import BarArrays, bar_arrays
from augury.market.time_grids import check_grid, one_timeframe, union_of
from augury.market.timeframe import Timeframe
from augury.market.validate import validate_bars

__all__ = ["LEAST_ROWS", "build_dataset"]

LEAST_ROWS = 20
ONE_SERIES = "series"  # the symbol of bars that come without one


@dataclass(frozen=True, slots=True, kw_only=True)
class _Recipe:
    """What the spec names, built."""

    spec: DatasetSpec
    features: tuple[Feature, ...]
    columns: tuple[str, ...]
    label: Label
    chart: ChartSpec | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """One symbol: its bars, all of its features and labels, and the bars that become rows."""

    bars: BarArrays
    table: FloatMatrix
    labels: Labels
    rows: IntVector


def build_dataset(bars: pd.DataFrame | Mapping[str, pd.DataFrame], spec: DatasetSpec) -> Dataset:
    """A data set from one frame of bars, or one a symbol, all of one timeframe.

    Features are computed over all bars of a symbol, so none starts warming up anew at the first row. A bar becomes a
    row when every feature is known there (and in its window, and its chart can be drawn), its label is known, and the
    label's whole horizon lies within the series: otherwise only labels that settle early would be left near its end.
    With `keep_nan` rows need one known feature only. Rows stand in order of time, then of symbol; weights are the
    average uniqueness of labels (see `reweighted` for others).

    Raises NotEnoughData when fewer than 20 rows are left, with what each reason took away; InvalidInput for columns
    that are constant, infinite or unknown throughout (by name), the same bars under two symbols and mixed timeframes;
    Conflict for features that give the same column; NotFound for unknown features, labels or columns to leave out;
    InvalidBars.

    >>> from augury.sample import load_sample
    >>> built = build_dataset(load_sample().bars, DatasetSpec(features=("rsi", "natr"), label="triple_barrier"))
    >>> built.inputs.columns, built.classes, len(built)
    (('rsi_14', 'natr_14'), ('down', 'flat', 'up'), 12004)
    """
    recipe = _recipe(spec)
    symbols, frames = _series(bars)
    dropped: Counter[str] = Counter()
    parts = [_part(frame, recipe, dropped) for frame in frames]
    rows = sum(part.rows.size for part in parts)
    if rows < LEAST_ROWS:
        raise NotEnoughData(_shortage(rows, sum(len(part.bars) for part in parts), dropped))
    inputs = _inputs(parts, recipe)
    refuse_useless_columns(inputs.tabular(), recipe.columns)
    target = _gathered(inputs, [part.labels.values for part in parts])
    return Dataset(
        spec=spec,
        inputs=inputs,
        target=target,
        weights=sample_weights(inputs),
        outcome=_gathered(inputs, [_outcomes(part) for part in parts]),
        classes=recipe.label.classes,
        symbols=symbols,
        feature_ids=tuple(feature.id for feature in recipe.features),
        fingerprint=content_fingerprint(_facts(recipe, symbols), inputs, target),
    )


def _recipe(spec: DatasetSpec) -> _Recipe:
    if not spec.features:
        raise InvalidInput("DatasetSpec.features = (): Expected at least one feature, such as 'rsi'")
    features = tuple(parse_feature(text) for text in spec.features)
    columns = [column for feature in features for column in feature.columns]
    for name in spec.leave_out:
        if name not in columns:
            raise NotFound(f"DatasetSpec.leave_out: no feature gives a column {name!r}; {nearest(name, columns)}")
    kept = tuple(column for column in columns if column not in spec.leave_out)
    if not kept:
        raise InvalidInput(f"DatasetSpec.leave_out = {spec.leave_out}: Expected that some of {columns} is kept")
    chart = None if spec.chart_days is None else ChartSpec.from_dict({"days": spec.chart_days})
    return _Recipe(spec=spec, features=features, columns=kept, label=label(spec.label), chart=chart)


def _series(bars: Any) -> tuple[tuple[str, ...], list[pd.DataFrame]]:
    """Symbols in alphabetical order with their checked bars."""
    given = dict(bars) if isinstance(bars, Mapping) else {ONE_SERIES: bars}
    if not given:
        raise InvalidInput("expected bars of at least one symbol, got an empty mapping")
    for name in given:
        if not isinstance(name, str) or not name.strip():
            raise InvalidInput(f"expected symbols as text, got {name!r}")
    frames = {name: _checked(name, given[name]) for name in sorted(given)}
    step: Timeframe | None = None
    union: IntVector = np.empty(0, dtype=np.int64)
    owners: dict[bytes, str] = {}
    for name, frame in frames.items():
        own = bar_arrays(frame)
        step = one_timeframe(name, own.opened_at, step, None)
        check_grid(name, own.opened_at, union, step)
        union = union_of(union, own.opened_at) if union.size else own.opened_at
        content = hashlib.sha256(own.opened_at.tobytes() + own.matrix.tobytes()).digest()
        other = owners.setdefault(content, name)
        if other != name:
            raise InvalidInput(f"symbols {other!r} and {name!r} have the same bars; pass each series once")
    return tuple(frames), list(frames.values())


def _checked(name: str, bars: Any) -> pd.DataFrame:
    try:
        return validate_bars(bars)
    except InvalidBars as error:
        if name == ONE_SERIES:
            raise
        raise InvalidBars(f"symbol {name!r}: {error}") from error


def _part(frame: pd.DataFrame, recipe: _Recipe, dropped: Counter[str]) -> _Part:
    bars = bar_arrays(frame)
    table = np.ascontiguousarray(compute(frame, recipe.features)[list(recipe.columns)].to_numpy(dtype=np.float64))
    labels = recipe.label.make(bars)
    kept: BoolVector = np.ones(len(bars), dtype=np.bool_)
    for reason, missing in _obstacles(bars, table, labels, recipe):
        dropped[reason] += int((kept & missing).sum())
        kept &= ~missing
    return _Part(bars=bars, table=table, labels=labels, rows=np.flatnonzero(kept))


def _obstacles(
    bars: BarArrays, table: FloatMatrix, labels: Labels, recipe: _Recipe
) -> Iterator[tuple[str, BoolVector]]:
    """Reasons why bars are no rows, in the order in which they are counted, each with the bars that it concerns."""
    spec, position = recipe.spec, np.arange(len(bars))
    skipped: BoolVector = position % spec.every_bars != 0
    yield f"between every {spec.every_bars} bars", skipped
    yield from _unknown_features(table, recipe)
    if spec.sequence_bars is not None:
        yield f"window of {spec.sequence_bars} bars not known throughout", _broken_windows(table, spec)
    if recipe.chart is not None:
        from augury.features.chart_images import drawable  # loads kernels

        yield f"no chart of {recipe.chart.days} bars can be drawn", ~drawable(bars, recipe.chart)
    beyond = position + recipe.label.horizon >= len(bars)
    yield f"horizon of {recipe.label.horizon} bars reaches past the last bar", beyond
    yield "label unknown", np.isnan(labels.values)


def _unknown_features(table: FloatMatrix, recipe: _Recipe) -> Iterator[tuple[str, BoolVector]]:
    unknown = np.isnan(table)
    if recipe.spec.keep_nan:
        yield "no feature known", unknown.sum(axis=1) == unknown.shape[1]
        return
    longest = max(recipe.features, key=lambda feature: feature.warm_up)
    yield f"warm-up ({longest.warm_up} bars of {longest.label})", np.arange(table.shape[0]) < longest.warm_up
    for at, column in enumerate(recipe.columns):
        yield f"NaN in {column!r}", unknown[:, at]


def _broken_windows(table: FloatMatrix, spec: DatasetSpec) -> BoolVector:
    """Bars whose window of `sequence_bars` begins before the series or, unless NaN are kept, holds one."""
    width = spec.sequence_bars or 1
    unknown = np.isnan(table).any(axis=1) & (not spec.keep_nan)
    before = np.concatenate([[0], np.cumsum(unknown)])
    found: BoolVector = np.ones(table.shape[0], dtype=np.bool_)
    found[width - 1 :] = before[width:] > before[:-width]
    return found


def _shortage(rows: int, bars: int, dropped: Counter[str]) -> str:
    reasons = "; ".join(f"{reason}: {count}" for reason, count in dropped.most_common() if count)
    return (
        f"expected at least {LEAST_ROWS} rows, got {rows} of {bars} bars (left out: {reasons or 'none'}); "
        "pass a longer history, shorter windows or a shorter horizon"
    )


def _inputs(parts: list[_Part], recipe: _Recipe) -> Inputs:
    symbol = np.concatenate([np.full(part.rows.size, at, dtype=np.int64) for at, part in enumerate(parts)])
    bar = np.concatenate([part.rows for part in parts])
    opened_at = np.concatenate([part.bars.opened_at[part.rows] for part in parts])
    label_end = np.concatenate([part.bars.opened_at[part.labels.end[part.rows]] for part in parts])
    order = np.lexsort((symbol, opened_at))
    return Inputs(
        tables=tuple(part.table for part in parts),
        bars=tuple(part.bars for part in parts),
        columns=recipe.columns,
        symbol=symbol[order],
        bar=bar[order],
        opened_at=opened_at[order],
        label_end=label_end[order],
        sequence_bars=recipe.spec.sequence_bars,
        chart=recipe.chart,
    )


def _outcomes(part: _Part) -> FloatVector:
    """The simple return from each bar's close to the close at its label's end, NaN without a label."""
    close, end = part.bars.matrix[3], part.labels.end
    found: FloatVector = np.where(end >= 0, close[end] / close - 1.0, np.nan)
    return found


def _gathered(inputs: Inputs, columns: list[FloatVector]) -> FloatVector:
    """The value of each row, from one float64[bars] a symbol."""
    found: FloatVector = np.empty(len(inputs))
    for at, column in enumerate(columns):
        mine = inputs.symbol == at
        found[mine] = column[inputs.bar[mine]]
    return found


def _facts(recipe: _Recipe, symbols: tuple[str, ...]) -> dict[str, Any]:
    """What a data set was made of, beside its arrays, as plain values."""
    return {
        "spec": recipe.spec.to_dict(),
        "label": recipe.label.id,
        "features": [feature.id for feature in recipe.features],
        "symbols": list(symbols),
        "chart": None if recipe.chart is None else recipe.chart.to_dict(),
    }
