"""The verbs of experiments: from the terminal and from Python, tried dry first, audited; the page of the admin."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from augury.errors import InvalidInput, NotFound
from augury.operations.operation import Silent
from augury.operations.registry import operation, operations
from augury_server.accounts.actor import acting
from augury_server.accounts.models import AuditEntry
from augury_server.experiments.models import Experiment
from augury_server.operations.table import Table


def does(verb: str, **options: Any) -> Table:
    entry = operation(f"experiments.{verb}")
    with acting("ada"):
        result = entry.run(entry.spec_type.from_dict(options), Silent())
    assert isinstance(result, Table)
    json.dumps(result.to_dict())
    return result


def begin(name: str = "deeper", **options: Any) -> Table:
    return does("start", **{"name": name, "model": "trend", "treatment": "2", "reason": "to see", **options})


def test_every_verb_is_there_and_those_that_change_something_need_an_operator() -> None:
    verbs = {name: entry for name, entry in operations().items() if name.startswith("experiments.")}
    assert set(verbs) == {f"experiments.{verb}" for verb in ("start", "stop", "list", "show")}
    for name, entry in verbs.items():
        changes = name.endswith(("start", "stop"))
        assert (entry.role, entry.changes_state) == (("operator", True) if changes else ("viewer", False))
        assert ("dry_run" in entry.spec_type.__dataclass_fields__) == changes


def test_an_experiment_from_start_to_stop_leaves_its_trail(platform: Any, versions: Any) -> None:
    versions()
    assert begin(dry_run=True).title == "Experiment deeper would be started"
    assert not AuditEntry.objects.filter(action__startswith="experiments.").exists()
    told = begin(share=0.2)
    assert told.title == "Experiment deeper started"
    assert told.facts["share"] == 0.2
    assert begin(share=0.2).title == "Experiment deeper runs already"
    (row,) = does("list").to_dict()["rows"]
    assert (row["experiment"], row["control"], row["treatment"], row["state"]) == ("deeper", 1, 2, "running")
    assert does("stop", name="deeper", reason="x", dry_run=True).title == "Experiment deeper would be stopped"
    assert does("stop", name="deeper", reason="enough seen").facts["stopped_why"] == "enough seen"
    assert does("stop", name="deeper", reason="again").title == "Experiment deeper is stopped already"
    with pytest.raises(NotFound):
        does("stop", name="other", reason="x")
    trail = list(AuditEntry.objects.filter(action__startswith="experiments.").order_by("id"))
    assert [(entry.action, entry.actor, entry.outcome) for entry in trail] == [
        ("experiments.start", "ada", "done"), ("experiments.start", "ada", "done"), ("experiments.stop", "ada", "done"),
        ("experiments.stop", "ada", "done"), ("experiments.stop", "ada", "refused"),
    ]  # fmt: skip
    assert trail[0].detail["options"]["reason"] == "to see"


def test_the_list_is_filtered_and_goes_on_page_by_page(sqlite_platform: Any, versions: Any) -> None:
    versions()
    versions("other")
    for number in range(5):
        begin(f"n{number}")
        does("stop", name=f"n{number}", reason="x")
    begin("last")
    begin("elsewhere", model="other")
    seen, before = [], None
    while rows := does("list", limit=3, **({} if before is None else {"before": before})).to_dict()["rows"]:
        seen += [row["experiment"] for row in rows]
        before = rows[-1]["number"]
    assert seen == ["elsewhere", "last", "n4", "n3", "n2", "n1", "n0"]
    assert [row[1] for row in does("list", model="other").rows] == ["elsewhere"]
    assert [row[1] for row in does("list", model="trend", state="running").rows] == ["last"]
    with pytest.raises(NotFound, match="did you mean 'trend'"):
        does("list", model="trent")
    with pytest.raises(InvalidInput):
        does("list", state="draft")


def test_show_counts_what_was_recorded_by_variant(platform: Any, versions: Any) -> None:
    import uuid

    from augury_server.predictions.recording import PredictionRecord, record_predictions

    versions()
    begin()
    assert does("show", name="deeper").notes == ("No prediction was recorded under it so far.",)
    record_predictions(
        PredictionRecord(
            id=uuid.uuid4(), model_name="trend", model_version=2 if number % 4 == 0 else 1, symbol="AAPL",
            bar_opened_at_ns=number, made_at=timezone.now() - timedelta(minutes=1), probabilities=(0.4, 0.6),
            experiment="deeper", variant="treatment" if number % 4 == 0 else "control",
        )
        for number in range(40)
    )  # fmt: skip
    assert does("show", name="deeper").rows == (("control", 1, 30, 0), ("treatment", 2, 10, 0))


def test_the_ab_test_action_starts_one(sqlite_platform: Any, versions: Any) -> None:
    versions()
    out = io.StringIO()
    given = ["name=deeper", "model=trend", "treatment=2", "share=0.1", "days=3", "reason=to see"]
    options = [part for text in given for part in ("--option", text)]
    call_command("production_operations", "--action", "ab-test", *options, stdout=out)
    assert "Experiment deeper started" in out.getvalue()
    row = Experiment.objects.get()
    assert (row.share, row.ends_at - row.started_at) == (0.1, timedelta(days=3))
    assert row.started_by.endswith("@manage.py")
    with pytest.raises(CommandError, match="an experiment that runs, deeper"):
        call_command("production_operations", "--action", "ab-test", *["--option", "name=other", *options[2:]])


def test_the_admin_starts_and_stops_by_role(sqlite_platform: Any, versions: Any) -> None:
    from augury_server.accounts.add_person import add_person
    from augury_server.accounts.people import person

    versions()
    versions("other")
    clients = {}
    for name, role in (("olga", "operator"), ("vera", "viewer")):
        add_person(name, role=role, password="a long walk in the rain", email="", by="installation")
        clients[name] = Client(SERVER_NAME="localhost")
        clients[name].force_login(person(name))
    info = "admin:augury_experiments_experiment"
    start_page = reverse(f"{info}_operate", args=["experiments-start"])
    form = {"name": "deeper", "model": "trend", "treatment": "2", "reason": "to see", "confirmed": "yes"}
    form |= {"mode": "split", "unit": "symbol", "days": "7"}
    assert clients["vera"].post(start_page, form).status_code == 403
    assert clients["olga"].post(start_page, form).status_code == 200
    assert clients["olga"].post(start_page, {**form, "name": "second", "model": "other"}).status_code == 200
    assert Experiment.objects.filter(state="running", started_by="olga").count() == 2
    page = clients["vera"].get(reverse(f"{info}_changelist"), {"q": "deeper", "state": "running"})
    assert page.status_code == 200
    assert "2 against 1" in page.text
    assert "second" not in page.text
    chosen = {"action": "experiments-stop", "_selected_action": list(Experiment.objects.values_list("pk", flat=True))}
    where = reverse(f"{info}_changelist")
    clients["vera"].post(where, {**chosen, "confirmed": "yes", "reason": "x"})
    assert Experiment.objects.filter(state="running").count() == 2
    assert clients["olga"].post(where, {**chosen, "confirmed": "yes", "reason": "enough"}).status_code == 302
    assert set(Experiment.objects.values_list("state", "stopped_by")) == {("stopped", "olga")}
