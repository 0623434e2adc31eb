"""Verbs of retraining: a registered model trained again as the next version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec

from augury.operations.model_inputs import Files
from augury.operations.operation import option
from augury.operations.places import BARS
from augury_server.operations.platform import PlatformOptions, Verb, platform_operation

__all__ = ["StartOptions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StartOptions(PlatformOptions):
    """Options of `retraining.start`."""

    name: Annotated[str, msgspec.Meta(description="The registered model.")] = option(positional=True)
    files: Files = option(positional=True, path=BARS)
    reason: Annotated[str, msgspec.Meta(description="Why; it is kept in the history.")] = option()
    version: Annotated[
        str, msgspec.Meta(description="What is trained again: a number, latest, champion or an alias.")
    ] = option("champion")
    zone: Annotated[
        str | None, msgspec.Meta(description="Time zone of clock times without one, such as America/New_York.")
    ] = option(None, short="-z")
    splits: Annotated[
        Literal["none", "detect"],
        msgspec.Meta(
            description="none: prices as they are; detect: steps like a split are taken for one, and said so."
        ),
    ] = option("none")
    dry_run: Annotated[bool, msgspec.Meta(description="Read the bars, say what would be trained, and do nothing.")] = (
        option(False)
    )


platform_operation(
    Verb(
        name="retraining.start",
        summary="Train a version again on other bars, as it was trained, and register what comes of it as a candidate.",
        example='augury retraining start trend AAPL.csv MSFT.csv --reason "bars up to June"',
        run="retraining:start",
        role="operator",
        changes_state=True,
        long=True,
    ),
    StartOptions,
)
