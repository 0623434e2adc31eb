"""Give somebody another role."""

from __future__ import annotations

from django.contrib.auth.models import Group
from django.db import transaction

from augury.operations.operation import Role
from augury_server.accounts.audit import record
from augury_server.accounts.people import keep_an_administrator, lock_accounts, person
from augury_server.accounts.roles import ROLES, known_role, role_of

__all__ = ["change_role"]


def change_role(name: str, role: str, *, by: str = "") -> Role:
    """Make somebody a viewer, operator or administrator instead of what they are.

    Raises NotFound for an unknown name, InvalidInput for an unknown role, Refused when no administrator would be left.
    """
    wanted = known_role(role)
    with transaction.atomic():
        lock_accounts()
        user = person(name)
        before = role_of(user)
        user.groups.remove(*Group.objects.filter(name__in=ROLES))
        user.groups.add(Group.objects.get_or_create(name=wanted)[0])
        user.is_superuser, user.is_staff = False, True
        user.save(update_fields=["is_superuser", "is_staff"])
        keep_an_administrator(name)
        record("accounts.role", target=name, detail={"from": before, "to": wanted}, by=by)
    return wanted
