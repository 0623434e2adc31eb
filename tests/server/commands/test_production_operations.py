"""The management command runs operations by the names of actions, and refuses the rest with the list."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from augury.operations.registry import operations
from augury_server.commands.actions import ACTIONS, available_actions


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("production_operations", *arguments, stdout=out)
    return out.getvalue()


def test_every_action_of_the_list_is_known_and_each_available_one_is_an_operation() -> None:
    assert set(ACTIONS) == {
        "optimize", "monitor", "performance", "health-check", "ab-test", "retrain", "deploy", "cache", "status",
        "backup", "restore",
    }  # fmt: skip
    assert set(available_actions()) == {action for action, name in ACTIONS.items() if name in operations()}
    assert {"optimize", "performance", "health-check", "cache", "status"} <= set(available_actions())


def test_an_action_shows_its_result_for_people_and_as_json(sqlite_platform: Any) -> None:
    assert "workers" in run("--action", "status")
    rows = json.loads(run("--action", "status", "--json"))["rows"]
    assert {"part", "state", "detail"} == set(rows[0])


@pytest.mark.parametrize(
    "action", sorted(set(ACTIONS) - {"optimize", "performance", "health-check", "cache", "status"})
)
def test_an_action_that_this_version_does_not_have_is_refused_with_the_list(action: str) -> None:
    if action in available_actions():
        assert ACTIONS[action] in operations()
        return
    with pytest.raises(CommandError, match=r"not available in this version; available: .*status"):
        run("--action", action)


def test_an_unknown_action_is_refused_with_the_nearest_and_the_list() -> None:
    with pytest.raises(CommandError, match=r"did you mean 'status'.*available: "):
        run("--action", "statsu")


def test_an_unknown_option_or_one_without_a_value_is_refused(sqlite_platform: Any) -> None:
    with pytest.raises(CommandError, match="has no option 'wrong'"):
        run("--action", "status", "--option", "wrong=1")
    with pytest.raises(CommandError, match="name=value"):
        run("--action", "status", "--option", "config")


def test_an_action_that_lacks_what_it_needs_says_what() -> None:
    with pytest.raises(CommandError, match="needs model, files, output"):
        run("--action", "optimize", "--json")
