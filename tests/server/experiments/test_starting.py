"""Starting an experiment: what it must be, what is refused and why, one a model whoever starts when."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from augury.errors import Conflict, InvalidArtefact, InvalidInput, NotFound, Refused
from augury_server.experiments.models import Experiment
from augury_server.experiments.plan import ExperimentPlan
from augury_server.experiments.running import running
from augury_server.experiments.start import start
from augury_server.experiments.stop import stop
from augury_server.registry.alias import set_alias
from augury_server.registry.archive import archive
from augury_server.registry.promote import promote
from augury_server.registry.register import register_model

WHO = {"by": "ada", "reason": "a test"}


def test_an_experiment_runs_a_week_by_half_and_half_unless_said_otherwise(
    platform: Any, versions: Any, plan: Any, act: Any, clock: Any
) -> None:
    versions()
    made = start(plan(), act())
    assert made.new
    row = Experiment.objects.get()
    assert (row.name, str(row.control), str(row.treatment)) == ("deeper", "trend@1", "trend@2")
    assert (row.mode, row.unit, row.share, row.state) == ("split", "symbol", 0.5, "running")
    assert (row.started_at, row.ends_at) == (clock(), clock() + timedelta(days=7))
    assert (row.started_by, row.reason, row.stopped_at) == ("ada", "a test", None)
    assert len(row.salt) == 16
    (found,) = running(now=clock)
    assert dataclasses.asdict(found) == {
        "name": "deeper", "model_name": "trend", "control": 1, "treatment": 2, "mode": "split", "unit": "symbol",
        "share": 0.5, "salt": row.salt, "ends_at": row.ends_at,
    }  # fmt: skip


def test_versions_are_named_as_anywhere_else(sqlite_platform: Any, versions: Any, plan: Any, act: Any) -> None:
    versions()
    set_alias("trend", "calm", 2, **WHO)
    for name, reference, number in (("by-alias", "calm", 2), ("latest", "latest", 3), ("by-text", "3", 3)):
        assert start(plan(name=name, treatment=reference), act()).experiment.treatment.number == number
        stop(name, act())


def test_every_experiment_has_a_salt_of_its_own(sqlite_platform: Any, versions: Any, plan: Any, act: Any) -> None:
    versions("one")
    versions("two")
    salts = {start(plan(name=f"of-{name}", model_name=name), act()).experiment.salt for name in ("one", "two")}
    assert len(salts) == 2


def test_a_dry_run_shows_it_and_stores_nothing(platform: Any, versions: Any, plan: Any, act: Any) -> None:
    versions()
    made = start(plan(share=0.1), act(dry_run=True))
    assert (made.new, made.dry_run, made.experiment.share) == (True, True, 0.1)
    assert not Experiment.objects.exists()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"name": ""}, "expected a name of letters"),
        ({"name": "a b"}, "expected a name of letters"),
        ({"name": "x" * 101}, "expected a name of letters"),
        ({"mode": "both"}, "mode of split or shadow"),
        ({"unit": "request"}, "unit of symbol or symbol_day"),
        ({"share": 0.0}, "between 0 and 1"),
        ({"share": 1.0}, "between 0 and 1"),
        ({"share": -0.2}, "between 0 and 1"),
        ({"share": 0.00001}, "between 0 and 1"),
        ({"share": float("nan")}, "between 0 and 1"),
        ({"mode": "shadow", "share": 0.5}, "leave it out"),
        ({"days": 0.0}, "days should be"),
        ({"days": 400.0}, "days should be"),
        ({"days": float("nan")}, "days should be"),
    ],
)
def test_a_plan_that_cannot_be_is_refused(plan: Any, given: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        plan(**given)


@pytest.mark.parametrize("share", [0.0001, 0.2, 0.9999])
def test_a_share_may_be_any_fraction_between(plan: Any, share: float) -> None:
    made: ExperimentPlan = plan(share=share)
    assert made.treated == share


def test_what_does_not_exist_is_not_found_with_what_does(
    sqlite_platform: Any, versions: Any, plan: Any, act: Any
) -> None:
    versions()
    with pytest.raises(NotFound, match="did you mean 'trend'"):
        start(plan(model_name="trent"), act())
    with pytest.raises(NotFound, match="trend has no version '9'"):
        start(plan(treatment=9), act())
    with pytest.raises(InvalidInput, match="why"):
        start(plan(), act(reason=" "))
    assert not Experiment.objects.exists()


def test_versions_that_read_or_say_other_things_are_refused_with_the_difference(
    sqlite_platform: Any, versions: Any, artefact: Any, plan: Any, act: Any, clock: Any
) -> None:
    versions()
    others = {
        "columns: the treatment lacks c and the control lacks d": artefact("other", columns=("a", "b", "d")),
        "columns: the control lacks d": artefact("more", columns=("a", "b", "c", "d")),
        "columns: the same in another order": artefact("order", columns=("b", "a", "c")),
        "classes: the control lacks flat": artefact("three", classes=("down", "flat", "up")),
        "label: ": artefact("label", label="direction(horizon_bars=5)"),
    }
    for words, folder in others.items():
        number = register_model(folder, name="trend", by="ada", now=clock).number
        with pytest.raises(Refused, match=words) as told:
            start(plan(treatment=number), act())
        assert f"trend@1 and trend@{number} cannot be compared" in str(told.value)
    assert not Experiment.objects.exists()


def test_a_damaged_version_is_refused_by_the_file(sqlite_platform: Any, versions: Any, plan: Any, act: Any) -> None:
    versions()
    home = sqlite_platform.settings.home
    version = Experiment._meta.get_field("treatment").related_model.objects.get(number=2)  # type: ignore[union-attr]
    file = version.files.get(name="model.onnx")
    (stored,) = [path for path in home.rglob(f"*{file.sha256}*") if path.is_file()]
    kept = stored.read_bytes()
    stored.chmod(0o644)
    stored.write_bytes(kept[:-1] + bytes([kept[-1] ^ 1]))
    with pytest.raises(InvalidArtefact, match=r"trend@2 is not opened.*model\.onnx"):
        start(plan(), act())
    assert not Experiment.objects.exists()
    stored.write_bytes(kept)
    assert start(plan(), act()).new


def test_the_control_is_the_champion_and_the_treatment_another_version_in_use(
    platform: Any, versions: Any, plan: Any, act: Any
) -> None:
    versions()
    with pytest.raises(Refused, match="given as control and as treatment"):
        start(plan(treatment=1), act())
    with pytest.raises(Refused, match=r"trend@3 is no champion \(candidate\)"):
        start(plan(control=3), act())
    archive("trend", 2, **WHO)
    with pytest.raises(Refused, match="trend@2 is archived; restore it"):
        start(plan(), act())
    assert not Experiment.objects.exists()


def test_a_model_has_one_experiment_that_runs(platform: Any, versions: Any, plan: Any, act: Any) -> None:
    versions()
    versions("other")
    start(plan(), act())
    with pytest.raises(Conflict, match=r"trend has an experiment that runs, deeper, until 2026-03-08 12:00 UTC; stop"):
        start(plan(name="second", treatment=3), act())
    assert start(plan(name="elsewhere", model_name="other"), act()).new
    stop("deeper", act())
    assert start(plan(name="second", treatment=3), act()).new


def test_asking_again_changes_nothing_and_a_name_is_used_once(
    platform: Any, versions: Any, plan: Any, act: Any, clock: Any
) -> None:
    versions()
    first = start(plan(share=0.3), act())
    clock.tick(hours=1)
    again = start(plan(share=0.3), act(by="grace"))
    assert (again.new, again.experiment.pk) == (False, first.experiment.pk)
    for other in ({"share": 0.4}, {"treatment": 3}, {"unit": "symbol_day"}, {"days": 3.0}, {"mode": "shadow"}):
        with pytest.raises(Conflict, match="'deeper' exists already: trend@2 against trend@1, running"):
            start(plan(**{"share": None if "mode" in other else 0.3, **other}), act())
    stop("deeper", act())
    with pytest.raises(Conflict, match=r"exists already.*stopped.*another name"):
        start(plan(share=0.3), act())
    assert Experiment.objects.count() == 1


@pytest.mark.parametrize("overtaken", [False, True])
def test_what_is_over_makes_room_for_the_next_and_says_why(
    platform: Any, versions: Any, plan: Any, act: Any, clock: Any, overtaken: bool
) -> None:
    versions()
    start(plan(days=2.0), act())
    clock.tick(days=1 if overtaken else 2)
    if overtaken:
        promote("trend", 3, now=clock, **WHO)
    next_one = start(plan(name="next"), act(by="grace"))
    before = Experiment.objects.get(name="deeper")
    assert (before.state, before.stopped_at, before.stopped_by) == ("stopped", clock(), "grace")
    assert before.stop_reason == (
        "its versions had changed in the registry when next was started" if overtaken
        else "its planned end had come when next was started"
    )  # fmt: skip
    assert next_one.experiment.control.number == (3 if overtaken else 1)


def test_the_database_itself_keeps_two_from_running_at_once(platform: Any, versions: Any, plan: Any, act: Any) -> None:
    versions()
    row = start(plan(), act()).experiment
    for wrong in ({}, {"state": "stopped"}, {"share": 1.5}, {"treatment_id": row.control_id}, {"mode": "shadow"}):
        copy = Experiment.objects.get(pk=row.pk)
        copy.pk, copy.name = None, "copy"
        if wrong:
            copy.state, copy.stopped_at = "stopped", row.started_at
        for name, value in wrong.items():
            setattr(copy, name, value)
        if wrong == {"state": "stopped"}:
            copy.stopped_at = None
        with pytest.raises(IntegrityError), transaction.atomic():
            copy.save(force_insert=True)


def test_of_two_processes_that_start_at_once_one_does(platform: Any, versions: Any) -> None:
    versions()
    connection.close()
    code = """
import sys
from augury.errors import Conflict
from augury_server.experiments.plan import ExperimentPlan
from augury_server.experiments.start import start
from augury_server.registry.applying import Act
print("ready", flush=True)
sys.stdin.readline()
told = []
for turn in range(6):
    plan = ExperimentPlan(name=f"{sys.argv[1]}-{turn}", model_name="trend", treatment=2)
    try:
        told.append(start(plan, Act(by=sys.argv[1], reason="race")).experiment.name)
    except Conflict as error:
        assert "an experiment that runs" in str(error), error
print(*told)
"""
    import subprocess

    running_now = [
        platform.python(code.replace("sys.argv[1]", repr(name)), stdin=subprocess.PIPE) for name in ("ada", "grace")
    ]
    for process in running_now:
        assert process.stdout.readline().strip() == "ready"
    for process in running_now:
        process.stdin.write("go\n")
        process.stdin.flush()
    ended = [process.communicate(timeout=120) for process in running_now]
    assert [process.returncode for process in running_now] == [0, 0], ended
    started = [name for told, _ in ended for name in told.split()]
    assert len(started) == 1
    assert list(Experiment.objects.values_list("name", "state")) == [(started[0], "running")]


def test_starting_takes_the_same_queries_however_many_there_were(
    platform: Any, versions: Any, plan: Any, act: Any
) -> None:
    versions()
    start(plan(name="warm"), act())
    counts = []
    for turn in range(2):
        for number in range(10 * turn):
            stop(Experiment.objects.filter(state="running").get().name, act())
            start(plan(name=f"filler-{number}"), act())
        stop(Experiment.objects.filter(state="running").get().name, act())
        with CaptureQueriesContext(connection) as asked:
            start(plan(name=f"measured-{turn}"), act())
        counts.append(len(asked))
    assert counts[0] == counts[1]
