"""The `quality` operation: what is wrong with files of bars, named by row and scored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import msgspec

from augury import market
from augury.operations.operation import Operation, Progress, option
from augury.operations.registry import register
from augury.spec import Spec

__all__ = ["QualityOptions", "QualityResult"]


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityOptions(Spec):
    """Options of the `quality` operation."""

    files: Annotated[tuple[str, ...], msgspec.Meta(description="Bars: CSV, Parquet or Feather.")] = option(
        positional=True, path=True
    )
    zone: Annotated[
        str | None, msgspec.Meta(description="Time zone of clock times without one, such as America/New_York.")
    ] = option(None, short="-z")
    timeframe: Annotated[
        str | None, msgspec.Meta(description="Length of a bar, such as 1h or 1D; found from the file when left out.")
    ] = option(None, short="-t")
    minimum: Annotated[
        float, msgspec.Meta(ge=0.0, le=100.0, description="Leave with exit code 1 when a symbol scores below this.")
    ] = option(0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityResult:
    """One report per symbol, the worst first."""

    reports: tuple[market.QualityReport, ...]
    minimum: float

    @property
    def exit_code(self) -> int:
        """1 when a symbol scores below the minimum asked for."""
        return 1 if any(report.score < self.minimum for report in self.reports) else 0

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-ready values."""
        return {"minimum": self.minimum, "reports": [report.to_dict() for report in self.reports]}


def _run(options: QualityOptions, progress: Progress) -> QualityResult:
    reports: list[market.QualityReport] = []
    for path in progress.track(options.files, "Examining", len(options.files)):
        reports += market.quality_of_file(path, zone=options.zone, timeframe=options.timeframe)
    reports.sort(key=lambda report: report.score)
    return QualityResult(reports=tuple(reports), minimum=options.minimum)


register(
    Operation(
        name="quality",
        summary="Examine files of bars: gaps, duplicates, broken prices, jumps; named by row, scored 0 to 100.",
        example="augury quality AAPL.csv --minimum 90",
        spec_type=QualityOptions,
        result="augury.operations.quality:QualityResult",
        run=_run,
    )
)
