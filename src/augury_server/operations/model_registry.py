"""Verbs of the model registry: register, promote, roll back, look into the past, verify."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import msgspec

from augury.operations.operation import option
from augury_server.operations.platform import PlatformOptions, Verb, platform_operation

__all__ = [
    "AliasOptions",
    "AsOfOptions",
    "ChangeOptions",
    "CollectOptions",
    "HistoryOptions",
    "ListModelsOptions",
    "PromoteOptions",
    "RegisterOptions",
    "RollbackOptions",
    "ShowOptions",
    "VerifyOptions",
]


Name = Annotated[str, msgspec.Meta(description="The model's name.")]
Version = Annotated[str, msgspec.Meta(description="A number, latest, champion or an alias.")]
Reason = Annotated[str, msgspec.Meta(description="Why; it is kept in the history.")]
DryRun = Annotated[bool, msgspec.Meta(description="Show what would be done and do nothing.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterOptions(PlatformOptions):
    """Options of `registry.register`."""

    folder: Annotated[str, msgspec.Meta(description="The folder of a model artefact.")] = option(
        positional=True, path=True
    )
    name: Name = option(short="-n")
    parent: Annotated[
        str | None,
        msgspec.Meta(
            description="What it was trained again after: a version's number, or an artefact's id. A compressed model "
            "names its original itself."
        ),
    ] = option(None)
    reason: Reason = option("")
    dry_run: DryRun = option(False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListModelsOptions(PlatformOptions):
    """Options of `registry.list`."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=10_000, description="Most models that are listed.")] = option(100)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowOptions(PlatformOptions):
    """Options of `registry.show`."""

    name: Name = option(positional=True)
    version: Annotated[
        str, msgspec.Meta(description="A number, latest, champion or an alias; all versions when left out.")
    ] = option("", positional=True)
    limit: Annotated[int, msgspec.Meta(ge=1, le=10_000, description="Most versions that are listed.")] = option(50)


@dataclass(frozen=True, slots=True, kw_only=True)
class PromoteOptions(PlatformOptions):
    """Options of `registry.promote`."""

    name: Name = option(positional=True)
    version: Version = option(positional=True)
    reason: Reason = option()
    force: Annotated[
        bool, msgspec.Meta(description="Promote without the evidence that it beats its baseline on held-out time.")
    ] = option(False)
    dry_run: DryRun = option(False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeOptions(PlatformOptions):
    """Options of verbs that change the stage of one version."""

    name: Name = option(positional=True)
    version: Version = option(positional=True)
    reason: Reason = option()
    dry_run: DryRun = option(False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackOptions(PlatformOptions):
    """Options of `registry.rollback`."""

    name: Name = option(positional=True)
    reason: Reason = option()
    dry_run: DryRun = option(False)


@dataclass(frozen=True, slots=True, kw_only=True)
class AliasOptions(PlatformOptions):
    """Options of `registry.alias`."""

    name: Name = option(positional=True)
    alias: Annotated[str, msgspec.Meta(description="A name such as stable.")] = option(positional=True)
    version: Annotated[
        str, msgspec.Meta(description="What it names from now on: a number, latest, champion or an alias.")
    ] = option("", positional=True)
    reason: Reason = option()
    remove: Annotated[bool, msgspec.Meta(description="Remove the alias instead.")] = option(False)
    dry_run: DryRun = option(False)


@dataclass(frozen=True, slots=True, kw_only=True)
class AsOfOptions(PlatformOptions):
    """Options of `registry.as-of`."""

    name: Name = option(positional=True)
    time: Annotated[str, msgspec.Meta(description="A time with its offset: 2026-03-01T12:00:00+00:00.")] = option(
        positional=True
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryOptions(PlatformOptions):
    """Options of `registry.history`."""

    name: Name = option(positional=True)
    limit: Annotated[int, msgspec.Meta(ge=1, le=10_000, description="Most transitions that are listed.")] = option(50)


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyOptions(PlatformOptions):
    """Options of `registry.verify`."""

    name: Annotated[str | None, msgspec.Meta(description="Only this model; all when left out.")] = option(
        None, positional=True
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectOptions(PlatformOptions):
    """Options of `registry.collect`."""

    delete: Annotated[bool, msgspec.Meta(description="Delete what is found; otherwise it is only listed.")] = option(
        False
    )
    older_hours: Annotated[
        float, msgspec.Meta(ge=0, le=1e6, description="Leave alone what is younger: its writer may be at work.")
    ] = option(24.0)


def _reads(verb: str, summary: str, example: str, options: type[PlatformOptions], *, long: bool = False) -> None:
    run = f"model_registry:{verb.replace('-', '_')}"
    platform_operation(Verb(name=f"registry.{verb}", summary=summary, example=example, run=run, long=long), options)


def _changes(verb: str, summary: str, example: str, options: type[PlatformOptions]) -> None:
    platform_operation(
        Verb(
            name=f"registry.{verb}",
            summary=summary,
            example=example,
            run=f"{'model_registration' if verb == 'register' else 'model_registry'}:{verb}",
            role="operator",
            changes_state=True,
        ),
        options,
    )


_changes(
    "register",
    "Register a model artefact as the next version under a name; its files are stored by their SHA-256.",
    "augury registry register models/first --name trend",
    RegisterOptions,
)
_reads("list", "List the registered models, each with its champion.", "augury registry list", ListModelsOptions)
_reads(
    "show",
    "Show a model's versions, or one of them: lineage, data, scores, files.",
    "augury registry show trend champion",
    ShowOptions,
)
_changes(
    "promote",
    "Make a version the champion; refused without evidence that it beats its baseline, unless forced.",
    'augury registry promote trend 2 --reason "better on held-out 2025"',
    PromoteOptions,
)
_changes(
    "rollback",
    "Give the championship back to the version that had it before.",
    'augury registry rollback trend --reason "calibration broke"',
    RollbackOptions,
)
_changes(
    "challenge",
    "Make a candidate a challenger, to be measured against the champion.",
    'augury registry challenge trend latest --reason "shadow it for a week"',
    ChangeOptions,
)
_changes(
    "demote",
    "Make the champion or a challenger a candidate again; without a champion nothing serves.",
    'augury registry demote trend champion --reason "stop trading"',
    ChangeOptions,
)
_changes(
    "archive",
    "Take a version out of use: neither promoted nor rolled back to; its files stay.",
    'augury registry archive trend 1 --reason "trained on wrong data"',
    ChangeOptions,
)
_changes(
    "restore",
    "Make an archived version a candidate again.",
    'augury registry restore trend 1 --reason "the data was right"',
    ChangeOptions,
)
_changes(
    "alias",
    "Let a name of your own, such as stable, mean a version; or remove it.",
    'augury registry alias trend stable 2 --reason "audited"',
    AliasOptions,
)
_reads(
    "as-of",
    "Which version was champion at a time.",
    "augury registry as-of trend 2026-03-01T12:00:00+00:00",
    AsOfOptions,
)
_reads(
    "history", "What was done to a model, by whom and why, newest first.", "augury registry history trend",
    HistoryOptions,
)  # fmt: skip
_reads(
    "verify",
    "Hash every stored file again and compare it with what was registered; exit code 1 when one is damaged.",
    "augury registry verify",
    VerifyOptions,
    long=True,
)
_changes(
    "collect",
    "List, or delete, stored files that no version needs: what killed registrations left behind.",
    "augury registry collect --delete",
    CollectOptions,
)
