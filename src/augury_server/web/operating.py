"""Run an operation for somebody at a browser: with their role, under their name, long ones as a job."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from augury.operations.operation import Operation, Role, Silent
from augury.operations.registry import operations
from augury_server.accounts.actor import acting
from augury_server.accounts.audit import record
from augury_server.accounts.roles import allows, role_of
from augury_server.jobs.submit import submit

__all__ = ["Done", "known_operation", "may_run", "role_at", "run_for"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What an operation gave: its result, or the job that it became."""

    result: Any = None
    job: str = ""


def role_at(request: HttpRequest) -> Role | None:
    """The role of who asks, looked up once a request."""
    known: Role | None
    if not hasattr(request, "augury_role"):
        request.augury_role = role_of(request.user)  # type: ignore[attr-defined]
    known = request.augury_role  # type: ignore[attr-defined]
    return known


def known_operation(name: str) -> Operation | None:
    """The operation of that name; None where this installation has none."""
    return operations().get(name)


def may_run(request: HttpRequest, name: str) -> bool:
    """Whether an operation exists and who asks has the role for it."""
    entry = known_operation(name)
    return entry is not None and allows(role_at(request), entry.role)


def run_for(request: HttpRequest, name: str, options: Mapping[str, Any]) -> Done:
    """Run an operation, or submit it as a job when it is long. Its own errors pass through.

    Raises PermissionDenied, leaving a record, for somebody whose role is too low.
    """
    entry = known_operation(name)
    by = request.user.get_username()
    inner = known_operation(str(options.get("operation", "")))  # a job or schedule must not lend a role
    if entry is None or not all(allows(role_at(request), each.role) for each in (entry, inner) if each is not None):
        record(name, detail={"options": dict(options), "error": "role too low"}, outcome="refused", by=by)
        raise PermissionDenied
    spec = entry.spec_type.from_dict(options)
    with acting(by, role_at(request)):
        if entry.long:
            job = submit(name, dict(options), by=by)
            record("jobs.submit", target=str(job.pk), detail={"operation": name, "options": dict(options)})
            return Done(job=str(job.pk))
        return Done(result=entry.run(spec, Silent()))
