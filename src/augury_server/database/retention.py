"""How long rows are kept: rooms say which table, which time and for how long; old rows go in small steps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.module_loading import autodiscover_modules

from augury.errors import Conflict, NotFound, nearest
from augury_server.database.explaining import explained
from augury_server.settings.current import current_settings

__all__ = ["Retained", "Retention", "apply_retention", "register_retention", "registered_retentions"]

_SECOND_NS = 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """Rows of `model` whose `time_field` is older than the setting's number of days go, if `condition` holds for them.

    It is a time, or int64 ns UTC when its name ends in `_ns`; an index should begin with it, or with the columns
    of the condition and it. `setting` is a dotted name such as "retention.jobs_days"; None there keeps rows for ever.
    """

    name: str
    model: type[models.Model]
    time_field: str
    setting: str
    condition: Q = field(default_factory=Q)

    @property
    def days(self) -> int | None:
        """The setting's value."""
        value: Any = current_settings()
        for part in self.setting.split("."):
            value = getattr(value, part)
        return None if value is None else int(value)

    def expired(self, before: datetime) -> QuerySet[Any, Any]:
        """Rows older than that, oldest first."""
        limit: Any = int(before.timestamp()) * _SECOND_NS if self.time_field.endswith("_ns") else before
        return self.model._base_manager.filter(self.condition, **{f"{self.time_field}__lt": limit}).order_by(
            self.time_field
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Retained:
    """What one rule did: rows older than `before` of `table` that went, or would go in a dry run."""

    name: str
    table: str
    days: int | None
    before: datetime | None
    deleted: int


_rules: dict[str, Retention] = {}


def register_retention(rule: Retention) -> Retention:
    """Add a rule; rooms do this in a module `retention`, which is found by itself. Conflict for a name in use."""
    if rule.name in _rules and _rules[rule.name] != rule:
        raise Conflict(f"a retention rule {rule.name!r} is registered already; name this one otherwise")
    _rules[rule.name] = rule
    return rule


def registered_retentions() -> dict[str, Retention]:
    """Every rule by name, sorted."""
    autodiscover_modules("retention")
    return dict(sorted(_rules.items()))


def apply_retention(
    now: datetime | None = None,
    *,
    batch_rows: int = 1_000,
    only: str | None = None,
    dry_run: bool = False,
) -> tuple[Retained, ...]:
    """Delete rows that are older than their rule says; one record a rule, with how many went.

    Rows go `batch_rows` at a time, oldest first, each batch in its own short transaction: writers wait for no more than
    one batch, and a run that was stopped goes on where it was. Two runs at once share the work; a row is counted by the
    one that deleted it. Raises NotFound for a rule that is not registered, Unavailable when the database is away.
    """
    moment = now or timezone.now()
    rules = registered_retentions()
    if only is not None and only not in rules:
        raise NotFound(f"no retention rule {only!r}; {nearest(only, rules)}")
    chosen = [rule for name, rule in rules.items() if only in (None, name)]
    return tuple(_apply(rule, moment, batch_rows, dry_run=dry_run) for rule in chosen)


def _apply(rule: Retention, moment: datetime, batch_rows: int, *, dry_run: bool) -> Retained:
    days, table = rule.days, rule.model._meta.db_table
    if days is None:
        return Retained(name=rule.name, table=table, days=None, before=None, deleted=0)
    before = moment - timedelta(days=days)
    with explained(f"delete old rows of {table}"):
        expired = rule.expired(before)
        deleted = expired.count() if dry_run else sum(_batches(rule, expired, batch_rows))
    return Retained(name=rule.name, table=table, days=days, before=before, deleted=deleted)


def _batches(rule: Retention, expired: QuerySet[Any, Any], batch_rows: int) -> Iterator[int]:
    while keys := list(expired.values_list("pk", flat=True)[:batch_rows]):
        _, counts = expired.filter(pk__in=keys).delete()  # asked again: a row may have changed since
        yield counts.get(rule.model._meta.label, 0)
