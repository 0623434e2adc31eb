"""What the operations on models have in common: the bars of several symbols, and the data set as typed at a door."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

import msgspec

from augury import backtest, learning, market, sample
from augury.errors import Conflict, InvalidInput
from augury.operations.operation import Progress, option
from augury.spec import Spec

if TYPE_CHECKING:
    import pandas as pd

    from augury.backtest import CorporateAction
    from augury.learning import Dataset, DatasetSpec, Manifest
    from augury.learning.estimators.estimator import Track

__all__ = [
    "DEFAULT_FEATURES",
    "SAMPLE",
    "DatasetOptions",
    "Files",
    "Universe",
    "UniverseOptions",
    "dataset_of",
    "nested_track",
    "read_universe",
    "reads_of",
    "timeframe_notes",
]

SAMPLE = "sample"
"""The word for the bundled bars where a file is expected."""

_SAMPLED = (
    "Bundled sample: real daily bars of AAPL, GOOG, IBM and MSFT up to 2013-03-01, adjusted for splits; FB is left "
    "out, its history is short."
)

Files: TypeAlias = Annotated[
    tuple[str, ...],
    msgspec.Meta(description="Bars, a file a symbol (CSV, Parquet or Feather), or the word sample: bundled bars."),
]

DEFAULT_FEATURES = (
    "roc(timeperiod=1)",
    "roc(timeperiod=5)",
    "roc(timeperiod=20)",
    "rsi",
    "macd_atr",
    "bollinger_position",
    "range_position",
    "natr",
    "adx",
    "ema_distance",
    "chaikin_money_flow",
    "obv_slope",
)
"""What a data set is made of unless features are named: momentum, range, trend, volatility and volume, unit-free."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UniverseOptions(Spec):
    """How to read bars; which ones is the field `files` of each operation."""

    zone: Annotated[
        str | None, msgspec.Meta(description="Time zone of clock times without one, such as America/New_York.")
    ] = option(None, short="-z")
    splits: Annotated[
        Literal["none", "detect"],
        msgspec.Meta(
            description="none: prices as they are; detect: steps like a split are taken for one, and said so."
        ),
    ] = option("none")


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetOptions(UniverseOptions):
    """What models learn from."""

    features: Annotated[
        tuple[str, ...],
        msgspec.Meta(
            description="A feature, options in brackets: rsi, 'roc(timeperiod=5)'; repeat. A dozen by default."
        ),
    ] = option((), short="-f")
    label: Annotated[
        str, msgspec.Meta(description="direction, triple_barrier, trend_scanning or forward_return, with options.")
    ] = option("direction(horizon_bars=5)", short="-l")
    sequence_bars: Annotated[
        int, msgspec.Meta(ge=2, le=1000, description="Bars in a window, for models that read sequences.")
    ] = option(60)
    chart_days: Annotated[
        Literal[5, 20, 60], msgspec.Meta(description="Bars in a picture, for models that read charts.")
    ] = option(20)
    every_bars: Annotated[
        int, msgspec.Meta(ge=1, description="Keep each so-many-th bar only, against overlapping labels.")
    ] = option(1)
    leave_out: Annotated[
        tuple[str, ...], msgspec.Meta(description="A column of a feature that is not to be used; repeat.")
    ] = option(())
    keep_nan: Annotated[
        bool,
        msgspec.Meta(description="Keep bars where some features are unknown, for models that read that: xgboost."),
    ] = option(False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Universe:
    """Bars by symbol, free of the steps of splits that are known, and what has to be said about them."""

    bars: dict[str, pd.DataFrame]
    notes: tuple[str, ...]


def read_universe(files: Sequence[str], options: UniverseOptions) -> Universe:
    """The bars of every file; one name twice raises Conflict, a step like a split that is left in is noted."""
    if not files:
        raise InvalidInput("expected files of bars, or the word sample for the bundled ones; got none")
    for path in files:
        if files.count(path) > 1:
            raise Conflict(f"{path} is given {files.count(path)} times; name each file once")
    bars: dict[str, pd.DataFrame] = {}
    notes: list[str] = []
    for path in files:
        named = _sampled() if path == SAMPLE else {Path(path).stem: market.read_bars(path, zone=options.zone)}
        for symbol, frame in named.items():
            if symbol in bars:
                raise Conflict(
                    f"{symbol} comes from two files, the second is {path}; rename one, the name of a file is its symbol"
                )
            bars[symbol] = frame if path == SAMPLE else _unsplit(frame, symbol, options.splits, notes)
    if SAMPLE in files:
        notes.insert(0, _SAMPLED)
    return Universe(bars=bars, notes=tuple(notes))


def reads_of(model: str) -> list[str]:
    """The kinds of inputs that a model, or any member of an ensemble, reads."""
    name, options = learning.parse_model(model)
    members = options.get("members", ())
    if isinstance(members, tuple | list) and members:
        return sorted({kind for member in members for kind in reads_of(str(member))})
    return [learning.family_of(name).input_kind]


def nested_track(progress: Progress, label: str) -> Track:
    """Progress as models report it: a bar with this label, and one below it for what a single fit goes through."""
    open_bars = 0

    def track(items: Iterable[Any], total: int) -> Iterator[Any]:
        nonlocal open_bars
        open_bars += 1
        try:
            yield from progress.track(items, label if open_bars == 1 else "this fit", total)
        finally:
            open_bars -= 1

    return track


def timeframe_notes(manifest: Manifest, universe: Universe) -> tuple[str, ...]:
    """What has to be said when a model meets bars of another timeframe than it was trained on."""
    said = learning.other_timeframe(manifest, [market.bar_arrays(frame) for frame in universe.bars.values()])
    return () if said is None else (said,)


def dataset_of(universe: Universe, options: DatasetOptions, reads: Sequence[str]) -> Dataset:
    """The data set that these options describe, with what models of these kinds read (tabular, sequence, image)."""
    spec = _spec(options, reads)
    return learning.build_dataset(universe.bars, spec)


def _spec(options: DatasetOptions, reads: Sequence[str]) -> DatasetSpec:
    return learning.DatasetSpec(
        features=options.features or DEFAULT_FEATURES,
        label=options.label,
        sequence_bars=options.sequence_bars if "sequence" in reads else None,
        chart_days=options.chart_days if "image" in reads else None,
        every_bars=options.every_bars,
        leave_out=options.leave_out,
        keep_nan=options.keep_nan,
    )


def _sampled() -> dict[str, pd.DataFrame]:
    """The bundled stocks with a history of some years, adjusted for their splits."""
    found = {}
    for symbol, frame in sample.load_sample().bars.items():
        if len(frame) < 1_000:
            continue
        steps = [
            backtest.CorporateAction(kind="split", at=split.effective_on, value=split.ratio)
            for split in sample.SPLITS
            if split.ticker == symbol
        ]
        found[symbol] = _adjusted(frame, steps)
    return found


def _unsplit(frame: pd.DataFrame, symbol: str, rule: str, notes: list[str]) -> pd.DataFrame:
    steps = backtest.split_like_steps(market.bar_arrays(frame))
    if not steps:
        return frame
    named = ", ".join(f"{step.value:g} for 1 on {market.iso(step.at_ns)[:10]}" for step in steps[:6])
    if rule == "detect":
        notes.append(f"Price steps of {symbol} were taken for splits: {named}.")
        return _adjusted(frame, steps)
    notes.append(
        f"Prices of {symbol} step as at a split ({named}): models take that for a real move. Give adjusted prices, or "
        "--splits detect."
    )
    return frame


def _adjusted(frame: pd.DataFrame, steps: Sequence[CorporateAction]) -> pd.DataFrame:
    if not steps:
        return frame
    arrays = market.bar_arrays(frame)
    adjusted = backtest.split_adjusted(arrays, backtest.action_matrix(arrays, steps))
    return market.bars_frame(adjusted.opened_at, adjusted.matrix)
