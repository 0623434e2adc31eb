"""What a worker does with a message: claim the job, run its operation, write what came of it."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from django.db import InterfaceError, OperationalError, close_old_connections
from structlog.contextvars import bound_contextvars

from augury.errors import AuguryError
from augury_server.accounts.actor import acting
from augury_server.jobs.claims import Claim, claim_job, settle
from augury_server.jobs.interruption import Interrupted, Reason, settle_interrupted
from augury_server.jobs.lease import Lease, LeaseTerms
from augury_server.jobs.operations import runnable_operation
from augury_server.jobs.progress import JobProgress
from augury_server.jobs.results import pack_result
from augury_server.jobs.retries import backoff_seconds, is_transient
from augury_server.settings import current_settings
from augury_server.telemetry.logs import get_log

__all__ = ["Outcome", "execute", "patiently", "run_job"]

log = get_log(__name__)
Value = TypeVar("Value")
PATIENCE_SECONDS = 300.0
"""How long a worker waits for the database to come back before it lets go; the job is then found lost and run again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of running an operation: a result, an interruption, or an error that may be worth another try."""

    result: Mapping[str, Any] = field(default_factory=dict)
    interrupted: Reason | None = None
    error: str = ""
    transient: bool = False


def run_job(job_id: UUID, *, worker: str, terms: LeaseTerms) -> bool:
    """Run a job if it can be claimed; False when there was nothing to do, as with a message that came twice."""
    close_old_connections()
    claim = patiently(
        lambda: claim_job(job_id, worker=worker, now=datetime.now(UTC), lease_seconds=terms.lease_seconds)
    )
    if claim is None:
        log.info("nothing to do for this message", job=str(job_id))
        return False
    with bound_contextvars(job=str(job_id), operation=claim.operation, attempt=claim.attempt):
        execute(claim, terms)
    return True


def execute(claim: Claim, terms: LeaseTerms) -> None:
    """Run a claimed job to its end under a lease."""
    started = time.monotonic()
    with Lease(claim, terms) as lease:
        try:
            outcome = _outcome(claim, lease)
        finally:
            lease.seal()
        settled = patiently(lambda: _settle(claim, outcome, lease.last_text))
    what = "job ended" if settled else "job ended too late: another claim was made, and nothing is written"
    log.info(what, seconds=round(time.monotonic() - started, 3), error=outcome.error or None)


def _outcome(claim: Claim, lease: Lease) -> Outcome:
    try:
        entry = runnable_operation(claim.operation)
        spec = entry.spec_type.from_dict(claim.options)
        with acting(claim.by):
            result = entry.run(spec, JobProgress(lease))
        code = getattr(result, "exit_code", 0)  # what the command line would end with
        return Outcome(result=pack_result({**result.to_dict(), **({"exit_code": code} if code else {})}))
    except Interrupted as stop:
        return Outcome(interrupted=stop.reason)
    except AuguryError as error:
        return Outcome(error=str(error), transient=is_transient(error))
    except Exception as error:
        log.exception("operation failed")
        return Outcome(error=f"{type(error).__name__}: {error}"[:2000], transient=is_transient(error))


def _settle(claim: Claim, outcome: Outcome, step: str) -> bool:
    now = datetime.now(UTC)
    if outcome.interrupted is not None:
        return settle_interrupted(claim, outcome.interrupted, now)
    if not outcome.error:
        changes = {"ended_at": now, "progress": 1.0, "progress_text": step, "error": "", **outcome.result}
        return settle(claim, "succeeded", now=now, changes=changes)
    if outcome.transient and claim.attempt < claim.max_attempts:
        settings = current_settings().jobs
        wait = backoff_seconds(claim.attempt, first=settings.backoff_seconds, longest=settings.backoff_max_seconds)
        changes = {"run_at": now + timedelta(seconds=wait), "sent_at": None, "error": outcome.error}
        return settle(claim, "put back", now=now, text=f"again in {wait:.1f} s: {outcome.error}", changes=changes)
    reason = outcome.error
    if outcome.transient:
        reason += f" (attempt {claim.attempt} of {claim.max_attempts})"
    return settle(claim, "failed", now=now, text=reason, changes={"ended_at": now, "error": reason})


def patiently(action: Callable[[], Value], *, seconds: float = PATIENCE_SECONDS) -> Value:
    """Do something with the database, again and again while it is away; the last error when it does not come back."""
    until = time.monotonic() + seconds
    wait = 0.1
    while True:
        try:
            return action()
        except (OperationalError, InterfaceError) as error:
            if time.monotonic() + wait > until:
                raise
            log.warning("the database is away; tried again", reason=str(error), wait_seconds=wait)
            close_old_connections()
            time.sleep(random.uniform(wait / 2, wait))  # noqa: S311 - spreads load, keeps no secret
            wait = min(2 * wait, 2.0)
