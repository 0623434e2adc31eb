"""Verbs of API keys: make, list, rotate, revoke."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec

from augury.operations.operation import Role, option
from augury_server.operations.platform import PlatformOptions, Verb, platform_operation

__all__ = ["KeyAddOptions", "KeyListOptions", "KeyRevokeOptions", "KeyRotateOptions", "ScopeName"]

ScopeName = Literal["predict", "stream", "operations", "inference"]

Name = Annotated[str, msgspec.Meta(description="Name of the key.", min_length=1, max_length=100)]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyAddOptions(PlatformOptions):
    """Which key to make."""

    name: Name = option(positional=True)
    role: Annotated[
        Role, msgspec.Meta(description="viewer reads and predicts, operator acts, administrator also manages keys.")
    ] = option("viewer")
    scope: Annotated[
        tuple[ScopeName, ...],
        msgspec.Meta(description="Only this part of the API; may be repeated. Every part when left out."),
    ] = option(())
    days: Annotated[
        Annotated[int, msgspec.Meta(ge=1, le=36_500)] | None,
        msgspec.Meta(description="Expires after so many days; never when left out."),
    ] = option(None)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyListOptions(PlatformOptions):
    """Which keys to list."""

    revoked: Annotated[bool, msgspec.Meta(description="Those that are revoked too.")] = option(False)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRotateOptions(PlatformOptions):
    """Which key gets a new secret."""

    name: Name = option(positional=True)
    grace: Annotated[
        float, msgspec.Meta(description="Hours for which the old secret goes on to open.", ge=0, le=2_160)
    ] = option(24.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRevokeOptions(PlatformOptions):
    """Which key opens nothing any more, and why."""

    name: Name = option(positional=True)
    reason: Annotated[str, msgspec.Meta(description="Why, for the audit trail.", max_length=500)] = option("")


platform_operation(
    Verb(
        name="keys.add",
        summary="Make an API key; its token is shown once.",
        example="augury keys add nightly-batch --role operator --days 90",
        run="keys:make_key",
        role="administrator",
        changes_state=True,
    ),
    KeyAddOptions,
)
platform_operation(
    Verb(
        name="keys.list",
        summary="List API keys: role, scopes, state, when they were last used.",
        example="augury keys list --revoked",
        run="keys:show_keys",
        role="administrator",
    ),
    KeyListOptions,
)
platform_operation(
    Verb(
        name="keys.rotate",
        summary="Give an API key a new secret, shown once; the old one goes on for a while.",
        example="augury keys rotate nightly-batch --grace 2",
        run="keys:renew_key",
        role="administrator",
        changes_state=True,
    ),
    KeyRotateOptions,
)
platform_operation(
    Verb(
        name="keys.revoke",
        summary="Let an API key open nothing any more.",
        example='augury keys revoke nightly-batch --reason "the job moved"',
        run="keys:end_key",
        role="administrator",
        changes_state=True,
    ),
    KeyRevokeOptions,
)
