"""The life of a job against a slow, readable model of it, over every order of events that Hypothesis thinks of."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from augury.errors import NotFound, Refused
from augury_server.jobs.cancel import cancel
from augury_server.jobs.claims import Claim, beat, claim_job, settle
from augury_server.jobs.interruption import Reason, settle_interrupted
from augury_server.jobs.lost_leases import Dead, expire
from augury_server.jobs.models import Job, JobEvent, State
from augury_server.jobs.moves import MOVES, Note, make_move
from augury_server.jobs.retry import retry
from augury_server.jobs.submit import Terms, submit

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_every_move_leaves_a_state_that_exists_and_only_the_asked_for_ones_leave_an_end() -> None:
    ends = {State.SUCCEEDED, State.FAILED, State.CANCELLED}
    assert {name for name, move in MOVES.items() if set(move.before) & ends} == {"asked again"}
    assert {state for move in MOVES.values() for state in (*move.before, move.after)} == set(State)


@pytest.mark.parametrize(("name", "state"), list(itertools.product(MOVES, State)))
def test_a_move_happens_from_its_own_states_and_from_no_other(sqlite_platform: Any, name: str, state: str) -> None:
    job = Job.objects.create(
        operation="doctor", timeout_seconds=1, state=state, attempts=1, max_attempts=3,
        lease_until=NOW if state == State.RUNNING else None,
        ended_at=NOW if state in {State.SUCCEEDED, State.FAILED, State.CANCELLED} else None,
    )  # fmt: skip
    move = MOVES[name]
    after: dict[str, Any] = {
        "ended_at": NOW if move.after in {State.SUCCEEDED, State.FAILED, State.CANCELLED} else None,
        "lease_until": NOW if move.after == State.RUNNING else None,
    }
    moved = make_move(name, job.pk, Note(at=NOW), where={}, changes=after)
    job.refresh_from_db()
    assert moved == (state in move.before)
    assert job.state == (move.after if moved else state)
    assert JobEvent.objects.filter(job=job).count() == int(moved)


def test_a_move_of_a_job_that_is_not_there_is_none(sqlite_platform: Any) -> None:
    assert not make_move("claimed", uuid4(), Note(at=NOW), where={}, changes={})
    with pytest.raises(NotFound):
        cancel(uuid4(), by="ada")


@pytest.mark.parametrize(
    "broken",
    [
        {"state": "sleeping"},
        {"progress": 1.5},
        {"attempts": 9},
        {"state": State.RUNNING},
        {"lease_until": NOW},
        {"ended_at": NOW},
        {"state": State.FAILED},
    ],
)
def test_the_database_itself_refuses_rows_that_cannot_be(platform: Any, broken: dict[str, Any]) -> None:
    job = Job.objects.create(operation="doctor", timeout_seconds=1, max_attempts=3)
    with pytest.raises(IntegrityError), transaction.atomic():
        Job.objects.filter(pk=job.pk).update(**broken)


@dataclass
class Model:
    """What a job should be, in plain words."""

    state: str = "queued"
    sent: bool = True
    attempts: int = 0
    claims: int = 0
    asked: bool = False
    history: list[str] = field(default_factory=lambda: ["queued"])


class JobLife(RuleBasedStateMachine):
    """One job with three attempts; claims are kept after they ended, to be used too late."""

    def __init__(self) -> None:
        super().__init__()
        self.job = submit("doctor", {}, terms=Terms(max_attempts=3))
        self.model = Model()
        self.claims: list[Claim] = []
        self.now = NOW

    def row(self) -> Job:
        return Job.objects.get(pk=self.job.pk)

    def holds(self, claim: Claim) -> bool:
        return self.model.state == "running" and claim.number == self.model.claims

    def some(self, data: st.DataObject) -> Claim:
        return data.draw(st.sampled_from(self.claims))

    def end(self, state: str, event: str) -> None:
        self.model.state, self.model.asked = state, False
        self.model.history.append(event)

    @rule(step=st.integers(-7200, 7200))
    def the_clock_is_set(self, step: int) -> None:
        self.now += timedelta(seconds=step)

    @rule()
    def a_message_comes(self) -> None:
        claim = claim_job(self.job.pk, worker="w", now=self.now, lease_seconds=30)
        model = self.model
        assert (claim is not None) == (model.state == "queued" and model.sent)
        if claim is not None:
            self.claims.append(claim)
            model.state, model.claims, model.attempts = "running", model.claims + 1, model.attempts + 1
            model.history.append("claimed")
            assert (claim.number, claim.attempt) == (model.claims, model.attempts)

    @precondition(lambda self: self.claims)
    @rule(data=st.data())
    def a_worker_beats(self, data: st.DataObject) -> None:
        claim = self.some(data)
        pulse = beat(claim, now=self.now, lease_seconds=30, progress=0.5, text="half")
        assert pulse.held == self.holds(claim)
        assert pulse.cancel_requested == (self.holds(claim) and self.model.asked)

    @precondition(lambda self: self.claims)
    @rule(data=st.data(), move=st.sampled_from(["succeeded", "failed", "put back", *Reason]))
    def a_worker_ends_its_job(self, data: st.DataObject, move: Any) -> None:
        claim, model = self.some(data), self.model
        held = self.holds(claim)
        if move == "put back" and model.attempts >= 3:  # then a worker fails it instead
            return
        if isinstance(move, Reason):
            settled = settle_interrupted(claim, move, self.now)
            held = held and move is not Reason.LOST
        elif move == "put back":
            settled = settle(claim, move, now=self.now, changes={"sent_at": None})
        else:
            settled = settle(claim, move, now=self.now, changes={"ended_at": self.now})
        assert settled == held
        if not held:
            return
        if move in ("succeeded", "failed"):
            self.end(move, move)
        elif move is Reason.CANCELLED:
            self.end("cancelled", "stopped")
        elif move is Reason.TIMED_OUT:
            self.end("failed", "failed")
        else:
            self.end("queued", "put back" if move == "put back" else "released")
            model.sent = False
            model.attempts -= 0 if move == "put back" else 1

    @rule(stale=st.booleans())
    def a_watcher_finds_the_job_dead(self, stale: bool) -> None:
        model, row = self.model, self.row()
        dead = Dead(job_id=self.job.pk, claims=row.claims, beats=row.beats - int(stale))
        move = expire(dead, self.now)
        if model.state != "running" or stale:
            assert move == ""
        elif model.asked:
            self.end("cancelled", "stopped")
        elif model.attempts >= 3:
            self.end("failed", "given up")
        else:
            self.end("queued", "lost")
            model.sent = False

    @rule()
    def its_message_is_sent_when_it_is_due(self) -> None:
        if self.model.state == "queued":
            Job.objects.filter(pk=self.job.pk).update(sent_at=self.now)
            self.model.sent = True

    @precondition(lambda self: self.model.state == "running" and self.model.attempts < 3 and not self.model.asked)
    @rule()
    def another_worker_takes_over(self) -> None:
        row = self.row()
        assert expire(Dead(job_id=row.pk, claims=row.claims, beats=row.beats), self.now) == "lost"
        self.end("queued", "lost")
        self.its_message_is_sent_when_it_is_due()
        self.a_message_comes()
        assert self.model.state == "running"

    @rule()
    def somebody_cancels(self) -> None:
        model = self.model
        try:
            cancel(self.job.pk, by="ada")
        except Refused:
            assert model.state in ("succeeded", "failed")
        else:
            assert model.state not in ("succeeded", "failed")
            if model.state == "queued":
                self.end("cancelled", "cancelled")
                model.sent = False
            elif model.state == "running" and not model.asked:
                model.asked = True
                model.history.append("cancel asked")

    @rule()
    def somebody_retries(self) -> None:
        model = self.model
        try:
            retry(self.job.pk, by="ada")
        except Refused:
            assert model.state not in ("failed", "cancelled")
        else:
            assert model.state in ("failed", "cancelled")
            model.attempts, model.sent = 0, True
            self.end("queued", "asked again")

    @invariant()
    def the_row_is_as_the_model_says(self) -> None:
        row, model = self.row(), self.model
        assert (row.state, row.attempts, row.claims, row.cancel_requested) == (
            model.state, model.attempts, model.claims, model.asked,
        )  # fmt: skip
        if row.state == "queued":
            assert (row.sent_at is not None) == model.sent
        assert [event.event for event in row.events.all()] == model.history


@pytest.fixture
def no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Messages are no matter here: retries send theirs to nobody."""
    for module in ("submit", "retry"):
        monkeypatch.setattr(f"augury_server.jobs.{module}.send_job", lambda *_: True)


def test_a_job_lives_as_the_model_says(sqlite_platform: Any, no_broker: None) -> None:
    run_state_machine_as_test(
        JobLife,
        settings=settings(
            max_examples=40, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
