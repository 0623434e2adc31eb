"""What the verbs of the registry do."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from augury.errors import InvalidInput
from augury.operations.operation import Progress
from augury_server.accounts.actor import current_actor
from augury_server.operations import model_registry as options
from augury_server.operations.running.model_tables import change_table, times_text, version_facts
from augury_server.operations.table import Table
from augury_server.registry import requests
from augury_server.registry.applying import Act, change_model
from augury_server.registry.as_of import as_of as champion_at
from augury_server.registry.collecting import collect as collect_garbage
from augury_server.registry.finding import find_model, find_version
from augury_server.registry.listing import list_models, list_transitions, list_versions
from augury_server.registry.opening import files_of_version
from augury_server.registry.verifying import verify_files

__all__ = [
    "alias",
    "archive",
    "as_of",
    "challenge",
    "collect",
    "demote",
    "history",
    "list",
    "promote",
    "restore",
    "rollback",
    "show",
    "verify",
]


def list(spec: options.ListModelsOptions, _: Progress) -> Table:  # noqa: A001 - the verb's name
    """The models."""
    found = list_models()[: spec.limit]
    rows = tuple(
        (model.name, model.champion, model.champion_artefact, model.count, model.newest, times_text(model.created_at))
        for model in found
    )
    columns = ("model", "champion", "artefact", "versions", "newest", "since")
    return Table(title="Models", columns=columns, rows=rows)


def show(spec: options.ShowOptions, _: Progress) -> Table:
    """One version, or the versions of a model."""
    if spec.version:
        version = find_version(spec.name, spec.version)
        files = tuple((file.name, file.size_bytes, file.sha256) for file in files_of_version(version))
        return Table(
            title=f"{version} ({version.stage})", facts=version_facts(version), columns=("file", "bytes", "sha256"),
            rows=files,
        )  # fmt: skip
    model = find_model(spec.name)
    aliases = {alias.alias: alias.version.number for alias in model.aliases.select_related("version")}
    rows = tuple(
        (
            version.number, version.stage, version.artefact_id, _judged(version.beats_baseline),
            f"{version.relation.replace('_', ' ')} {version.parent or version.parent_artefact_id}".strip(),
            version.size_bytes, times_text(version.registered_at),
        )
        for version in list_versions(spec.name)[: spec.limit]
    )  # fmt: skip
    columns = ("version", "stage", "artefact", "baseline", "made from", "bytes", "registered")
    facts: dict[str, Any] = {"aliases": ", ".join(f"{name} = {number}" for name, number in aliases.items()) or None}
    return Table(title=model.name, facts=facts, columns=columns, rows=rows)


def promote(spec: options.PromoteOptions, _: Progress) -> Table:
    """Make a version the champion."""
    return _change(spec, requests.Promote(version=spec.version, force=spec.force))


def rollback(spec: options.RollbackOptions, _: Progress) -> Table:
    """Back to the champion before."""
    return _change(spec, requests.Rollback())


def challenge(spec: options.ChangeOptions, _: Progress) -> Table:
    """Make a candidate a challenger."""
    return _change(spec, requests.Challenge(version=spec.version))


def demote(spec: options.ChangeOptions, _: Progress) -> Table:
    """Make a version a candidate again."""
    return _change(spec, requests.Demote(version=spec.version))


def archive(spec: options.ChangeOptions, _: Progress) -> Table:
    """Take a version out of use."""
    return _change(spec, requests.Archive(version=spec.version))


def restore(spec: options.ChangeOptions, _: Progress) -> Table:
    """Bring an archived version back."""
    return _change(spec, requests.Restore(version=spec.version))


def alias(spec: options.AliasOptions, _: Progress) -> Table:
    """Move or remove an alias."""
    if spec.remove == bool(spec.version):
        raise InvalidInput("give the version that the alias names from now on, or --remove, and not both")
    if spec.remove:
        return _change(spec, requests.RemoveAlias(alias=spec.alias))
    return _change(spec, requests.MoveAlias(alias=spec.alias, version=spec.version))


def as_of(spec: options.AsOfOptions, _: Progress) -> Table:
    """Who was champion at a time."""
    time = _time(spec.time)
    version = champion_at(spec.name, time)
    if version is None:
        return Table(title=f"{spec.name} had no champion at {times_text(time)}", facts={"version": None})
    return Table(title=f"{version} was champion at {times_text(time)}", facts=version_facts(version))


def history(spec: options.HistoryOptions, _: Progress) -> Table:
    """Transitions, newest first."""
    model = find_model(spec.name)
    rows = tuple(
        (
            times_text(one.at), " ".join(filter(None, (one.kind, one.alias, "(forced)" if one.forced else ""))),
            _number(one.from_version), _number(one.to_version), _number(one.champion), one.by, one.reason,
        )
        for one in list_transitions(model.name)[: spec.limit]
    )  # fmt: skip
    columns = ("at", "what", "from", "to", "champion", "by", "why")
    return Table(title=f"History of {model.name}", columns=columns, rows=rows)


def verify(spec: options.VerifyOptions, progress: Progress) -> Table:
    """Hash every stored file again."""
    found = verify_files(spec.name or None, follow=lambda files, total: progress.track(files, "Verifying", total))
    return Table(
        title="Every stored file is as registered" if not found.damaged else "Damaged files",
        facts={"files": found.files, "bytes": found.size_bytes, "damaged": len(found.damaged)},
        columns=("file", "versions", "problem") if found.damaged else (),
        rows=tuple((one.file.name, ", ".join(one.versions), one.problem) for one in found.damaged),
        notes=("Restore them from a backup, or register the same artefact again.",) if found.damaged else (),
        exit_code=int(bool(found.damaged)),
    )


def collect(spec: options.CollectOptions, _: Progress) -> Table:
    """Find, or delete, what no version needs."""
    found = collect_garbage(delete=spec.delete, older_than=timedelta(hours=spec.older_hours))
    count = len(found.blobs) + len(found.drafts) + len(found.folders)
    done = "deleted" if found.deleted else "would be deleted; add --delete"
    return Table(
        title=f"{count:,} left-overs {done}" if count else "Nothing is left over",
        facts={
            "stored files": len(found.blobs), "drafts": len(found.drafts), "local copies": len(found.folders),
            "bytes": found.size_bytes,
        },
    )  # fmt: skip


def _change(spec: Any, request: requests.Request) -> Table:
    act = Act(by=current_actor(), reason=spec.reason, dry_run=spec.dry_run)
    return change_table(change_model(spec.name, request, act))


def _time(text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidInput(f"expected a time such as 2026-03-01T12:00:00+00:00, got {text!r:.80}") from error
    if time.tzinfo is None:
        raise InvalidInput(f"time = {text!r} has no time zone; add one, e.g. '2026-03-01T12:00:00+00:00'")
    return time


def _number(version: Any) -> int | None:
    return None if version is None else int(version.number)


def _judged(beats_baseline: bool | None) -> str | None:
    return None if beats_baseline is None else "beaten" if beats_baseline else "not beaten"
