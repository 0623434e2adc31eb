"""The first administrator, made when the platform starts for the first time."""

from __future__ import annotations

from django.db import transaction

from augury.errors import Conflict
from augury_server.accounts.add_person import Added, add_person
from augury_server.accounts.people import administrators, lock_accounts

__all__ = ["create_first_administrator"]


def create_first_administrator(name: str = "admin", *, password: str | None = None, by: str = "") -> Added:
    """Add the first administrator; the generated password in the result is kept nowhere else: show it once.

    Raises Conflict when an administrator exists already (of two processes that start at once, one gets this), and
    InvalidInput when the given password is too weak.
    """
    with transaction.atomic():
        lock_accounts()
        if administrators():
            raise Conflict("an administrator exists already; let one of them add more, or give a new password")
        return add_person(name, role="administrator", password=password, by=by or "installation")
