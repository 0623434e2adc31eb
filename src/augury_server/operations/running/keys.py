"""What the verbs of API keys do."""

from __future__ import annotations

from datetime import datetime, timedelta

from augury.operations.operation import Progress
from augury_server.accounts.api_keys import NewKey, add_key, list_keys, revoke_key, rotate_key, state_of
from augury_server.accounts.models import SCOPES
from augury_server.operations.keys import KeyAddOptions, KeyListOptions, KeyRevokeOptions, KeyRotateOptions
from augury_server.operations.table import Table, counted

__all__ = ["end_key", "make_key", "renew_key", "show_keys"]

_ONCE = "The token is shown this once and kept nowhere. Send it as: Authorization: Bearer TOKEN"


def make_key(spec: KeyAddOptions, _: Progress) -> Table:
    """Make a key; the result holds its token."""
    made = add_key(spec.name, role=spec.role, scopes=spec.scope or SCOPES, days=spec.days)
    return _shown(made, f"{made.key.name} may call the API", (_ONCE,))


def show_keys(spec: KeyListOptions, _: Progress) -> Table:
    """Keys by name, without anything of their secrets."""
    rows = tuple(
        (
            key.name,
            key.key_id,
            key.role,
            "all" if len(key.scopes) == len(SCOPES) else ", ".join(key.scopes),
            state_of(key),
            key.owner,
            _time(key.created_at),
            _time(key.expires_at),
            _time(key.last_used_at),
        )
        for key in list_keys(revoked=spec.revoked)
    )
    columns = ("name", "id", "role", "scopes", "state", "owner", "created", "expires", "last used")
    return Table(title=counted(len(rows), "API key"), columns=columns, rows=rows)


def renew_key(spec: KeyRotateOptions, _: Progress) -> Table:
    """Give a key a new secret; the result holds the new token."""
    made = rotate_key(spec.name, grace=timedelta(hours=spec.grace))
    until = f"The old token opens until {_time(made.key.previous_until)} UTC."
    return _shown(made, f"{made.key.name} has a new token", (_ONCE, until))


def end_key(spec: KeyRevokeOptions, _: Progress) -> Table:
    """Revoke a key."""
    key = revoke_key(spec.name, reason=spec.reason)
    return Table(title=f"{key.name} opens nothing any more", facts={"name": key.name, "id": key.key_id})


def _shown(made: NewKey, title: str, notes: tuple[str, ...]) -> Table:
    key = made.key
    facts = {
        "name": key.name,
        "id": key.key_id,
        "role": key.role,
        "scopes": ", ".join(key.scopes),
        "expires": _time(key.expires_at) or "never",
        "token": made.token,
    }
    return Table(title=title, facts=facts, notes=notes)


def _time(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M}" if at else ""
