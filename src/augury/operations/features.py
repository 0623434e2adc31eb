"""The `features` operation: causal columns from a file of bars, or the catalogue of what can be computed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from augury import features, market
from augury.errors import InvalidInput
from augury.operations.files import check_output, write_table
from augury.operations.operation import Operation, Progress, option
from augury.operations.places import WRITTEN
from augury.operations.registry import register
from augury.spec import Spec

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FeaturesOptions", "FeaturesResult"]

_DEFAULT = ("vsa", "hawkes", "hurst", "permutation_entropy")


@dataclass(frozen=True, slots=True, kw_only=True)
class FeaturesOptions(Spec):
    """Options of the `features` operation."""

    file: Annotated[
        str | None, msgspec.Meta(description="Bars: CSV, Parquet or Feather. Without it the catalogue is listed.")
    ] = option(None, positional=True, path=True)
    select: Annotated[
        tuple[str, ...],
        msgspec.Meta(description="A feature, options in brackets: rsi, 'sma(timeperiod=50)'; repeat for several."),
    ] = option((), short="-f")
    output: Annotated[
        str | None, msgspec.Meta(description="Write every row to this .csv, .parquet or .feather file.")
    ] = option(None, short="-o", path=WRITTEN)
    symbol: Annotated[str | None, msgspec.Meta(description="The symbol to take from a file with several.")] = option(
        None
    )
    zone: Annotated[
        str | None, msgspec.Meta(description="Time zone of clock times without one, such as America/New_York.")
    ] = option(None, short="-z")
    rows: Annotated[int, msgspec.Meta(ge=1, description="How many of the last rows to print.")] = option(5)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeaturesResult:
    """Computed columns, or the catalogue when no file was given."""

    table: pd.DataFrame | None
    rows: int
    written: str | None
    catalogue: tuple[dict[str, Any], ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-ready values: the last rows, unknown and overflown values as None."""
        if self.table is None:
            return {"catalogue": list(self.catalogue)}
        shown = self.table.tail(self.rows)
        values = shown.astype(object).where(shown.abs() < math.inf, None)
        rows = [
            {"timestamp": time.isoformat(), **dict(zip(values.columns, row, strict=True))}
            for time, row in zip(shown.index, values.itertuples(index=False, name=None), strict=True)
        ]
        return {"columns": list(self.table.columns), "bars": len(self.table), "rows": rows, "written": self.written}


def _catalogue() -> tuple[dict[str, Any], ...]:
    return tuple(
        {"name": name, "summary": entry.summary, "source": entry.source, "options": entry.spec_type().to_dict()}
        for name, entry in features.definitions().items()
    )


def _run(options: FeaturesOptions, progress: Progress) -> FeaturesResult:
    if options.file is None:
        if options.select or options.output is not None:
            raise InvalidInput("expected a file of bars to compute features from: augury features AAPL.csv -f rsi")
        return FeaturesResult(table=None, rows=0, written=None, catalogue=_catalogue())
    if options.output is not None:
        check_output(Path(options.output), made_from=[options.file])
    chosen = [features.parse_feature(text) for text in options.select or _DEFAULT]
    bars = market.read_bars(options.file, symbol=options.symbol, zone=options.zone)
    table = features.compute(bars, chosen, track=lambda items: progress.track(items, "Computing", len(chosen)))
    if options.output is not None:
        write_table(table, Path(options.output))
    return FeaturesResult(table=table, rows=options.rows, written=options.output, catalogue=())


register(
    Operation(
        name="features",
        summary="Compute causal feature columns from a file of bars; list the catalogue without one.",
        example="augury features AAPL.csv -f vsa -f 'rsi(timeperiod=7)' -o features.parquet",
        spec_type=FeaturesOptions,
        result="augury.operations.features:FeaturesResult",
        run=_run,
    )
)
