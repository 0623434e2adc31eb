"""The key ring: who a token belongs to, from memory; kept up to date by a thread, however the database fares."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hmac import compare_digest
from typing import Any

from django.db import connection
from django.db.models import Q

from augury.errors import AuguryError
from augury.operations.operation import Role
from augury_server.accounts.api_keys import token_parts
from augury_server.accounts.models import ApiKey
from augury_server.database.explaining import explained
from augury_server.telemetry.logs import get_log

__all__ = ["KeyRing", "Principal"]

_USED_EVERY_SECONDS = 60.0
_NOBODY = hashlib.sha256(b"").digest()
_NEVER = float("inf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who calls: a key with its role and the parts of the API that it is for. `actor` is its name in records."""

    key_id: str
    name: str
    role: Role
    scopes: frozenset[str]

    @property
    def actor(self) -> str:
        """The name that goes into the audit trail: "key:ci"."""
        return f"key:{self.name}"


@dataclass(frozen=True, slots=True)
class _Held:
    principal: Principal
    secret: bytes
    expires: float
    previous: bytes | None
    previous_until: float


class KeyRing:
    """Keys in memory: `find` asks no database. A thread reads them again every `refresh_seconds` from `start` on.

    While the database is away what is known goes on to hold, and `problem` says why; expiry is judged by the clock all
    the same. When a key was last used is written at most once a minute.
    """

    def __init__(self, refresh_seconds: float, *, clock: Callable[[], float] = time.time) -> None:
        self._every = refresh_seconds
        self._clock = clock
        self._held: Mapping[str, _Held] = {}
        self._used: set[str] = set()
        self._written_at = 0.0
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self.loaded = False
        self.problem = ""

    def __len__(self) -> int:
        return len(self._held)

    def start(self) -> None:
        """Read the keys, then go on reading them in a thread; an unreachable database is no error here."""
        self._try_refresh()
        self._thread = threading.Thread(target=self._run, name="api-keys", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread and write what is not yet written of when keys were used."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def find(self, token: str) -> Principal | None:
        """Whom a token belongs to; None for one that is unknown, wrong, expired or revoked.

        Takes as long for a wrong secret as for a right one, and for an unknown id as for a known one.
        """
        parts = token_parts(token)
        if parts is None:
            return None
        key_id, secret = parts
        held = self._held.get(key_id)
        given = hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
        if held is None:
            compare_digest(given, _NOBODY)
            return None
        current = compare_digest(given, held.secret)
        now = self._clock()
        if not current and not (held.previous and compare_digest(given, held.previous) and now < held.previous_until):
            return None
        if now >= held.expires:
            return None
        self._used.add(key_id)
        return held.principal

    def refresh(self) -> None:
        """Read the keys now. Raises Unavailable or Misconfigured when the database does not give them."""
        with self._lock, explained("read the API keys"):
            rows = ApiKey.objects.filter(revoked_at__isnull=True).order_by("id")
            self._held = {row["key_id"]: _held(row) for row in rows.values(*_COLUMNS)}
            self.loaded, self.problem = True, ""

    def write_used(self) -> None:
        """Write when keys were last used, those that were since the last time; a minute is fine enough."""
        used, self._used = self._used, set()
        if not used:
            return
        now = datetime.fromtimestamp(self._clock(), UTC)
        old = Q(last_used_at__isnull=True) | Q(last_used_at__lt=now - timedelta(seconds=_USED_EVERY_SECONDS / 2))
        try:
            with explained("note which API keys were used"):
                ApiKey.objects.filter(old, key_id__in=used).update(last_used_at=now)
        except AuguryError:
            self._used |= used
            raise

    def _run(self) -> None:
        while not self._stopping.wait(self._every):
            self._try_refresh()
            if self._clock() - self._written_at >= _USED_EVERY_SECONDS:
                self._try_write()
        self._try_write()
        connection.close()

    def _try_refresh(self) -> None:
        try:
            self.refresh()
        except AuguryError as error:
            if not self.problem:
                get_log(__name__).warning("API keys cannot be read; those that are known go on", reason=str(error))
            self.problem = str(error)
        finally:
            connection.close()

    def _try_write(self) -> None:
        self._written_at = self._clock()
        try:
            self.write_used()
        except AuguryError as error:
            self.problem = str(error)
        finally:
            connection.close()


_COLUMNS = ("key_id", "name", "role", "scopes", "secret_sha256", "previous_sha256", "previous_until", "expires_at")


def _held(row: Mapping[str, Any]) -> _Held:
    principal = Principal(key_id=row["key_id"], name=row["name"], role=row["role"], scopes=frozenset(row["scopes"]))
    expires, until = row["expires_at"], row["previous_until"]
    return _Held(
        principal,
        bytes.fromhex(row["secret_sha256"]),
        _NEVER if expires is None else expires.timestamp(),
        bytes.fromhex(row["previous_sha256"]) or None,
        0.0 if until is None else until.timestamp(),
    )
