"""The verbs of schedules, as the doors call them, and the schedules that every platform has."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from augury.errors import InvalidInput, NotFound, Refused
from augury.operations.operation import Silent
from augury.operations.registry import operation, operations
from augury_server.accounts.actor import acting, current_role
from augury_server.accounts.add_person import add_person
from augury_server.accounts.api_keys import add_key, revoke_key
from augury_server.accounts.models import AuditEntry
from augury_server.database.retention import apply_retention
from augury_server.jobs.models import Job, KeptAnswer, ScalingEvent, Schedule, Worker
from augury_server.jobs.schedules.change import remove_schedule
from augury_server.jobs.schedules.defaults import DEFAULTS, add_default_schedules


def call(verb: str, **options: Any) -> Any:
    """Run a verb as every door does."""
    entry = operation(verb)
    return entry.run(entry.spec_type.from_dict(options), Silent())


def test_a_schedule_is_added_listed_run_and_removed_by_verbs(platform: Any) -> None:
    with acting("ada@terminal"):
        added = call(
            "schedules.add", name="nightly", operation="features", cron="30 2 * * *", time_zone="America/New_York"
        ).to_dict()
        assert len(added["next_runs"]) == 3
        assert sum("T02:30:00" in moment for moment in added["next_runs"]) >= 2
        (row,) = call("schedules.list").to_dict()["rows"]
        assert (row["name"], row["when"], row["state"], row["by"]) == (
            "nightly", "30 2 * * * (America/New_York)", "enabled", "ada@terminal",
        )  # fmt: skip
        job = call("schedules.run", name="nightly").to_dict()["job"]
        assert Job.objects.get(pk=job).by == "ada@terminal"
        assert call("schedules.disable", name="nightly").to_dict()["state"] == "disabled"
        assert call("schedules.list", enabled=True).to_dict()["rows"] == []
        assert call("schedules.enable", name="nightly").to_dict()["next_run"]
        call("schedules.remove", name="nightly")
    assert not Schedule.objects.exists()
    done = list(AuditEntry.objects.order_by("pk").values_list("action", "actor", "outcome"))
    verbs = [f"schedules.{verb}" for verb in ("add", "run", "disable", "enable", "remove")]
    assert [entry for entry in done if entry[0].startswith("schedules.")] == [
        (verb, "ada@terminal", "done") for verb in verbs
    ]


def test_options_are_read_as_the_operation_wants_them(platform: Any) -> None:
    with acting("ada@terminal"):
        call(
            "schedules.add", name="purge", operation="db.retain", every_seconds=3600.0, option=("batch=50", "only=jobs")
        )
        with pytest.raises(InvalidInput, match="no option 'bach'"):
            call("schedules.add", name="x", operation="db.retain", every_seconds=3600.0, option=("bach=50",))
        with pytest.raises(NotFound, match="no schedule is named 'purg'; did you mean 'purge'"):
            call("schedules.run", name="purg")
    options = Schedule.objects.get(name="purge").options
    assert (options["batch"], options["only"], options["dry_run"]) == (50, "jobs", False)


def test_a_schedule_is_no_way_round_a_role(platform: Any) -> None:
    add_person("olga", role="operator", by="test")
    add_person("anna", role="administrator", by="test")
    add_person("vera", role="viewer", by="test")
    for name in ("olga", "anna"):  # an administrator's verb is never done in their name later
        with acting(name), pytest.raises(Refused, match=r"accounts\.disable is for administrators"):
            call("schedules.add", name="x", operation="accounts.disable", cron="@daily", option=("name=anna",))
    with acting("vera"), pytest.raises(Refused, match="asks for the role operator"):
        call("schedules.add", name="x", operation="db.retain", cron="@daily")
    with acting("nobody"), pytest.raises(Refused, match="without a role"):
        call("schedules.add", name="x", operation="features", cron="@daily")
    with acting("olga"):
        call("schedules.add", name="own", operation="db.retain", cron="@daily")
    with acting("vera"):
        for verb in ("run", "enable"):
            with pytest.raises(Refused, match="operator"):
                call(f"schedules.{verb}", name="own")
    assert not Job.objects.exists()


def test_a_key_has_the_role_that_its_door_found_or_the_one_it_was_given(platform: Any) -> None:
    for name, role in (("ops", "operator"), ("eve", "viewer"), ("eve@terminal", "viewer"), ("gone", "operator")):
        add_key(name, role=role, by="test")
    revoke_key("gone", by="test")
    options = {"operation": "db.retain", "cron": "@daily"}
    with acting("key:eve@terminal"), pytest.raises(Refused, match="key:eve@terminal is viewer"):
        call("schedules.add", name="x", **options)
    with acting("key:gone"), pytest.raises(Refused, match="key:gone is without a role"):
        call("schedules.add", name="x", **options)
    for name in ("eve", "ada@terminal"):  # what a door says goes before what a name looks like
        with acting(name, "viewer"), pytest.raises(Refused, match="is viewer"):
            call("schedules.add", name="x", **options)
    with acting("ada", "operator"), acting("eve"), pytest.raises(Refused, match="eve is without a role"):
        call("schedules.add", name="x", **options)  # nobody takes another's role
    with acting("key:ops"):
        call("schedules.add", name="own", **options)
    with acting("key:new", "operator"):
        call("schedules.add", name="told", **options)
    assert list(Schedule.objects.order_by("name").values_list("name", "by")) == [
        ("own", "key:ops"), ("told", "key:new"),
    ]  # fmt: skip
    assert current_role() is None


def test_the_list_says_when_no_scheduler_runs_and_when_a_clock_was_wrong(platform: Any) -> None:
    with acting("ada@terminal"):
        for name in ("late", "far", "fine"):
            call("schedules.add", name=name, operation="features", cron="@daily")
    assert call("schedules.list").to_dict()["notes"] == []
    now = datetime.now(UTC)
    Schedule.objects.filter(name="late").update(next_run_at=now - timedelta(minutes=5))
    Schedule.objects.filter(name="far").update(next_run_at=now + timedelta(days=900))
    late, far = call("schedules.list").to_dict()["notes"]
    assert "(late): no scheduler seems to run" in late
    assert "(far): if a clock was wrong" in far


def test_every_platform_has_schedules_that_are_disabled_rather_than_removed(platform: Any) -> None:
    assert add_default_schedules() == tuple(each.name for each in DEFAULTS)
    assert all(each.operation in operations() and operation(each.operation).changes_state for each in DEFAULTS)
    with acting("ada@terminal"):
        call("schedules.disable", name="retention")
    assert add_default_schedules() == ()
    assert Schedule.objects.get(name="retention").enabled is False
    with pytest.raises(Refused, match="disable it instead"):
        remove_schedule("retention")


def test_retention_takes_what_has_ended_and_leaves_what_has_not(platform: Any) -> None:
    now = datetime.now(UTC)
    for age in (10, 40):
        then = now - timedelta(days=age)
        Job.objects.create(operation="x", state="succeeded", timeout_seconds=1, created_at=then, ended_at=then)
        Job.objects.create(operation="x", state="queued", timeout_seconds=1, created_at=then)
        ScalingEvent.objects.create(at=then, from_processes=1, to_processes=2, reason="r")
        KeptAnswer.objects.create(caller="k", key=str(age), fingerprint="f", created_at=then)
        for state in ("stopped", "lost", "running"):
            Worker.objects.create(name=f"{state}-{age}", host="h", pid=1, state=state, last_seen_at=then)
    gone = {each.name: each.deleted for each in apply_retention(now) if each.name.startswith("jobs")}
    assert gone == {"jobs": 1, "jobs.answers": 2, "jobs.scaling": 1, "jobs.workers": 2}
    assert Job.objects.filter(state="queued").count() == 2
    assert set(Worker.objects.values_list("name", flat=True)) == {"stopped-10", "lost-10", "running-10", "running-40"}
