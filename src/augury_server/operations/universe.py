"""Verbs of universes: what is judged together, its signals, and what came of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec

from augury.operations.operation import option
from augury.operations.places import SENTIMENT
from augury_server.operations.platform import PlatformOptions, Verb, platform_operation

Name = Annotated[str, msgspec.Meta(description="Name of the universe.", min_length=1, max_length=100)]
Chosen = Annotated[str, msgspec.Meta(description="Only this universe.", max_length=100)]
DryRun = Annotated[bool, msgspec.Meta(description="Say what would be done, and do nothing.")]
Since = Annotated[str | None, msgspec.Meta(description="Bars that closed then or later: ISO 8601 with an offset.")]
Until = Annotated[str | None, msgspec.Meta(description="Bars that closed before: ISO 8601 with an offset.")]
KnownBy = Annotated[str | None, msgspec.Meta(description="Only what was known by then: ISO 8601 with an offset.")]
Limit = Annotated[int, msgspec.Meta(description="At most so many.", ge=1, le=100_000)]
Grouping = Literal["rule", "model", "ticker", "risk", "type", "universe", "conviction", "spec"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AddOptions(PlatformOptions):
    """What a universe is made of."""

    name: Name = option(positional=True)
    symbols: Annotated[
        tuple[str, ...],
        msgspec.Meta(description="A symbol; may be repeated. None: every symbol with bars of the timeframe."),
    ] = option((), short="-s")
    timeframe: Annotated[
        str | None, msgspec.Meta(description="Length of a bar, such as 1h or 1D; the setting when left out.")
    ] = option(None, short="-t")
    context: Annotated[
        tuple[str, ...],
        msgspec.Meta(description="A further ticker, such as an index, whose news is compared; may be repeated."),
    ] = option(())
    sectors: Annotated[
        tuple[str, ...], msgspec.Meta(description="TICKER=sector, to compare news within a sector; may be repeated.")
    ] = option(())
    engine: Annotated[
        str, msgspec.Meta(description="Options of the signal engine as a JSON object, such as '{\"min_bars\": 200}'.")
    ] = option("{}")
    thresholds: Annotated[
        Literal["quantile", "absolute"],
        msgspec.Meta(description="Sentiment thresholds: points of each ticker's own history, or fixed levels."),
    ] = option("quantile")
    sentiment: Annotated[
        str, msgspec.Meta(description="Sentiment model: embedded, lexicon, or a Hugging Face name or folder.")
    ] = option("embedded", path=SENTIMENT)
    model: Annotated[
        str, msgspec.Meta(description="Registered model that sizes signals: name (its champion), name@alias or name@3.")
    ] = option("", short="-m")
    horizons: Annotated[
        tuple[int, ...], msgspec.Meta(description="Bars after which outcomes are measured; may be repeated.")
    ] = option(())
    disabled: Annotated[bool, msgspec.Meta(description="Keep it, but judge it not.")] = option(False)
    overwrite: Annotated[bool, msgspec.Meta(description="In the place of the universe of this name.")] = option(False)
    dry_run: DryRun = option(False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveOptions(PlatformOptions):
    """Which universe to forget."""

    name: Name = option(positional=True)
    dry_run: DryRun = option(False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOptions(PlatformOptions):
    """Which universes to list."""

    enabled: Annotated[bool, msgspec.Meta(description="Only those that are judged.")] = option(False)


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerateOptions(PlatformOptions):
    """What to judge."""

    name: Name = option(positional=True)
    only: Annotated[tuple[str, ...], msgspec.Meta(description="Only this symbol of the universe; may be repeated.")] = (
        option(())
    )
    at: Annotated[
        str | None,
        msgspec.Meta(description="As of then: only what was known by that moment, ISO 8601 with an offset."),
    ] = option(None)
    last: Annotated[
        int, msgspec.Meta(ge=1, le=100_000, description="How many bars back to judge, the newest included.")
    ] = option(1)
    model: Annotated[
        str | None, msgspec.Meta(description="Another registered model than the universe's; '' for none.")
    ] = option(None, short="-m")
    jobs: Annotated[
        int, msgspec.Meta(ge=1, le=1000, description="Share the symbols between so many jobs; 1 judges here and now.")
    ] = option(1)
    part: Annotated[str, msgspec.Meta(description="A word for these symbols in the list of runs.", max_length=32)] = (
        option("")
    )
    dry_run: DryRun = option(False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalsOptions(PlatformOptions):
    """Which stored signals to show."""

    name: Chosen = option("", positional=True)
    ticker: Annotated[str, msgspec.Meta(description="Only this ticker.")] = option("")
    type: Annotated[Literal["", "BUY", "SELL", "HOLD"], msgspec.Meta(description="Only this type.")] = option("")
    rule: Annotated[str, msgspec.Meta(description="Only where this rule fired, such as R1.")] = option("")
    since: Since = option(None)
    until: Until = option(None)
    known_by: KnownBy = option(None)
    history: Annotated[
        bool, msgspec.Meta(description="Every signal, newest first, instead of the latest of each ticker.")
    ] = option(False)
    revisions: Annotated[bool, msgspec.Meta(description="Those on mended data too.")] = option(False)
    limit: Limit = option(100)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomesOptions(PlatformOptions):
    """How to join outcomes."""

    dry_run: DryRun = option(False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PerformanceOptions(PlatformOptions):
    """Which outcomes to judge, and how they are grouped."""

    name: Chosen = option("", positional=True)
    by: Annotated[Grouping, msgspec.Meta(description="What signals are grouped by.")] = option("rule", short="-b")
    horizon: Annotated[int, msgspec.Meta(ge=1, le=1000, description="Bars after which outcomes were measured.")] = (
        option(5)
    )
    timeframe: Annotated[str, msgspec.Meta(description="Only signals of these bars.")] = option("", short="-t")
    since: Since = option(None)
    until: Until = option(None)
    known_by: KnownBy = option(None)
    least: Annotated[
        Annotated[int, msgspec.Meta(ge=2)] | None,
        msgspec.Meta(description="Fewest outcomes that a figure is given for."),
    ] = option(None)
    confidence: Annotated[float, msgspec.Meta(gt=0.5, lt=1.0, description="Confidence of the intervals.")] = option(
        0.95
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RunsOptions(PlatformOptions):
    """Which runs to list."""

    name: Chosen = option("", positional=True)
    limit: Limit = option(50)


platform_operation(
    Verb(
        name="universe.add",
        summary="Add a universe: symbols that are judged together.",
        example="augury universe add tech -s AAPL -s MSFT -t 1D",
        run="universe:add",
        role="operator",
        changes_state=True,
    ),
    AddOptions,
)
platform_operation(
    Verb(
        name="universe.remove",
        summary="Forget a universe; its signals stay.",
        example="augury universe remove tech",
        run="universe:remove",
        role="operator",
        changes_state=True,
    ),
    RemoveOptions,
)
platform_operation(
    Verb(
        name="universe.list",
        summary="List universes, with their last run.",
        example="augury universe list",
        run="universe:list_universes",
    ),
    ListOptions,
)
platform_operation(
    Verb(
        name="universe.generate",
        summary="Judge a universe on the bars and news that are known, and store the signals.",
        example="augury universe generate tech",
        run="universe:generate",
        role="operator",
        changes_state=True,
        long=True,
    ),
    GenerateOptions,
)
platform_operation(
    Verb(
        name="universe.signals",
        summary="Show stored signals: the latest of each ticker, or a history.",
        example="augury universe signals tech --type BUY",
        run="universe:list_signals",
    ),
    SignalsOptions,
)
platform_operation(
    Verb(
        name="universe.outcomes",
        summary="Join to signals what came of them, as far as it is known.",
        example="augury universe outcomes",
        run="universe:outcomes",
        role="operator",
        changes_state=True,
        long=True,
    ),
    OutcomesOptions,
)
platform_operation(
    Verb(
        name="universe.performance",
        summary="How signals have done by rule, model, ticker or risk, with intervals.",
        example="augury universe performance tech --by rule --horizon 5",
        run="universe:show_performance",
    ),
    PerformanceOptions,
)
platform_operation(
    Verb(
        name="universe.runs",
        summary="List runs: when a universe was judged, what was stored and refused.",
        example="augury universe runs tech",
        run="universe:list_runs",
    ),
    RunsOptions,
)
