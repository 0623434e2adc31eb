"""Add an account."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import transaction

from augury.errors import Conflict, InvalidInput
from augury.operations.operation import Role
from augury_server.accounts.audit import record
from augury_server.accounts.passwords import check_password_strength, generated_password
from augury_server.accounts.people import lock_accounts
from augury_server.accounts.roles import known_role

__all__ = ["Added", "add_person"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """A new account; `password` is set only when it was generated, and is kept nowhere else."""

    name: str
    role: Role
    password: str | None


def add_person(name: str, *, role: str, password: str | None = None, email: str = "", by: str = "") -> Added:
    """Add an active account with a role; without a password one is generated, to be shown once.

    Raises Conflict when the name is taken, and InvalidInput for a name, address, role or password that is refused.
    """
    wanted = known_role(role)
    users = get_user_model()
    user = users(username=users.normalize_username(name), email=email, is_staff=True)
    try:
        user.clean_fields(exclude=["password"])
    except ValidationError as error:
        raise InvalidInput(f"the account is refused: {' '.join(error.messages)}") from None
    if password is not None:
        check_password_strength(password, user)
    given = generated_password() if password is None else password
    user.set_password(given)
    with transaction.atomic():
        lock_accounts()
        if users.objects.filter(username__iexact=user.username).exists():
            raise Conflict(f"the name {user.username!r} is taken; choose another one")
        user.save()
        user.groups.add(Group.objects.get_or_create(name=wanted)[0])
        record("accounts.add", target=user.username, detail={"role": wanted}, by=by)
    return Added(name=user.username, role=wanted, password=given if password is None else None)
