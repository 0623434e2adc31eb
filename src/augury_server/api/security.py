"""Who calls and what they may do: keys from headers, scopes by path, roles by what is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from starlette.requests import HTTPConnection

from augury.operations.operation import Role
from augury_server.accounts.keyring import Principal
from augury_server.accounts.roles import allows
from augury_server.api.problems import ProblemError

__all__ = ["OPEN_PATHS", "UNLIMITED_PATHS", "needs", "principal_of", "require_role", "scope_of", "token_of"]

OPEN_PATHS = frozenset(
    {
        "/", "/health", "/health/live", "/health/ready", "/docs", "/openapi.json", "/favicon.ico", "/robots.txt",
        "/v2", "/v2/health/live", "/v2/health/ready",
    }
)  # fmt: skip
"""What anybody may ask for; everything else needs a key."""

UNLIMITED_PATHS = frozenset({"/health/live", "/health/ready", "/v2/health/live", "/v2/health/ready"})
"""What load balancers and orchestrators ask for all the time, and costs nothing."""

_SCOPES = {"predict": "predict", "streams": "stream", "v2": "inference"}
CHALLENGE = {"www-authenticate": 'Bearer realm="augury"'}


def scope_of(path: str) -> str | None:
    """The scope that a path needs; None where any key will do: /models and /metrics belong to all of them."""
    first = path[1:].partition("/")[0]
    known = _SCOPES.get(first)
    if known is not None:
        return known
    return None if first in ("metrics", "models") else "operations"


def token_of(headers: Mapping[bytes, bytes]) -> str | None:
    """The token of a request's headers: `Authorization: Bearer ...`, or else `X-API-Key`; None without either."""
    given = headers.get(b"authorization")
    if given is not None:
        if given[:7].lower() == b"bearer ":
            return given[7:].strip().decode("latin-1")
        return ""
    key = headers.get(b"x-api-key")
    return None if key is None else key.decode("latin-1")


def principal_of(scope: Mapping[str, Any]) -> Principal:
    """Who calls, by an ASGI scope. Raises a problem with status 401 where nobody known does (on open paths only)."""
    known: Principal | None = scope["augury"].principal
    if known is None:
        raise ProblemError("key-needed", "send a key: Authorization: Bearer aug_...", CHALLENGE)
    return known


def require_role(scope: Mapping[str, Any], role: Role) -> Principal:
    """Who calls, if their key has the role or a higher one. Raises a problem with status 403 that names the role."""
    principal = principal_of(scope)
    if not allows(principal.role, role):
        raise ProblemError(
            "not-allowed",
            f"the role {role} is needed; the key {principal.name!r} has {principal.role}",
            needed_role=role,
        )
    return principal


def needs(role: Role) -> Callable[[HTTPConnection], Principal]:
    """A dependency for FastAPI: `Annotated[Principal, Depends(needs("operator"))]`."""

    def check(connection: HTTPConnection) -> Principal:
        return require_role(connection.scope, role)

    return check
