"""Verbs of recorded predictions: the newest of them, and how often they were right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import msgspec

from augury.operations.operation import option
from augury_server.operations.platform import PlatformOptions, Verb, platform_operation

__all__ = ["CountPredictionsOptions", "ListPredictionsOptions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPredictionsOptions(PlatformOptions):
    """Options of `predictions.list`."""

    model: Annotated[str | None, msgspec.Meta(description="Only predictions of this model.")] = option(None)
    version: Annotated[int | None, msgspec.Meta(description="Only of this version of it.")] = option(None)
    symbol: Annotated[str | None, msgspec.Meta(description="Only of this instrument.")] = option(None, short="-s")
    experiment: Annotated[str | None, msgspec.Meta(description="Only of this experiment.")] = option(None)
    variant: Annotated[str | None, msgspec.Meta(description="Only of this variant of it.")] = option(None)
    request: Annotated[str | None, msgspec.Meta(description="Only of the request with this id.")] = option(None)
    limit: Annotated[int, msgspec.Meta(ge=1, le=10_000, description="Most predictions that are listed.")] = option(50)


@dataclass(frozen=True, slots=True, kw_only=True)
class CountPredictionsOptions(PlatformOptions):
    """Options of `predictions.counts`."""

    model: Annotated[str | None, msgspec.Meta(description="Only predictions of this model.")] = option(None)
    days: Annotated[float, msgspec.Meta(gt=0, le=36_500, description="How many days back from now are counted.")] = (
        option(7.0)
    )


platform_operation(
    Verb(
        name="predictions.list",
        summary="List recorded predictions, newest first, with what came of them.",
        example="augury predictions list --model trend --symbol AAPL",
        run="predictions:list_newest",
    ),
    ListPredictionsOptions,
)
platform_operation(
    Verb(
        name="predictions.counts",
        summary="Count recorded predictions by model version, with the share that was right.",
        example="augury predictions counts --days 30",
        run="predictions:counts",
    ),
    CountPredictionsOptions,
)
