"""Verbs of people and of the record of what they did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import msgspec

from augury.operations.operation import Role, option
from augury_server.operations.platform import PlatformOptions, Verb, platform_operation

Name = Annotated[str, msgspec.Meta(description="Name of the account.", min_length=1, max_length=150)]
RoleName = Annotated[Role, msgspec.Meta(description="viewer reads, operator acts, administrator also manages people.")]
Reason = Annotated[str, msgspec.Meta(description="Why, for the audit trail.", max_length=500)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOptions(PlatformOptions):
    """Which accounts to list."""

    role: Annotated[Role | None, msgspec.Meta(description="Only this role.")] = option(None)


@dataclass(frozen=True, slots=True, kw_only=True)
class AddOptions(PlatformOptions):
    """Whom to add."""

    name: Name = option(positional=True)
    role: RoleName = option("viewer")
    email: Annotated[str, msgspec.Meta(description="Where to write to them.")] = option("")


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleOptions(PlatformOptions):
    """Who becomes what."""

    name: Name = option(positional=True)
    role: RoleName = option(positional=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class NameOptions(PlatformOptions):
    """Whose account, and why."""

    name: Name = option(positional=True)
    reason: Reason = option("")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditOptions(PlatformOptions):
    """Which entries of the audit trail to show."""

    actor: Annotated[str, msgspec.Meta(description="Only what this person did.")] = option("")
    action: Annotated[str, msgspec.Meta(description="Only this action, such as registry.promote.")] = option("")
    target: Annotated[str, msgspec.Meta(description="Only what was done to this.")] = option("")
    outcome: Annotated[
        str,
        msgspec.Meta(description="Only what ended so: done, refused or failed.", pattern="^(done|refused|failed|)$"),
    ] = option("")
    limit: Annotated[int, msgspec.Meta(description="At most so many, the newest.", ge=1, le=10_000)] = option(50)
    verify: Annotated[
        bool, msgspec.Meta(description="Read the whole trail and say whether anything was altered or is missing.")
    ] = option(False)


platform_operation(
    Verb(
        name="accounts.list",
        summary="List who may use the platform, with role and last log-in.",
        example="augury accounts list --role administrator",
        run="accounts:list_accounts",
        role="administrator",
    ),
    ListOptions,
)
platform_operation(
    Verb(
        name="accounts.add",
        summary="Add an account; its password is generated and shown once.",
        example="augury accounts add ada --role operator",
        run="accounts:add_account",
        role="administrator",
        changes_state=True,
    ),
    AddOptions,
)
platform_operation(
    Verb(
        name="accounts.role",
        summary="Give somebody another role.",
        example="augury accounts role ada administrator",
        run="accounts:give_role",
        role="administrator",
        changes_state=True,
    ),
    RoleOptions,
)
platform_operation(
    Verb(
        name="accounts.disable",
        summary="Let somebody in no more, from their next request on.",
        example='augury accounts disable ada --reason "left the company"',
        run="accounts:disable_account",
        role="administrator",
        changes_state=True,
    ),
    NameOptions,
)
platform_operation(
    Verb(
        name="accounts.enable",
        summary="Let somebody in again, with the role they had.",
        example="augury accounts enable ada",
        run="accounts:enable_account",
        role="administrator",
        changes_state=True,
    ),
    NameOptions,
)
platform_operation(
    Verb(
        name="accounts.password",
        summary="Give somebody a new generated password, shown once; their sessions end.",
        example="augury accounts password ada",
        run="accounts:give_password",
        role="administrator",
        changes_state=True,
    ),
    NameOptions,
)
platform_operation(
    Verb(
        name="accounts.audit",
        summary="Show who did what, or verify that the audit trail is whole.",
        example="augury accounts audit --verify",
        run="accounts:audit_trail",
    ),
    AuditOptions,
)
