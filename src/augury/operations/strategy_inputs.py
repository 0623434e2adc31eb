"""What the operations on strategies have in common: their data, parameters and settings as typed at a door."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec

from augury import backtest, ledger, market
from augury.errors import InvalidInput
from augury.operations.operation import option
from augury.operations.places import LEDGER, LEDGER_IS_LOCAL, SPLITS, STRATEGY, WRITTEN
from augury.spec import Spec

if TYPE_CHECKING:
    import pandas as pd

    from augury.arrays import FloatMatrix

__all__ = [
    "DataOptions",
    "Instrument",
    "RunOptions",
    "StrategyOptions",
    "backtest_spec",
    "grid_of",
    "instrument_of",
    "kept_of",
    "labels_of",
    "parameters_of",
    "read_instrument",
]

_SPLIT_RULES = ("none", "detect")
_MOST_VALUES = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class DataOptions(Spec):
    """Which bars, and how to read them."""

    symbol: Annotated[str | None, msgspec.Meta(description="The symbol to take from a file with several.")] = option(
        None
    )
    zone: Annotated[
        str | None, msgspec.Meta(description="Time zone of clock times without one, such as America/New_York.")
    ] = option(None, short="-z")
    splits: Annotated[
        str,
        msgspec.Meta(
            description="none: prices as they are; detect: steps like a split are taken for one, and said so; or a "
            "table (at, kind, value) of splits, dividends and a delisting."
        ),
    ] = option("none", path=SPLITS)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions(DataOptions):
    """How a strategy is run, and where it is recorded."""

    parameters: Annotated[
        tuple[str, ...], msgspec.Meta(description="A parameter of the strategy: fast=10; repeat for several.")
    ] = option((), short="-p")
    cash: Annotated[float, msgspec.Meta(gt=0.0, le=1e18, description="Money to begin with.")] = option(10_000.0)
    commission: Annotated[
        float, msgspec.Meta(ge=0.0, le=1.0, description="Commission as a fraction of the value traded: 0.001.")
    ] = option(0.001)
    slippage: Annotated[
        float, msgspec.Meta(ge=0.0, le=1.0, description="Slippage as a fraction of the price: 0.0005.")
    ] = option(0.0005)
    fill: Annotated[
        Literal["next_open", "next_close", "next_typical", "same_close"],
        msgspec.Meta(description="Where orders are filled."),
    ] = option("next_open")
    stop_loss: Annotated[float | None, msgspec.Meta(description="Exit inside the bar at this loss: 0.05.")] = option(
        None
    )
    take_profit: Annotated[float | None, msgspec.Meta(description="Exit inside the bar at this gain: 0.10.")] = option(
        None
    )
    trailing_stop: Annotated[float | None, msgspec.Meta(description="Exit at this fall from the best price: 0.08.")] = (
        option(None)
    )
    settings: Annotated[
        tuple[str, ...],
        msgspec.Meta(description="Any other setting of the engine: leverage=2, costs.borrow_rate=0.01; repeat."),
    ] = option((), short="-s")
    ledger: Annotated[
        str | None,
        msgspec.Meta(description="File of the ledger, or off; $AUGURY_LEDGER or augury-ledger.sqlite when left out."),
    ] = option(None, path=LEDGER, local=LEDGER_IS_LOCAL)
    seed: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1, description="Seed of every test that draws at random.")] = (
        option(0)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategyOptions(RunOptions):
    """One strategy on one file of bars, how hard it is tested, and the files to write."""

    strategy: Annotated[
        str,
        msgspec.Meta(
            description="A strategy's name, a .py file that defines positions(bars), or the folder of a model."
        ),
    ] = option(positional=True, path=STRATEGY)
    file: Annotated[str, msgspec.Meta(description="Bars: CSV, Parquet or Feather.")] = option(
        positional=True, path=True
    )
    permutations: Annotated[
        int, msgspec.Meta(ge=0, description="Histories in random order to compare with; 0 for none.")
    ] = option(1000)
    report: Annotated[str | None, msgspec.Meta(description="Write one self-contained HTML page here.")] = option(
        None, short="-r", path=WRITTEN
    )
    save: Annotated[
        str | None, msgspec.Meta(description="Write the run capsule (.json) here, for verify and report.")
    ] = option(None, path=WRITTEN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """The bars of one file with their corporate actions, and what has to be said about them."""

    path: str
    symbol: str
    bars: pd.DataFrame
    actions: FloatMatrix | None
    notes: tuple[str, ...] = field(default=())


def _named_values(texts: Sequence[str], what: str, example: str = "name=value, such as fast=10") -> dict[str, str]:
    found: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.strip() or not value.strip():
            raise InvalidInput(f"expected {what} as {example}; got {text!r}")
        if name.strip() in found:
            raise InvalidInput(f"{what} {name.strip()!r} is given twice; give it once")
        found[name.strip()] = value.strip()
    return found


def _number(text: str, what: str) -> float:
    try:
        value = float(text)
    except ValueError as error:
        raise InvalidInput(f"expected a number for {what}, got {text!r}") from error
    if not math.isfinite(value):
        raise InvalidInput(f"expected a finite number for {what}, got {text!r}")
    return value


def parameters_of(texts: Sequence[str]) -> dict[str, float]:
    """Parameters from `name=value` texts; the strategy checks names and bounds."""
    return {name: _number(text, name) for name, text in _named_values(texts, "a parameter").items()}


def grid_of(texts: Sequence[str]) -> dict[str, list[float]]:
    """Values of parameters from `fast=5:60:5` (both ends counted) and `slow=50,100,200`."""
    return {
        name: _axis(name, text)
        for name, text in _named_values(texts, "a grid", "name=values, such as fast=5:60:5").items()
    }


def _axis(name: str, text: str) -> list[float]:
    if ":" not in text:
        return [_number(part, name) for part in text.split(",")]
    parts = [_number(part, name) for part in text.split(":")]
    if len(parts) not in (2, 3) or parts[1] < parts[0] or (len(parts) == 3 and parts[2] <= 0.0):
        raise InvalidInput(f"expected {name} as first:last or first:last:step, such as 5:60:5; got {text!r}")
    step = parts[2] if len(parts) == 3 else 1.0
    steps = (parts[1] - parts[0]) / step + 1e-9
    if not steps < _MOST_VALUES:
        raise InvalidInput(f"{name}={text} has more than {_MOST_VALUES:,} values; take a coarser step")
    return [parts[0] + step * at for at in range(math.floor(steps) + 1)]


def _plain_setting(text: str) -> Any:
    lowered = text.lower()
    if lowered in ("true", "false"):
        return lowered == "true"
    if lowered in ("none", "null"):
        return None
    try:
        return int(text)
    except ValueError:
        try:
            return float(text)
        except ValueError:
            return text


def backtest_spec(options: RunOptions) -> backtest.BacktestSpec:
    """The engine's settings from the options of a door; unknown names raise InvalidInput with the nearest."""
    values: dict[str, Any] = {
        "initial_cash": options.cash,
        "fill": options.fill,
        "costs": {"commission_rate": options.commission, "slippage_rate": options.slippage},
        "exits": {
            "stop_loss": options.stop_loss,
            "take_profit": options.take_profit,
            "trailing_stop": options.trailing_stop,
        },
    }
    for name, text in _named_values(options.settings, "a setting", "name=value, such as leverage=2").items():
        place, dot, inner = name.partition(".")
        if dot and place in ("costs", "exits"):
            values[place][inner] = _plain_setting(text)
        else:
            values[name] = _plain_setting(text)
    return backtest.BacktestSpec.from_dict(values)


def read_instrument(path: str, options: DataOptions) -> Instrument:
    """Read bars and their corporate actions; steps like a split that nothing explains are named in a note."""
    bars = market.read_bars(path, symbol=options.symbol, zone=options.zone)
    return instrument_of(bars, path, options, symbol=options.symbol or Path(path).stem)


def instrument_of(bars: pd.DataFrame, path: str, options: DataOptions, *, symbol: str) -> Instrument:
    """Bars that were read already, with the corporate actions that the options name."""
    arrays = market.bar_arrays(bars)
    if options.splits in _SPLIT_RULES:
        actions, notes = _stepped(bars, symbol, apply=options.splits == "detect")
    else:
        actions = backtest.read_actions(options.splits, symbol=symbol)
        notes = () if actions else (f"{options.splits} names no action of {symbol}.",)
    matrix = backtest.action_matrix(arrays, actions) if actions else None
    return Instrument(path=path, symbol=symbol, bars=bars, actions=matrix, notes=notes)


def kept_of(options: DataOptions, instrument: Instrument) -> dict[str, Any]:
    """What a run capsule has to keep of how the bars were read, so that they can be read again from any folder."""
    splits = options.splits if options.splits in _SPLIT_RULES else str(Path(options.splits).resolve())
    actions = None if instrument.actions is None else ledger.array_digest(instrument.actions)
    return {"splits": splits, "symbol": options.symbol, "zone": options.zone, "actions": actions}


def _stepped(bars: pd.DataFrame, symbol: str, *, apply: bool) -> tuple[list[backtest.CorporateAction], tuple[str, ...]]:
    found = backtest.split_like_steps(market.bar_arrays(bars))
    if not found:
        return [], ()
    named = ", ".join(f"{action.value:g} for 1 on {market.iso(action.at_ns)[:10]}" for action in found[:6])
    if apply:
        return found, (f"Price steps of {symbol} were taken for splits: {named}.",)
    warning = (
        f"Prices of {symbol} step as at a split ({named}): the result takes that for a real move. Give adjusted "
        "prices, a table of splits, or --splits detect."
    )
    return [], (warning,)


def labels_of(values: Mapping[str, float] | Iterable[tuple[str, float]]) -> str:
    """Parameters as people write them: fast=10, slow=30."""
    pairs = values.items() if isinstance(values, Mapping) else values
    return ", ".join(f"{name}={value:g}" for name, value in pairs)
