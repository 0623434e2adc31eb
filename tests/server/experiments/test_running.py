"""Which experiments are in force: until stopped, ended or overtaken, and what they say about a unit."""

from __future__ import annotations

import contextlib
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from augury.errors import AuguryError, InvalidInput, NotFound, Unavailable
from augury.experiments import assign
from augury_server.experiments.finding import find_experiment
from augury_server.experiments.listing import list_experiments, standing_of
from augury_server.experiments.models import Experiment
from augury_server.experiments.plan import ExperimentPlan
from augury_server.experiments.running import running
from augury_server.experiments.start import start
from augury_server.experiments.stop import stop
from augury_server.registry.applying import Act
from augury_server.registry.archive import archive
from augury_server.registry.challenge import challenge
from augury_server.registry.demote import demote
from augury_server.registry.promote import promote
from augury_server.registry.restore import restore
from augury_server.registry.rollback import rollback

WHO = {"by": "ada", "reason": "a test"}


def standing(name: str, clock: Any) -> str:
    return standing_of(find_experiment(name), clock())


def test_running_is_one_query_by_model_and_knows_one_model(
    platform: Any, versions: Any, plan: Any, act: Any, clock: Any
) -> None:
    for name in ("beta", "alpha"):
        versions(name)
        start(plan(name=f"of-{name}", model_name=name), act())
    with CaptureQueriesContext(connection) as asked:
        found = running(now=clock)
    assert len(asked) == 1
    assert [one.model_name for one in found] == ["alpha", "beta"]
    assert [one.versions for one in found] == [(1, 2), (1, 2)]
    assert [one.name for one in running("beta", now=clock)] == ["of-beta"]
    assert running("gamma", now=clock) == ()


def test_it_is_in_force_until_its_planned_end_to_the_moment(
    platform: Any, versions: Any, plan: Any, act: Any, clock: Any
) -> None:
    versions()
    start(plan(days=2.0), act())
    clock.tick(days=2)
    clock.time -= timedelta(microseconds=1)
    assert [one.name for one in running(now=clock)] == ["deeper"]
    assert standing("deeper", clock) == "running"
    clock.time += timedelta(microseconds=1)
    assert running(now=clock) == ()
    assert standing("deeper", clock) == "ended"


def test_stopping_keeps_the_row_with_who_and_why_and_twice_is_once(
    platform: Any, versions: Any, plan: Any, act: Any, clock: Any
) -> None:
    versions()
    start(plan(), act())
    clock.tick(hours=5)
    assert stop("deeper", act(by="grace", dry_run=True)).changed
    assert standing("deeper", clock) == "running"
    assert stop("deeper", act(by="grace", reason="enough seen")).changed
    clock.tick(hours=1)
    assert not stop("deeper", act(by="mary", reason="again")).changed
    row = Experiment.objects.get()
    told = (row.state, row.stopped_at, row.stopped_by, row.stop_reason)
    assert told == ("stopped", clock() - timedelta(hours=1), "grace", "enough seen")
    assert running(now=clock) == ()
    with pytest.raises(NotFound, match="did you mean 'deeper'"):
        stop("deaper", act())


@pytest.mark.parametrize("what", ["treatment promoted", "third promoted", "champion demoted", "treatment archived"])
def test_what_the_registry_decides_ends_an_experiment_for_good(
    platform: Any, versions: Any, plan: Any, act: Any, clock: Any, what: str
) -> None:
    versions()
    start(plan(), act())
    undo: Any
    if what == "treatment archived":
        archive("trend", 2, now=clock, **WHO)
        undo = lambda: restore("trend", 2, now=clock, **WHO)  # noqa: E731
    elif what == "champion demoted":
        demote("trend", 1, now=clock, **WHO)
        undo = lambda: promote("trend", 1, now=clock, **WHO)  # noqa: E731
    else:
        promote("trend", 2 if "treatment" in what else 3, now=clock, **WHO)
        undo = lambda: rollback("trend", now=clock, **WHO)  # noqa: E731
    assert running(now=clock) == ()
    assert standing("deeper", clock) == "overtaken"
    undo()
    assert running(now=clock) == ()
    assert standing("deeper", clock) == "overtaken"
    assert stop("deeper", act()).changed
    assert standing("deeper", clock) == "stopped"


def test_what_does_not_touch_its_versions_leaves_it_in_force(
    platform: Any, versions: Any, plan: Any, act: Any, clock: Any
) -> None:
    versions()
    versions("other")
    start(plan(), act())
    challenge("trend", 2, now=clock, **WHO)
    archive("trend", 3, now=clock, **WHO)
    restore("trend", 3, now=clock, **WHO)
    promote("trend", 1, now=clock, **WHO)
    promote("other", 2, now=clock, **WHO)
    assert [one.name for one in running(now=clock)] == ["deeper"]


def test_the_list_is_one_query_with_how_each_stands(
    platform: Any, versions: Any, plan: Any, act: Any, clock: Any
) -> None:
    versions()
    for number in range(5):
        start(plan(name=f"n{number}"), act())
        stop(f"n{number}", act())
    start(plan(name="last"), act())
    with CaptureQueriesContext(connection) as asked:
        told = [(one.name, one.control.number, standing_of(one, clock())) for one in list_experiments()]
    assert len(asked) == 1
    assert told[:2] == [("last", 1, "running"), ("n4", 1, "stopped")]
    assert [one.name for one in list_experiments("trend", state="running")] == ["last"]


def test_a_split_answers_each_unit_by_its_variant_for_ever(
    sqlite_platform: Any, versions: Any, plan: Any, act: Any, clock: Any
) -> None:
    versions()
    start(plan(share=0.25, unit="symbol_day"), act())
    (one,) = running(now=clock)
    day = 86_400 * 10**9
    units = [one.unit_of(f"S{symbol}", number * day + 5) for symbol in range(100) for number in range(50)]
    variants = [one.variant_of(unit) for unit in units]
    assert variants == [one.variant_of(unit) for unit in units]
    shares = {"treatment": 0.25, "control": 0.75}
    assert variants == [assign(one.salt, unit, shares) for unit in units]
    counts = Counter(variants)
    assert 0.22 < counts["treatment"] / len(units) < 0.28
    assert {one.version_of("control"), one.version_of("treatment")} == {1, 2}
    with pytest.raises(InvalidInput, match="name the symbol"):
        one.unit_of("", 0)


def test_a_shadow_answers_every_unit_by_the_control(
    sqlite_platform: Any, versions: Any, plan: Any, act: Any, clock: Any
) -> None:
    versions()
    start(plan(mode="shadow"), act())
    (one,) = running(now=clock)
    assert (one.share, one.versions) == (0.0, (1, 2))
    assert {one.variant_of(f"S{number}") for number in range(2_000)} == {"control"}


def test_a_database_that_is_away_is_unavailable_and_not_an_empty_answer(platforms: Any, own_postgres: Any) -> None:
    import tempfile
    from pathlib import Path

    platform = next(platforms("postgresql", Path(tempfile.mkdtemp()), own_postgres))
    assert platform.engine == "postgresql"
    assert running() == ()
    own_postgres.stop()
    with pytest.raises(Unavailable):
        running()
    own_postgres.start()


class Experiments(RuleBasedStateMachine):
    """Any order of acts against a slow model that keeps every fact; the registry decides, then the clock."""

    clock: Any
    prepare: Any

    def __init__(self) -> None:
        super().__init__()
        type(self).prepare()
        self.champion: int | None = 1
        self.former: list[int] = []
        self.archived: set[int] = set()
        self.rows: list[dict[str, Any]] = []

    def current(self) -> dict[str, Any] | None:
        return next((row for row in self.rows if row["state"] == "running"), None)

    def in_force(self, row: dict[str, Any]) -> bool:
        return bool(row["state"] == "running" and not row["overtaken"] and self.clock() < row["ends"])

    @contextlib.contextmanager
    def refused_when(self, condition: bool) -> Any:
        try:
            yield
        except AuguryError:
            assert condition
        else:
            assert not condition

    def champion_is(self, number: int | None) -> None:
        if number != self.champion:
            for row in self.rows:
                row["overtaken"] = True
        self.champion = number

    @rule(hours=st.sampled_from([1, 20, 30]))
    def time_passes(self, hours: int) -> None:
        self.clock.tick(hours=hours)

    @rule(treatment=st.integers(1, 3), days=st.sampled_from([1.0, 2.0]))
    def start(self, treatment: int, days: float) -> None:
        running_one = self.current()
        free = running_one is None or not self.in_force(running_one)
        fits = self.champion not in (None, treatment) and treatment not in self.archived
        name = f"n{len(self.rows)}"
        plan = ExperimentPlan(name=name, model_name="trend", treatment=treatment, days=days)
        with self.refused_when(not (free and fits)):
            start(plan, Act(now=self.clock, **WHO))
        if free and fits:
            if running_one is not None:
                running_one["state"] = "stopped"
            ends = self.clock() + timedelta(days=days)
            self.rows.append(
                {"name": name, "control": self.champion, "treatment": treatment, "ends": ends, "state": "running",
                 "overtaken": False}
            )  # fmt: skip

    @rule()
    def stop(self) -> None:
        if self.rows:
            stop(self.rows[-1]["name"], Act(now=self.clock, **WHO))
            self.rows[-1]["state"] = "stopped"

    @rule(number=st.integers(1, 3))
    def promote(self, number: int) -> None:
        with self.refused_when(number in self.archived):
            promote("trend", number, now=self.clock, **WHO)
        if number not in self.archived and number != self.champion:
            self.former += [] if self.champion is None else [self.champion]
            self.champion_is(number)

    @rule()
    def roll_back(self) -> None:
        while self.former and self.former[-1] == self.champion:
            self.former.pop()
        left = self.former
        with self.refused_when(not left):
            rollback("trend", now=self.clock, **WHO)
        if left:
            self.champion_is(left.pop())

    @rule(number=st.integers(1, 3))
    def archive(self, number: int) -> None:
        with self.refused_when(number == self.champion):
            archive("trend", number, now=self.clock, **WHO)
        if number != self.champion and number not in self.archived:
            self.archived.add(number)
            self.former = [one for one in self.former if one != number]
            for row in self.rows:
                row["overtaken"] |= row["treatment"] == number

    @rule(number=st.integers(1, 3))
    def restore(self, number: int) -> None:
        restore("trend", number, now=self.clock, **WHO)
        self.archived.discard(number)

    @invariant()
    def what_is_in_force_agrees(self) -> None:
        expected = [(row["name"], row["control"], row["treatment"]) for row in self.rows if self.in_force(row)]
        found = [(one.name, one.control, one.treatment) for one in running("trend", now=self.clock)]
        assert found == expected
        assert all(control == self.champion and treatment not in self.archived for _, control, treatment in expected)

    @invariant()
    def every_row_stands_as_it_should(self) -> None:
        told = {one.name: standing_of(one, self.clock()) for one in list_experiments("trend")}
        for row in self.rows:
            over = "overtaken" if row["overtaken"] else "ended" if self.clock() >= row["ends"] else "running"
            assert told[row["name"]] == (row["state"] if row["state"] == "stopped" else over)


def test_experiments_agree_with_a_slow_model_that_keeps_every_fact(platform: Any, versions: Any, clock: Any) -> None:
    versions()

    def prepare() -> None:
        from augury_server.registry.models import Transition

        Experiment.objects.all().delete()
        numbers = set(range(1, 4))
        for number in numbers:
            restore("trend", number, now=clock, **WHO)
        promote("trend", 1, now=clock, **WHO)
        for number in (2, 3):
            archive("trend", number, now=clock, **WHO)
            restore("trend", number, now=clock, **WHO)
        assert Transition.objects.exists()

    class Here(Experiments):
        pass

    Here.clock, Here.prepare = clock, staticmethod(prepare)
    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=20 if platform.engine == "sqlite" else 10, stateful_step_count=14, deadline=None,
            suppress_health_check=list(HealthCheck), derandomize=True,
        ),
    )  # fmt: skip
