"""Applying a request to the database: decided and written under the lock of the model's row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import transaction

from augury.errors import InvalidInput
from augury_server.database.explaining import explained
from augury_server.registry.finding import find_model, state_of
from augury_server.registry.models import Alias, ModelVersion, RegisteredModel, Transition
from augury_server.registry.requests import Request
from augury_server.registry.state import ModelState
from augury_server.registry.transitions import Record, decide

__all__ = ["Act", "Change", "Clock", "change_model", "utc_now", "write_record", "write_state"]

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The time, with its zone."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Who asks, why, and when; `dry_run` shows what would be done and does nothing.

    InvalidInput without a name or a reason.
    """

    by: str
    reason: str
    now: Clock = utc_now
    dry_run: bool = False

    def __post_init__(self) -> None:
        """Both are said."""
        for what, text, most in (("who does it (by)", self.by, 150), ("why (reason)", self.reason, 10_000)):
            if not text.strip() or len(text) > most or "\0" in text:
                raise InvalidInput(f"expected {what} as text of 1 to {most:,} characters, got {text[:40]!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A model before and after; `record` is None when it was as asked for already. Nothing was written in a dry run."""

    before: ModelState
    after: ModelState
    record: Record | None
    dry_run: bool = False

    @property
    def changed(self) -> bool:
        """Whether anything is (or, in a dry run, would be) different now."""
        return self.record is not None


def change_model(name: str, request: Request, act: Act) -> Change:
    """Decide a request and write what follows from it, all or nothing.

    Processes that change the same model wait for one another; each decides on what the one before it left. Raises
    NotFound and Refused as `decide` does, and then nothing is changed.
    """
    with explained(f"change {name}"), transaction.atomic():
        model = find_model(name, lock=not act.dry_run)
        before = state_of(model)
        decision = decide(before, request)
        if decision.record is not None and not act.dry_run:
            write_state(model, before, decision.state)
            write_record(model, decision.state, decision.record, act)
    return Change(before=before, after=decision.state, record=decision.record, dry_run=act.dry_run)


def write_state(model: RegisteredModel, before: ModelState, after: ModelState) -> None:
    """Write what differs between two states of existing versions; who leaves the championship does so first."""
    moved = [number for number, version in before.versions.items() if after.versions[number] != version]
    for number in sorted(moved, key=lambda number: after.versions[number].stage == "champion"):
        ModelVersion.objects.filter(model=model, number=number).update(stage=after.versions[number].stage)
    for alias in before.aliases.keys() - after.aliases.keys():
        Alias.objects.filter(model=model, alias=alias).delete()
    for alias, number in after.aliases.items() - before.aliases.items():
        version = ModelVersion.objects.get(model=model, number=number)
        Alias.objects.update_or_create(model=model, alias=alias, defaults={"version": version})
    if after.former != before.former:
        model.former = list(after.former)
        model.save(update_fields=["former"])


def write_record(model: RegisteredModel, after: ModelState, record: Record, act: Act) -> Transition:
    """Append a transition; it is not dated before the last one, even when the clock went back."""
    last = Transition.objects.filter(model=model).order_by("-sequence").values_list("at", flat=True).first()
    now = act.now().astimezone(UTC)
    model.last_sequence += 1
    model.save(update_fields=["last_sequence"])
    wanted = [number for number in (record.from_version, record.to_version, after.champion) if number is not None]
    ids = dict(ModelVersion.objects.filter(model=model, number__in=wanted).values_list("number", "id"))
    return Transition.objects.create(
        model=model,
        sequence=model.last_sequence,
        kind=record.kind,
        from_version_id=None if record.from_version is None else ids[record.from_version],
        to_version_id=None if record.to_version is None else ids[record.to_version],
        champion_id=None if after.champion is None else ids[after.champion],
        alias=record.alias,
        forced=record.forced,
        by=act.by,
        reason=act.reason,
        at=now if last is None else max(now, last),
    )
