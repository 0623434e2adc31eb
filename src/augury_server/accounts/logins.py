"""Log-ins in the audit trail, and a limit on guessing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth import get_user_model

from augury.errors import Refused
from augury_server.accounts.audit import record
from augury_server.accounts.models import AuditEntry
from augury_server.telemetry.logs import get_log

__all__ = ["check_attempt", "note_failure", "note_login", "note_logout"]

LOG_IN, LOG_OUT = "accounts.log_in", "accounts.log_out"
NOBODY = "(no such account)"
WINDOW = timedelta(minutes=15)
MOST_OF_ACCOUNT = 8
MOST_OF_ADDRESS = 30


def _now() -> datetime:
    return datetime.now(UTC)


def check_attempt(name: str, address: str, now: Callable[[], datetime] = _now) -> None:
    """Raise Refused when an account or an address failed too often within the last quarter of an hour.

    Failures of an account count from its last success on; those of an address in any case. Attempts that are declined
    here are logged but neither counted nor recorded: they must not fill the trail or lock somebody out for ever.
    """
    since = now() - WINDOW
    tries = AuditEntry.objects.filter(action=LOG_IN, at__gte=since)
    of_account = tries.filter(target=name).order_by("-at").values_list("outcome", flat=True)[:MOST_OF_ACCOUNT]
    of_address = tries.filter(actor=_nobody_at(address), outcome="refused")[:MOST_OF_ADDRESS]
    too_many = list(of_account).count("refused") >= MOST_OF_ACCOUNT
    if too_many or of_address.count() >= MOST_OF_ADDRESS:
        get_log(__name__).warning("log-in declined after too many failures", address=address)
        raise Refused(f"too many failed attempts; try again in {int(WINDOW.total_seconds() / 60)} minutes")


def note_login(request: Any, user: Any, **_: Any) -> None:
    """Record a log-in."""
    record(LOG_IN, target=user.get_username(), detail=_where(request), by=user.get_username())


def note_logout(request: Any, user: Any, **_: Any) -> None:
    """Record a log-out; one of nobody is none."""
    if user is not None:
        record(LOG_OUT, target=user.get_username(), detail=_where(request), by=user.get_username())


def note_failure(credentials: dict[str, Any], request: Any = None, **_: Any) -> None:
    """Record a failed log-in; a name that nobody has is not kept: it may be a password in the wrong field."""
    given = str(credentials.get("username", ""))
    name = get_user_model().objects.filter(username=given).values_list("username", flat=True).first()
    where = _where(request)
    record(LOG_IN, target=name or NOBODY, detail=where, outcome="refused", by=_nobody_at(where.get("address", "")))


def _nobody_at(address: str) -> str:
    return f"nobody at {address or 'an unknown address'}"


def _where(request: Any) -> dict[str, str]:
    address = request.META.get("REMOTE_ADDR", "") if request is not None else ""
    return {"address": address} if address else {}
