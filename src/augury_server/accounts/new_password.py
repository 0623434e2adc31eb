"""Give somebody a new password."""

from __future__ import annotations

from django.db import transaction

from augury_server.accounts.audit import record
from augury_server.accounts.passwords import check_password_strength, generated_password
from augury_server.accounts.people import person

__all__ = ["new_password"]


def new_password(name: str, *, password: str | None = None, by: str = "") -> str | None:
    """Set a password, ending the sessions that were opened with the old one; the generated one, when none was given.

    Raises NotFound for an unknown name and InvalidInput for a weak password.
    """
    user = person(name)
    if password is not None:
        check_password_strength(password, user)
    given = generated_password() if password is None else password
    user.set_password(given)
    with transaction.atomic():
        user.save(update_fields=["password"])
        record("accounts.password", target=name, by=by)
    return given if password is None else None
