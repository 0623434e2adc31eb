"""An operation run for somebody who calls over the network: under their name, confined, long ones as a job."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from augury.errors import AuguryError, InvalidInput
from augury.operations.operation import Operation, Result, Silent
from augury_server.accounts.actor import acting
from augury_server.accounts.audit import audited, record
from augury_server.accounts.keyring import Principal
from augury_server.api.remote_files import without_folder
from augury_server.api.remote_options import RoleTooLow, confined, remote_operation
from augury_server.api.schemas import has_dry_run
from augury_server.database.explaining import explained
from augury_server.jobs.models import Job
from augury_server.jobs.submit import submit
from augury_server.operations.platform import PlatformOptions

__all__ = ["Call", "allowed_operation", "plain_result", "run_call", "run_verb"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What is asked for: `key` makes submitting a job idempotent, `background` prefers a job."""

    principal: Principal
    entry: Operation
    options: Mapping[str, Any]
    dry_run: bool = False
    background: bool = False
    key: str | None = None


def allowed_operation(name: str, principal: Principal) -> Operation:
    """The operation of that name, if the caller may run it over the network; a role that is too low is recorded.

    Raises what `remote_operation` raises.
    """
    try:
        return remote_operation(name, principal.role)
    except RoleTooLow as error:
        with explained("record a refusal"):
            record(name, detail={"error": str(error)}, outcome="refused", by=principal.actor)
        raise


def run_call(call: Call) -> Result | Job:
    """The result of an operation, or the job that it became: long ones do, and those of which the caller prefers it.

    An administrator's operation is never a job, and neither is a dry run. Raises what the operation raises.
    """
    entry, principal = call.entry, call.principal
    with _as_asked():
        options = confined(entry, call.options, principal.role)
        if call.dry_run:
            if not has_dry_run(entry):
                raise InvalidInput(f"{entry.name} has no dry run; leave dry_run out")
            options["dry_run"] = True
        spec = entry.spec_type.from_dict(options)
        with acting(principal.actor, principal.role):
            dry = bool(getattr(spec, "dry_run", False))
            if (entry.long or call.background) and entry.role != "administrator" and not dry:
                return _submitted(call, options)
            if entry.changes_state and not issubclass(entry.spec_type, PlatformOptions):
                with audited(entry.name, detail={"options": options}):
                    return entry.run(spec, Silent())
            return entry.run(spec, Silent())


def run_verb(name: str, options: Mapping[str, Any], principal: Principal) -> Result | Job:
    """Run a verb that a route of its own stands for."""
    return run_call(Call(principal=principal, entry=allowed_operation(name, principal), options=options))


def plain_result(result: Result) -> dict[str, Any]:
    """A result as JSON-ready values, with its exit code where it has one, files called as the caller calls them."""
    plain: dict[str, Any] = without_folder(result.to_dict())
    code = getattr(result, "exit_code", None)
    return plain if code is None else {**plain, "exit_code": code}


def _submitted(call: Call, options: Mapping[str, Any]) -> Job:
    name = call.entry.name
    with explained(f"submit {call.entry.words}"), transaction.atomic():
        job = submit(name, options, by=call.principal.actor, key=call.key)
        record("jobs.submit", target=str(job.pk), detail={"operation": name, "options": dict(options)})
    return job


@contextmanager
def _as_asked() -> Iterator[None]:
    """Files in messages are called as whoever asked calls them."""
    try:
        yield
    except AuguryError as error:
        error.args = tuple(without_folder(list(error.args)))
        raise
