"""What the verbs of accounts do."""

from __future__ import annotations

import json

from augury.operations.operation import Progress
from augury_server.accounts.add_person import add_person
from augury_server.accounts.change_role import change_role
from augury_server.accounts.enable import disable_person, enable_person
from augury_server.accounts.models import AuditEntry
from augury_server.accounts.new_password import new_password
from augury_server.accounts.people import list_people
from augury_server.accounts.verification import verify_trail
from augury_server.operations.accounts import AddOptions, AuditOptions, ListOptions, NameOptions, RoleOptions
from augury_server.operations.table import Table, counted

__all__ = [
    "add_account",
    "audit_trail",
    "disable_account",
    "enable_account",
    "give_password",
    "give_role",
    "list_accounts",
]

_ONCE = "The password is shown this once and kept nowhere; hand it over safely and let them change it."


def list_accounts(spec: ListOptions, _: Progress) -> Table:
    """Accounts by name."""
    people = [each for each in list_people() if spec.role in (None, each.role)]
    rows = tuple(
        (
            each.name,
            each.role or "-",
            "active" if each.active else "disabled",
            each.email,
            f"{each.last_login:%Y-%m-%d %H:%M}" if each.last_login else "",
        )
        for each in people
    )
    return Table(
        title=counted(len(rows), "account"), columns=("name", "role", "state", "e-mail", "last log-in"), rows=rows
    )


def add_account(spec: AddOptions, _: Progress) -> Table:
    """Add an account with a generated password."""
    added = add_person(spec.name, role=spec.role, email=spec.email)
    facts = {"name": added.name, "role": added.role, "password": added.password}
    return Table(title=f"{added.name} may use the platform", facts=facts, notes=(_ONCE,))


def give_role(spec: RoleOptions, _: Progress) -> Table:
    """Change a role."""
    change_role(spec.name, spec.role)
    return Table(title=f"{spec.name} is now {spec.role}", facts={"name": spec.name, "role": spec.role})


def disable_account(spec: NameOptions, _: Progress) -> Table:
    """Disable an account."""
    disable_person(spec.name, reason=spec.reason)
    return Table(title=f"{spec.name} is disabled", facts={"name": spec.name, "active": False})


def enable_account(spec: NameOptions, _: Progress) -> Table:
    """Enable an account."""
    enable_person(spec.name, reason=spec.reason)
    return Table(title=f"{spec.name} is enabled", facts={"name": spec.name, "active": True})


def give_password(spec: NameOptions, _: Progress) -> Table:
    """Give a new generated password."""
    facts = {"name": spec.name, "password": new_password(spec.name)}
    return Table(title=f"{spec.name} has a new password", facts=facts, notes=(_ONCE,))


def audit_trail(spec: AuditOptions, _: Progress) -> Table:
    """Entries, or the verdict on them."""
    if spec.verify:
        verdict = verify_trail()
        title = "The audit trail is whole" if verdict.whole else "The audit trail was tampered with"
        facts = {"entries": verdict.entries, "last": verdict.last, "whole": verdict.whole}
        return Table(title=title, facts=facts, notes=verdict.problems, exit_code=0 if verdict.whole else 1)
    asked = {"actor": spec.actor, "action": spec.action, "target": spec.target, "outcome": spec.outcome}
    entries = AuditEntry.objects.filter(**{name: value for name, value in asked.items() if value})[: spec.limit]
    rows = tuple(
        (
            f"{entry.at:%Y-%m-%d %H:%M:%S}",
            entry.actor,
            entry.action,
            entry.target,
            entry.outcome,
            json.dumps(entry.detail, separators=(",", ":")) if entry.detail else "",
        )
        for entry in entries
    )
    columns = ("at", "actor", "action", "target", "outcome", "detail")
    return Table(title=f"{len(rows)} newest entries of the audit trail", columns=columns, rows=rows)
