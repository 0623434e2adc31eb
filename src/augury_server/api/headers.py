"""Headers of every response: what browsers may do with it; and the answers to pages of other origins (CORS)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from augury.errors import Misconfigured
from augury_server.settings.model import Settings

__all__ = ["Cors", "Pair", "security_headers"]

Pair = tuple[bytes, bytes]

POLICY: Pair = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
NO_STORE: Pair = (b"cache-control", b"no-store")

_METHODS = b"GET, POST, PUT, DELETE, OPTIONS"
_SENT = b"authorization, content-type, idempotency-key, if-match, if-none-match, prefer, x-api-key, x-request-id"
_READ = (
    b"etag, link, location, ratelimit-limit, ratelimit-remaining, ratelimit-reset, retry-after, x-request-id, "
    b"preference-applied"
)


def security_headers(settings: Settings) -> tuple[Pair, ...]:
    """What every response says, the policy apart, which a page of its own may set otherwise."""
    always = (
        (b"x-content-type-options", b"nosniff"),
        (b"x-frame-options", b"DENY"),
        (b"referrer-policy", b"no-referrer"),
    )
    strict = ((b"strict-transport-security", b"max-age=31536000"),) if settings.web.https else ()
    return (*always, *strict)


@dataclass(frozen=True, slots=True)
class Cors:
    """Which origins' pages may call. An origin is compared as a whole; without any, nothing is answered."""

    origins: frozenset[bytes]
    _granted: dict[bytes, tuple[Pair, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, settings: Settings) -> Cors:
        """As the settings say. Raises Misconfigured for what is no origin, "*" among it."""
        for origin in settings.api.cors_origins:
            scheme, separator, rest = origin.partition("://")
            if scheme not in ("http", "https") or not separator or not rest or "/" in rest or "*" in rest:
                raise Misconfigured(
                    f"api.cors_origins should be exact origins such as https://app.example.com, got {origin!r}"
                )
        return cls(frozenset(origin.encode("ascii") for origin in settings.api.cors_origins))

    def granted(self, origin: bytes) -> tuple[Pair, ...]:
        """Headers for a response to that origin's page; nothing for another's, but that it depends on the origin."""
        if not self.origins:
            return ()
        if origin not in self.origins:
            return ((b"vary", b"origin"),)
        return (
            (b"access-control-allow-origin", origin),
            (b"access-control-expose-headers", _READ),
            (b"vary", b"origin"),
        )

    def preflight(self, origin: bytes) -> tuple[Pair, ...]:
        """Headers of the answer to a preflight."""
        if origin not in self.origins:
            return ()
        return (
            (b"access-control-allow-origin", origin),
            (b"access-control-allow-methods", _METHODS),
            (b"access-control-allow-headers", _SENT),
            (b"access-control-max-age", b"600"),
            (b"vary", b"origin"),
        )

    @staticmethod
    def is_preflight(method: str, headers: Mapping[bytes, bytes]) -> bool:
        """Whether a browser asks if a page may call."""
        return method == "OPTIONS" and b"origin" in headers and b"access-control-request-method" in headers
