"""API keys: made, rotated, revoked, listed. A token is shown once, when it is made, and is kept nowhere."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from django.db import IntegrityError, transaction

from augury.errors import Conflict, InvalidInput, NotFound, nearest
from augury_server.accounts.actor import current_actor
from augury_server.accounts.audit import record
from augury_server.accounts.models import SCOPES, ApiKey
from augury_server.accounts.roles import known_role

__all__ = [
    "KeyState",
    "NewKey",
    "add_key",
    "find_key",
    "list_keys",
    "revoke_key",
    "rotate_key",
    "state_of",
    "token_parts",
]

KeyState = Literal["active", "expired", "revoked"]

_PREFIX = "aug"
_SECRET_BYTES = 32
_ID_BYTES = 6
_LONGEST_TOKEN = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """A key just made or rotated: the one moment at which its `token` is known."""

    key: ApiKey
    token: str


def _now() -> datetime:
    return datetime.now(UTC)


def add_key(
    name: str,
    *,
    role: str = "viewer",
    scopes: Sequence[str] = SCOPES,
    days: int | None = None,
    by: str = "",
    now: Callable[[], datetime] = _now,
) -> NewKey:
    """Make a key with a role, for some parts of the API, for so many days or for ever.

    The secret has 256 random bits; what is stored is its SHA-256. Raises Conflict while a key of that name is in use,
    and InvalidInput for a name, role or scope that is refused.
    """
    label = _name(name)
    key_id, secret = secrets.token_hex(_ID_BYTES), _secret()
    owner, at = by or current_actor() or "unknown", now()
    key = ApiKey(
        key_id=key_id,
        name=label,
        role=known_role(role),
        scopes=_scopes(scopes),
        owner=owner[:150],
        secret_sha256=digest_of_secret(secret),
        created_at=at,
        expires_at=None if days is None else at + timedelta(days=days),
    )
    try:
        with transaction.atomic():
            key.save(force_insert=True)
            record("keys.add", target=_target(key), detail=_told(key), by=owner)
    except IntegrityError:
        raise Conflict(f"a key named {label!r} is in use; choose another name, or rotate or revoke that one") from None
    return NewKey(key=key, token=_token(key_id, secret))


def rotate_key(
    name: str, *, grace: timedelta = timedelta(hours=24), by: str = "", now: Callable[[], datetime] = _now
) -> NewKey:
    """Give a key a new secret; the one before goes on to open for the grace period, so that callers can change over.

    A secret from before the last rotation stops at once. Raises NotFound for a name without a key, and Conflict for one
    that has expired.
    """
    secret, at = _secret(), now()
    with transaction.atomic():
        key = _live(name)
        if state_of(key, at) == "expired":
            raise Conflict(f"the key {name!r} has expired; revoke it and add a new one")
        key.previous_sha256, key.previous_until = key.secret_sha256, at + grace
        key.secret_sha256, key.rotated_at = digest_of_secret(secret), at
        key.save(update_fields=["previous_sha256", "previous_until", "secret_sha256", "rotated_at"])
        detail = {"old_one_until": key.previous_until.isoformat()}
        record("keys.rotate", target=_target(key), detail=detail, by=by)
    return NewKey(key=key, token=_token(key.key_id, secret))


def revoke_key(name: str, *, reason: str = "", by: str = "", now: Callable[[], datetime] = _now) -> ApiKey:
    """Let a key open nothing any more, both of its secrets; the row stays, and its name is free for another.

    Processes notice after `api.key_refresh_seconds`. Raises NotFound for a name without a key.
    """
    who = by or current_actor() or "unknown"
    with transaction.atomic():
        key = _live(name)
        key.revoked_at, key.revoked_by, key.reason = now(), who[:150], reason[:500]
        key.save(update_fields=["revoked_at", "revoked_by", "reason"])
        record("keys.revoke", target=_target(key), detail={"reason": reason}, by=who)
    return key


def list_keys(*, revoked: bool = False) -> tuple[ApiKey, ...]:
    """Keys by name, with `revoked` those that are revoked too."""
    keys = ApiKey.objects.order_by("name", "-id")
    return tuple(keys if revoked else keys.filter(revoked_at__isnull=True))


def find_key(name: str) -> ApiKey:
    """The key of that name that is not revoked. Raises NotFound with the nearest names."""
    found = ApiKey.objects.filter(name=name, revoked_at__isnull=True).first()
    if found is None:
        names = ApiKey.objects.filter(revoked_at__isnull=True).order_by("name").values_list("name", flat=True)[:500]
        raise NotFound(f"no API key in use is named {name!r}; {nearest(name, names)}")
    return found


def state_of(key: ApiKey, at: datetime | None = None) -> KeyState:
    """Whether a key opens at a time (now): active, expired or revoked."""
    if key.revoked_at is not None:
        return "revoked"
    return "expired" if key.expires_at is not None and key.expires_at <= (at or _now()) else "active"


def token_parts(token: str) -> tuple[str, str] | None:
    """The id and the secret of a token; None for what is no token."""
    if len(token) > _LONGEST_TOKEN:
        return None
    prefix, _, rest = token.partition("_")
    key_id, _, secret = rest.partition("_")
    return (key_id, secret) if prefix == _PREFIX and key_id and secret else None


def digest_of_secret(secret: str) -> str:
    """What is stored: plain SHA-256, since nobody guesses 256 random bits and every request is checked by it."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _live(name: str) -> ApiKey:
    key = find_key(name)
    return ApiKey.objects.select_for_update().get(pk=key.pk, revoked_at__isnull=True)


def _secret() -> str:
    return secrets.token_urlsafe(_SECRET_BYTES)


def _token(key_id: str, secret: str) -> str:
    return f"{_PREFIX}_{key_id}_{secret}"


def _target(key: ApiKey) -> str:
    return f"key:{key.name}"


def _told(key: ApiKey) -> dict[str, object]:
    expires = None if key.expires_at is None else key.expires_at.isoformat()
    return {"id": key.key_id, "role": key.role, "scopes": key.scopes, "expires": expires}


def _name(name: str) -> str:
    clean = name.strip()
    if not 1 <= len(clean) <= 100 or not clean.isprintable():
        raise InvalidInput(f"a key's name has 1 to 100 printable characters, got {name!r:.120}")
    return clean


def _scopes(scopes: Sequence[str]) -> list[str]:
    for scope in scopes:
        if scope not in SCOPES:
            raise InvalidInput(f"no scope is named {scope!r}; {nearest(scope, SCOPES)}")
    if not scopes:
        raise InvalidInput(f"a key is for at least one scope of {', '.join(SCOPES)}")
    return [scope for scope in SCOPES if scope in scopes]
