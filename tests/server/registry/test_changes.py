"""Transitions in the database: one champion whoever promotes when, and a history that answers for every moment."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from augury.errors import AuguryError, InvalidInput, NotFound, Refused
from augury_server.registry.alias import remove_alias, set_alias
from augury_server.registry.applying import Act, change_model, write_record
from augury_server.registry.archive import archive
from augury_server.registry.as_of import as_of
from augury_server.registry.challenge import challenge
from augury_server.registry.demote import demote
from augury_server.registry.finding import champion, find_version, state_of
from augury_server.registry.models import Alias, ModelVersion, RegisteredModel, Transition
from augury_server.registry.promote import promote
from augury_server.registry.requests import Promote, Register
from augury_server.registry.restore import restore
from augury_server.registry.rollback import rollback
from augury_server.registry.transitions import decide

WHO = {"by": "ada", "reason": "a test"}


def add_version(name: str, clock: Callable[[], datetime], beats: bool | None = True) -> int:
    """A version's rows without files, as `register_model` writes them."""
    with transaction.atomic():
        model, _ = RegisteredModel.objects.get_or_create(
            name=name, defaults={"created_at": clock(), "created_by": "ada"}
        )
        decision = decide(state_of(model), Register(beats_baseline=beats))
        number = max(decision.state.versions)
        ModelVersion.objects.create(
            model=model, number=number, artefact_id=f"linear-{number}", content_sha256=f"{number:064d}",
            storage_url="-", size_bytes=1, family="linear", specification="linear", task="classification",
            beats_baseline=beats, registered_at=clock(), registered_by="ada",
        )  # fmt: skip
        assert decision.record is not None
        write_record(model, decision.state, decision.record, Act(now=clock, **WHO))
    return number


def clear() -> None:
    Alias.objects.all().delete()
    for model in (Transition, ModelVersion, RegisteredModel):
        model._base_manager.all()._raw_delete("default")  # type: ignore[attr-defined]


def test_every_change_is_recorded_with_who_why_and_when(platform: Any, clock: Any) -> None:
    for _ in range(2):
        add_version("trend", clock)
    promote("trend", 1, by="ada", reason="first", now=clock)
    clock.tick()
    promote("trend", "latest", by="grace", reason="better on 2025", now=clock)
    last = Transition.objects.first()
    assert last is not None
    assert (last.kind, last.by, last.reason, last.at) == ("promote", "grace", "better on 2025", clock())
    assert (last.from_version, last.to_version, last.champion) == (
        find_version("trend", 1), find_version("trend", 2), find_version("trend", 2),
    )  # fmt: skip
    assert champion("trend") == find_version("trend", "champion") == last.champion
    with pytest.raises(Refused, match="append-only"):
        last.save()
    with pytest.raises(Refused, match="append-only"):
        last.delete()


def test_nobody_changes_anything_without_a_name_and_a_reason(sqlite_platform: Any, clock: Any) -> None:
    add_version("trend", clock)
    with pytest.raises(InvalidInput, match=r"expected why \(reason\)"):
        promote("trend", 1, by="ada", reason="  ")
    with pytest.raises(InvalidInput, match=r"expected who does it \(by\)"):
        promote("trend", 1, by="", reason="better")
    assert champion("trend") is None


def test_a_dry_run_shows_the_change_and_makes_none(platform: Any, clock: Any) -> None:
    add_version("trend", clock)
    change = change_model("trend", Promote(version=1), Act(dry_run=True, **WHO))
    assert (change.changed, change.before.champion, change.after.champion) == (True, None, 1)
    assert champion("trend") is None
    assert Transition.objects.count() == 1


def test_as_of_answers_at_before_and_after_the_moment_of_a_change(platform: Any, clock: Any) -> None:
    add_version("trend", clock)
    before = clock()
    at = clock.tick()
    promote("trend", 1, now=clock, **WHO)
    demoted = clock.tick()
    demote("trend", 1, now=clock, **WHO)
    assert as_of("trend", before) is None
    assert as_of("trend", before - timedelta(days=1)) is None
    assert as_of("trend", at - timedelta(microseconds=1)) is None
    assert as_of("trend", at) == find_version("trend", 1) == as_of("trend", demoted - timedelta(microseconds=1))
    assert as_of("trend", demoted) is None
    with pytest.raises(InvalidInput, match="with its zone"):
        as_of("trend", datetime(2026, 1, 1))  # noqa: DTZ001
    with pytest.raises(NotFound, match="did you mean 'trend'"):
        as_of("trent", before)


def test_a_clock_that_goes_back_leaves_the_history_in_order(platform: Any, clock: Any) -> None:
    add_version("trend", clock)
    add_version("trend", clock)
    promote("trend", 1, now=clock, **WHO)
    late = clock.tick()
    promote("trend", 2, now=clock, **WHO)
    clock.tick(-3600)
    rollback("trend", now=clock, **WHO)
    assert list(Transition.objects.order_by("sequence").values_list("at", flat=True))[-2:] == [late, late]
    assert as_of("trend", late) == champion("trend") == find_version("trend", 1)


PROMOTING = """
from augury.errors import AuguryError
from augury_server.registry.promote import promote
from augury_server.registry.rollback import rollback
print("ready", flush=True)
input()
for turn in range(12):
    promote("trend", {number}, by="{number}", reason=f"turn {{turn}}")
"""


def test_processes_that_promote_at_once_leave_one_champion_and_a_history_without_gaps(
    platform: Any, clock: Any
) -> None:
    for _ in range(3):
        add_version("trend", clock)
    children = [platform.python(PROMOTING.format(number=number), stdin=-1) for number in (1, 2, 3)]
    for child in children:
        assert child.stdout.readline().strip() == "ready", child.stderr.read()
    for child in children:
        child.stdin.write("\n")
        child.stdin.flush()
    for child in children:
        _, err = child.communicate(timeout=120)
        assert child.returncode == 0, err
    assert ModelVersion.objects.filter(stage="champion").count() == 1
    found = list(Transition.objects.order_by("sequence"))
    assert [one.sequence for one in found] == list(range(1, len(found) + 1))
    assert [one.at for one in found] == sorted(one.at for one in found)
    for before, one in pairwise(found):
        if one.kind == "promote":
            assert one.from_version_id == before.champion_id
            assert one.champion_id == one.to_version_id
    assert found[-1].champion == champion("trend")


def test_the_database_itself_refuses_a_second_champion(platform: Any, clock: Any) -> None:
    for _ in range(2):
        add_version("trend", clock)
    promote("trend", 1, now=clock, **WHO)
    with pytest.raises(IntegrityError):
        ModelVersion.objects.filter(number=2).update(stage="champion")
    with pytest.raises(IntegrityError):
        ModelVersion.objects.filter(number=2).update(stage="king")
    assert champion("trend") == find_version("trend", 1)


def test_a_promotion_killed_within_its_transaction_changes_nothing(platform: Any, clock: Any) -> None:
    for _ in range(2):
        add_version("trend", clock)
    promote("trend", 1, now=clock, **WHO)
    child = platform.python(
        "import os\nfrom augury_server.registry import applying, promote\n"
        "applying.write_record = lambda *args: os.kill(os.getpid(), 9)\n"
        "promote.promote('trend', 2, by='x', reason='y')"
    )
    child.communicate(timeout=60)
    assert child.returncode == -9
    assert champion("trend") == find_version("trend", 1)
    assert rollback_refused()
    promote("trend", 2, now=clock, **WHO)
    assert rollback("trend", now=clock, **WHO).after.champion == 1


def rollback_refused() -> bool:
    try:
        rollback("trend", **WHO)
    except Refused:
        return True
    return False


def test_the_answers_take_a_constant_number_of_queries(platform: Any, clock: Any) -> None:
    counts = []
    for turn in range(2):
        for _ in range(1 + 20 * turn):
            number = add_version("trend", clock)
            promote("trend", number, now=clock, **WHO)
            clock.tick()
        with CaptureQueriesContext(connection) as asked:
            found = as_of("trend", clock())
            assert found is not None
            assert str(found) == f"trend@{number}"
            assert str(champion("trend")) == f"trend@{number}"
            promote("trend", 1 if turn else number, now=clock, **WHO)
        counts.append(len(asked))
    assert counts[0] == 1 + 1 + 5  # nothing to change: a transaction with three reads
    assert counts[1] <= counts[0] + 8


class Registry(RuleBasedStateMachine):
    """The database against a model that remembers everything and looks it all through each time."""

    clock: Any

    def __init__(self) -> None:
        super().__init__()
        clear()
        self.verdicts: list[bool | None] = []
        self.archived: set[int] = set()
        self.challengers: set[int] = set()
        self.aliases: dict[str, int] = {}
        self.champion: int | None = None
        self.stack: list[int] = []
        self.told: list[tuple[datetime, int | None]] = []
        self.moments: list[datetime] = [self.clock() - timedelta(seconds=1)]

    def tell(self) -> None:
        self.told.append((self.clock(), self.champion))
        self.moments.append(self.clock())

    @contextlib.contextmanager
    def refused_when(self, condition: bool) -> Iterator[None]:
        try:
            yield
        except AuguryError:
            assert condition
        else:
            assert not condition

    @rule(seconds=st.sampled_from([0, 1, 3600]))
    def time_passes(self, seconds: int) -> None:
        self.clock.tick(seconds)

    @rule(verdict=st.sampled_from([True, True, False, None]))
    def register(self, verdict: bool | None) -> None:
        self.verdicts.append(verdict)
        assert add_version("trend", self.clock, verdict) == len(self.verdicts)
        self.tell()

    @precondition(lambda self: self.verdicts)
    @rule(data=st.data(), force=st.booleans())
    def promote(self, data: Any, force: bool) -> None:
        number = self.some(data)
        bad = number in self.archived or not (force or self.verdicts[number - 1])
        with self.refused_when(bad and number != self.champion):
            promote("trend", number, force=force, now=self.clock, **WHO)
        if number != self.champion and not bad:
            self.stack += [] if self.champion is None else [self.champion]
            self.champion = number
            self.challengers.discard(number)
            self.tell()

    @precondition(lambda self: self.verdicts)
    @rule()
    def roll_back(self) -> None:
        left = list(self.stack)
        while left and left[-1] == self.champion:
            left.pop()
        with self.refused_when(not left):
            rollback("trend", now=self.clock, **WHO)
        if left:
            self.champion = left.pop()
            self.challengers.discard(self.champion)
            self.stack = left
            self.tell()

    @precondition(lambda self: self.verdicts)
    @rule(data=st.data())
    def demote(self, data: Any) -> None:
        number = self.some(data)
        with self.refused_when(number in self.archived):
            demote("trend", number, now=self.clock, **WHO)
        self.challengers.discard(number)
        if number == self.champion:
            self.stack.append(number)
            self.champion = None
            self.tell()

    @precondition(lambda self: self.verdicts)
    @rule(data=st.data())
    def challenge(self, data: Any) -> None:
        number = self.some(data)
        with self.refused_when(number in self.archived or number == self.champion):
            challenge("trend", number, now=self.clock, **WHO)
        if number not in self.archived and number != self.champion:
            self.challengers.add(number)

    @precondition(lambda self: self.verdicts)
    @rule(data=st.data())
    def archive(self, data: Any) -> None:
        number = self.some(data)
        with self.refused_when(number == self.champion or number in self.aliases.values()):
            archive("trend", number, now=self.clock, **WHO)
        if number != self.champion and number not in self.aliases.values():
            self.archived.add(number)
            self.challengers.discard(number)
            self.stack = [one for one in self.stack if one != number]

    @precondition(lambda self: self.verdicts)
    @rule(data=st.data())
    def restore(self, data: Any) -> None:
        number = self.some(data)
        restore("trend", number, now=self.clock, **WHO)
        self.archived.discard(number)

    @precondition(lambda self: self.verdicts)
    @rule(data=st.data(), alias=st.sampled_from(["stable", "canary"]), remove=st.booleans())
    def alias(self, data: Any, alias: str, remove: bool) -> None:
        if remove:
            with self.refused_when(alias not in self.aliases):
                remove_alias("trend", alias, now=self.clock, **WHO)
            self.aliases.pop(alias, None)
            return
        number = self.some(data)
        with self.refused_when(number in self.archived):
            set_alias("trend", alias, number, now=self.clock, **WHO)
        if number not in self.archived:
            self.aliases[alias] = number

    def some(self, data: Any) -> int:
        return int(data.draw(st.integers(1, len(self.verdicts))))

    @invariant()
    def rows_agree(self) -> None:
        stages = dict(ModelVersion.objects.values_list("number", "stage"))
        for number in range(1, len(self.verdicts) + 1):
            expected = (
                "champion" if number == self.champion else "archived" if number in self.archived
                else "challenger" if number in self.challengers else "candidate"
            )  # fmt: skip
            assert stages[number] == expected
        assert dict(Alias.objects.values_list("alias", "version__number")) == self.aliases

    @invariant()
    def the_past_agrees(self) -> None:
        if not self.verdicts:
            return
        for moment in {self.clock(), *self.moments[-3:], self.moments[0]}:
            told = [number for at, number in self.told if at <= moment]
            expected = told[-1] if told else None
            found = as_of("trend", moment)
            assert (found.number if found else None) == expected


@pytest.mark.parametrize("steps", [12])
def test_the_registry_agrees_with_a_slow_model_that_remembers_everything(platform: Any, clock: Any, steps: int) -> None:
    class Here(Registry):
        pass

    Here.clock = clock
    examples = 25 if platform.engine == "sqlite" else 15
    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=examples, stateful_step_count=steps, deadline=None,
            suppress_health_check=list(HealthCheck), derandomize=True,
        ),
    )  # fmt: skip
