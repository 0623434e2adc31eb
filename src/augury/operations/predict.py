"""The `predict` operation: what a model artefact says about the last bars of one or several symbols."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from augury import learning, market
from augury.operations.files import check_output, write_table
from augury.operations.model_inputs import SAMPLE, Files, UniverseOptions, read_universe, timeframe_notes
from augury.operations.operation import Operation, Progress, option
from augury.operations.places import BARS, WRITTEN
from augury.operations.registry import register

if TYPE_CHECKING:
    import pandas as pd

    from augury.learning import Manifest, Prediction

__all__ = ["PredictOptions", "PredictResult"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictOptions(UniverseOptions):
    """Options of the `predict` operation."""

    model: Annotated[str, msgspec.Meta(description="The folder of a model artefact.")] = option(
        positional=True, path=True
    )
    files: Files = option(positional=True, path=BARS)
    rows: Annotated[int, msgspec.Meta(ge=1, description="How many of the last bars of each symbol to print.")] = option(
        3
    )
    output: Annotated[
        str | None, msgspec.Meta(description="Write every bar's prediction to this .csv, .parquet or .feather file.")
    ] = option(None, short="-o", path=WRITTEN)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PredictResult:
    """What the model says about every bar.

    `table` has a row a symbol and bar: symbol, the calibrated probability of each class (or "value"), the decision in
    words, whether the model abstained, and `in_sample`: the model was trained on bars up to then. Probabilities are
    NaN while the model's features warm up. A row is known at its bar's close.
    """

    manifest: Manifest = field(repr=False)
    table: pd.DataFrame = field(repr=False)
    rows: int
    written: str | None
    notes: tuple[str, ...]

    @property
    def last(self) -> pd.DataFrame:
        """The last rows of each symbol."""
        return self.table.groupby("symbol", sort=False).tail(self.rows)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-ready values: the last rows, unknown probabilities as None."""
        shown = self.last.reset_index()
        shown["timestamp"] = [moment.isoformat() for moment in shown["timestamp"]]
        return {
            "model": self.manifest.model_id,
            "label": self.manifest.label,
            "rows": shown.astype(object).where(shown.notna(), None).to_dict(orient="records"),
            "written": self.written,
            "notes": list(self.notes),
        }


def _run(options: PredictOptions, progress: Progress) -> PredictResult:
    if options.output is not None:
        check_output(Path(options.output), made_from=[path for path in options.files if path != SAMPLE])
    predictor = learning.Predictor(options.model)
    universe = read_universe(options.files, options)
    tables = []
    for symbol, frame in progress.track(universe.bars.items(), "Predicting", len(universe.bars)):
        tables.append(_table(symbol, frame, predictor))
    import pandas as pd

    table = pd.concat(tables)
    if options.output is not None:
        write_table(table, Path(options.output))
    return PredictResult(
        manifest=predictor.manifest,
        table=table,
        rows=options.rows,
        written=options.output,
        notes=(*timeframe_notes(predictor.manifest, universe), *universe.notes),
    )


def _table(symbol: str, frame: pd.DataFrame, predictor: learning.Predictor) -> pd.DataFrame:
    arrays = market.bar_arrays(frame)
    found: Prediction = predictor.predict_path(arrays)
    table = found.to_frame().set_index(frame.index)
    table.insert(0, "symbol", symbol)
    fit_end = predictor.manifest.fit_end if symbol in predictor.manifest.symbols else None
    table["in_sample"] = False if fit_end is None else arrays.opened_at <= fit_end
    return table


register(
    Operation(
        name="predict",
        summary="What a model says about the last bars: calibrated probabilities, its decision, or that it abstains.",
        example="augury predict models/first AAPL.csv",
        spec_type=PredictOptions,
        result="augury.operations.predict:PredictResult",
        run=_run,
    )
)
