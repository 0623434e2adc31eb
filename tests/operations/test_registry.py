"""The list of operations: complete, described, run by name."""

from __future__ import annotations

import importlib
import json
import re
import shlex
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import get_type_hints

import msgspec
import pytest

from augury.errors import Conflict, InvalidInput, NotFound
from augury.operations import Operation, operation, operations, register, run

NAMES = sorted(operations())


def test_the_first_verbs_are_there() -> None:
    assert {"demo", "doctor", "features", "quality", "sentiment", "signals", "warm"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_operation_describes_itself_and_every_option(name: str) -> None:
    entry = operation(name)
    assert entry.summary.endswith(".")
    assert shlex.split(entry.example)[: 1 + len(name.split("."))] == ["augury", *name.split(".")]
    hints = get_type_hints(entry.spec_type, include_extras=True)
    for item in fields(entry.spec_type):
        notes = [note for note in hints[item.name].__metadata__ if isinstance(note, msgspec.Meta)]
        assert any(note.description for note in notes), f"{name}.{item.name} has no description"


@pytest.mark.parametrize("name", NAMES)
def test_every_result_type_exists_and_can_be_shown(name: str) -> None:
    module, _, kind = operation(name).result.partition(":")
    result = getattr(importlib.import_module(module), kind)
    assert callable(result.to_dict)
    view = operation(name).view or f"augury.cli.render.{name.replace('-', '_')}"
    assert callable(importlib.import_module(view).render)


def test_an_unknown_operation_or_option_names_the_nearest() -> None:
    with pytest.raises(NotFound, match="did you mean 'quality'"):
        operation("qualty")
    with pytest.raises(InvalidInput, match="did you mean 'tickers'"):
        run("demo", ticker=["AAPL"])


def test_a_name_is_registered_once() -> None:
    entry = operation("demo")
    assert register(entry) is entry
    with pytest.raises(Conflict):
        register(
            Operation(
                name="demo",
                summary="Another.",
                example="augury demo",
                spec_type=entry.spec_type,
                result=entry.result,
                run=entry.run,
            )
        )


def test_the_python_door_gives_the_same_result_as_json_of_the_demo() -> None:
    result = run("demo", tickers=["AAPL"]).to_dict()
    assert json.loads(json.dumps(result, allow_nan=False)) == result
    assert [signal["ticker"] for signal in result["signals"]] == ["AAPL"]


def test_doctor_looks_at_every_core_dependency_and_every_extra_that_adds_an_ability() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    checks = {check["name"].lower() for check in run("doctor").to_dict()["checks"]}
    core = {re.split(r"[<>=!~ ]", text)[0].lower() for text in project["dependencies"]}
    assert core - checks == set()
    extras = set(project["optional-dependencies"]) - {"dev", "peers", "sample"}
    assert {name for name in checks if name.startswith("extra ")} == {f"extra {extra}" for extra in extras}
