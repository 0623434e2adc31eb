"""People who may use the platform: found, listed, counted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.contrib.auth import get_user_model
from django.db import connection
from django.db.models import Q

from augury.errors import NotFound, WrongState, nearest
from augury.operations.operation import Role
from augury_server.accounts.roles import role_of

if TYPE_CHECKING:
    from django.contrib.auth.models import User

__all__ = ["Person", "administrators", "keep_an_administrator", "list_people", "lock_accounts", "person"]

_LOCK = 0x70656F70


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """An account as a list shows it."""

    name: str
    role: Role | None
    active: bool
    email: str
    last_login: datetime | None


def list_people() -> tuple[Person, ...]:
    """Every account by name, with two queries."""
    users = get_user_model().objects.order_by("username").prefetch_related("groups")
    return tuple(
        Person(
            name=user.username,
            role=role_of(user) if user.is_active else None,
            active=user.is_active,
            email=user.email,
            last_login=user.last_login,
        )
        for user in users
    )


def person(name: str) -> User:
    """The account of that name; raises NotFound with the nearest names."""
    found = get_user_model().objects.filter(username=name).first()
    if found is None:
        names = get_user_model().objects.values_list("username", flat=True)[:500]
        raise NotFound(f"no account is named {name!r}; {nearest(name, names)}")
    return found


def administrators() -> int:
    """How many accounts are active administrators."""
    users = get_user_model().objects.filter(Q(is_superuser=True) | Q(groups__name="administrator"), is_active=True)
    return users.distinct().count()


def lock_accounts() -> None:
    """Within a transaction: let one process at a time change accounts. SQLite has one writer anyhow."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def keep_an_administrator(name: str) -> None:
    """After a change, before it is committed: raise WrongState when no active administrator is left."""
    if administrators() == 0:
        raise WrongState(f"{name} is the last administrator; make somebody else one first")
