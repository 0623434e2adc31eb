"""The registry's verbs: the same operations from the command line and from Python, tried dry first, and audited."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from augury.errors import InvalidInput, NotFound, Refused
from augury.operations.operation import Silent
from augury.operations.registry import operation, operations
from augury_server.accounts.actor import acting
from augury_server.accounts.models import AuditEntry
from augury_server.commands.table_view import render
from augury_server.operations.table import Table
from augury_server.registry.finding import champion
from augury_server.registry.models import ModelVersion, Transition
from augury_server.registry.opening import open_champion

VERBS = {name for name in operations() if name.startswith("registry.")}
CHANGES = {name for name in VERBS if operation(name).changes_state}


def does(verb: str, **options: Any) -> Table:
    entry = operation(f"registry.{verb}")
    result = entry.run(entry.spec_type.from_dict(options), Silent())
    assert isinstance(result, Table)
    json.dumps(result.to_dict())
    return result


@pytest.fixture
def two_versions(sqlite_platform: Any, artefact: Any) -> None:
    with acting("ada"):
        does("register", folder=str(artefact("first")), name="trend")
        does("register", folder=str(artefact("second")), name="trend", parent="1", reason="more data")


def test_every_verb_is_there_and_those_that_change_something_need_an_operator() -> None:
    assert {
        f"registry.{verb}"
        for verb in (
            "alias", "archive", "as-of", "challenge", "collect", "demote", "history", "list", "promote", "register",
            "restore", "rollback", "show", "verify",
        )
    } == VERBS  # fmt: skip
    assert VERBS - {f"registry.{verb}" for verb in ("as-of", "history", "list", "show", "verify")} == CHANGES
    for name in VERBS:
        entry = operation(name)
        assert entry.role == ("operator" if name in CHANGES else "viewer")
        assert entry.example.startswith(f"augury registry {name.removeprefix('registry.')}")
        asks_first = {"delete"} if name == "registry.collect" else {"dry_run"}
        assert (asks_first <= set(entry.spec_type.__dataclass_fields__)) == (name in CHANGES)


@pytest.mark.usefixtures("two_versions")
def test_a_model_goes_through_its_life_by_verbs() -> None:
    with acting("grace"):
        assert does("promote", name="trend", version="1", reason="first").facts["champion now"] == 1
        does("challenge", name="trend", version="latest", reason="shadow it")
        does("promote", name="trend", version="2", reason="won")
        does("alias", name="trend", alias="stable", version="champion", reason="audited")
        assert does("rollback", name="trend", reason="calibration broke").facts["champion now"] == 1
        does("alias", name="trend", alias="stable", reason="gone", remove=True)
        archived = does("archive", name="trend", version="2", reason="bad data")
        assert archived.rows == ((2, "candidate", "archived"),)
        does("restore", name="trend", version="2", reason="good data")
        does("demote", name="trend", version="champion", reason="pause")
        does("rollback", name="trend", reason="go on")
    (model,) = does("list").to_dict()["rows"]
    assert (model["model"], model["champion"], model["versions"], model["newest"]) == ("trend", 1, 2, 2)
    shown = does("show", name="trend", version="2")
    assert shown.facts["made from"] == "retrained from trend@1"
    assert {row[0] for row in shown.rows} == {"manifest.json", "model.onnx", "state.npz"}
    assert [row["stage"] for row in does("show", name="trend").to_dict()["rows"]] == ["candidate", "champion"]
    told = does("history", name="trend").to_dict()["rows"]
    assert [row["what"] for row in reversed(told)] == [
        "register", "register", "promote", "challenge", "promote", "alias stable", "rollback", "unalias stable",
        "archive", "restore", "demote", "rollback",
    ]  # fmt: skip
    assert {row["by"] for row in told[:-2]} == {"grace"}
    assert told[0]["why"] == "go on"
    at = Transition.objects.get(sequence=5).at.isoformat()
    assert does("as-of", name="trend", time=at).facts["version"] == "trend@2"
    assert does("as-of", name="trend", time="2020-01-01T00:00:00Z").facts == {"version": None}
    assert does("verify").exit_code == 0


@pytest.mark.usefixtures("two_versions")
def test_a_dry_run_of_any_verb_shows_what_it_would_do_and_does_nothing(artefact: Any) -> None:
    does("promote", name="trend", version="1", reason="first")
    does("promote", name="trend", version="2", reason="second")
    before = list(ModelVersion.objects.order_by("id").values()), Transition.objects.count()
    told = {
        "register": does("register", folder=str(artefact("third")), name="trend", dry_run=True),
        "promote": does("promote", name="trend", version="1", reason="r", dry_run=True),
        "rollback": does("rollback", name="trend", reason="r", dry_run=True),
        "challenge": does("challenge", name="trend", version="1", reason="r", dry_run=True),
        "demote": does("demote", name="trend", version="2", reason="r", dry_run=True),
        "archive": does("archive", name="trend", version="1", reason="r", dry_run=True),
        "alias": does("alias", name="trend", alias="stable", version="1", reason="r", dry_run=True),
        "collect": does("collect"),
    }
    assert "trend@3 would be registered; nothing was done" in told["register"].title
    assert told["promote"].facts == {"champion before": 2, "champion now": 1}
    assert "dry run" in told["rollback"].title
    assert (list(ModelVersion.objects.order_by("id").values()), Transition.objects.count()) == before
    again = does("register", folder=str(artefact("first")), name="trend", dry_run=True)
    assert "trend@1 is registered already" in again.title


@pytest.mark.usefixtures("two_versions")
def test_changes_and_refusals_are_in_the_audit_trail(artefact: Any) -> None:
    with acting("ada"):
        does("promote", name="trend", version="2", reason="good")
        with pytest.raises(Refused, match="is the champion"):
            does("archive", name="trend", version="2", reason="try")
    found = [(one.actor, one.action, one.outcome) for one in AuditEntry.objects.order_by("id")]
    assert found[-2:] == [("ada", "registry.promote", "done"), ("ada", "registry.archive", "refused")]


def test_a_model_without_evidence_says_so_when_it_is_registered(sqlite_platform: Any, artefact: Any) -> None:
    worse = does("register", folder=str(artefact("first", "no better than its baseline")), name="trend")
    assert worse.notes
    assert worse.facts["verdict"] == "no better than its baseline"
    with pytest.raises(Refused, match="does not beat its baseline on held-out time"):
        does("promote", name="trend", version="1", reason="hope")
    does("promote", name="trend", version="1", reason="the first there is", force=True)
    assert does("history", name="trend").to_dict()["rows"][0]["what"] == "promote (forced)"


def test_what_cannot_be_is_refused_with_words(sqlite_platform: Any, artefact: Any) -> None:
    does("register", folder=str(artefact()), name="trend")
    with pytest.raises(NotFound, match="no version '7'"):
        does("promote", name="trend", version="7", reason="r")
    with pytest.raises(NotFound, match="did you mean 'trend'"):
        does("show", name="trned")
    with pytest.raises(InvalidInput, match="or --remove, and not both"):
        does("alias", name="trend", alias="stable", reason="r")
    with pytest.raises(InvalidInput, match="no time zone"):
        does("as-of", name="trend", time="2026-01-01")
    with pytest.raises(InvalidInput, match="expected why"):
        does("promote", name="trend", version="1", reason=" ")


def test_damage_is_found_with_exit_code_1_and_left_overs_are_deleted_only_when_asked(
    sqlite_platform: Any, artefact: Any
) -> None:
    does("register", folder=str(artefact()), name="trend")
    blobs = sqlite_platform.settings.home / "artefacts" / "blobs"
    graph = next(path for path in blobs.rglob("*") if path.is_file())
    graph.write_bytes(graph.read_bytes()[:-1])
    found = does("verify", name="trend")
    assert (found.exit_code, found.facts["damaged"]) == (1, 1)
    orphan = blobs / "ab" / ("ab" + "0" * 62)
    orphan.parent.mkdir(exist_ok=True)
    orphan.write_bytes(b"left")
    os.utime(orphan, (0, 0))
    assert does("collect").facts["stored files"] == 1
    assert orphan.exists()
    assert "deleted" in does("collect", delete=True).title
    assert not orphan.exists()
    assert graph.exists()


def test_the_command_line_registers_promotes_and_shows(sqlite_platform: Any, artefact: Any) -> None:
    def augury(*words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "augury", "registry", *words], capture_output=True, text=True,
            env={**os.environ, **sqlite_platform.environment}, cwd=Path(sqlite_platform.settings.home),
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "trend@1 is registered" in augury("register", str(artefact()), "--name", "trend", "--reason", "a first one")
    does("promote", name="trend", version="latest", reason="good")
    shown = json.loads(augury("show", "trend", "champion", "--json"))
    assert (shown["version"], shown["stage"]) == ("trend@1", "champion")
    assert champion("trend") is not None
    assert (open_champion("trend") / "model.onnx").exists()


def test_a_history_fits_a_terminal(sqlite_platform: Any, artefact: Any) -> None:
    with acting("ada"):
        does("register", folder=str(artefact()), name="trend")
        does("promote", name="trend", version="latest", reason="it is good")
    shown = Console(width=80, record=True, file=io.StringIO())
    render(does("history", name="trend"), shown)
    text = shown.export_text()
    assert "it is good" in text
    assert "register" in text


def test_the_verbs_are_listed_without_django() -> None:
    code = (
        "import sys\nfrom augury.operations.registry import operations\n"
        "assert 'registry.promote' in operations()\n"
        "assert not {'django', 'fsspec', 'tenacity'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd="/")
    assert done.returncode == 0, done.stderr
