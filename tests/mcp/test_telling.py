"""What agents are told: results of a bounded size, short texts, steps that only grow."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augury.errors import InvalidInput, NotFound, Refused
from augury.mcp import offered_operations, wanted_operation
from augury.mcp.results import LARGEST, short_text, structured
from augury.mcp.schema import options_schema
from augury.mcp.stepping import AgentProgress
from augury.mcp.tools import known_role
from augury.operations.registry import operations

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.text(max_size=5), plain, max_size=5))
def test_a_small_result_is_told_whole_with_null_for_what_json_has_no_number_for(result: dict[str, Any]) -> None:
    def expected(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: expected(item) for name, item in value.items()}
        if isinstance(value, list):
            return [expected(item) for item in value]
        return None if isinstance(value, float) and not math.isfinite(value) else value

    assert structured(result) == expected(result)
    json.dumps(structured(result), allow_nan=False)


@given(st.integers(1, 40_000), st.integers(1, 60))
def test_a_large_result_is_cut_to_its_bound_and_says_so(rows: int, width: int) -> None:
    result = {"rows": [{"text": "x" * width, "place": place} for place in range(rows)], "count": rows}
    found = structured(result)
    assert len(json.dumps(found).encode()) <= LARGEST
    assert found["count"] == rows
    if len(found["rows"]) < rows:
        assert found["left_out"] == {"rows": f"{len(found['rows']):,} of {rows:,}"}
    else:
        assert "left_out" not in found


def test_a_text_too_long_for_an_agent_is_named_instead() -> None:
    assert structured({"page": "x" * (LARGEST + 1)})["left_out"][""].endswith("ask for less")


def test_what_an_operation_found_wrong_stands_in_its_result() -> None:
    assert structured({"rows": []}, exit_code=1) == {"rows": [], "exit_code": 1}


def test_the_short_text_names_facts_counts_notes_and_rows() -> None:
    result = {"count": 3, "ratio": 0.123456789, "rows": [{"a": 1, "b": 2}] * 3, "notes": ["look again"]}
    assert short_text("a title", result).splitlines() == [
        "a title", "count: 3", "ratio: 0.123457", "rows: 3 rows of a, b", "look again",
        'rows[0]: {"a": 1, "b": 2}', 'rows[1]: {"a": 1, "b": 2}', 'rows[2]: {"a": 1, "b": 2}',
    ]  # fmt: skip


def test_the_short_text_holds_as_many_rows_as_have_room_and_says_how_many_do_not() -> None:
    lines = short_text("a title", {"rows": [{"text": "x" * 1500}] * 5}).splitlines()
    assert [line[:8] for line in lines[2:4]] == ["rows[0]:", "rows[1]:"]
    assert lines[-1] == "... 3 more of rows in the structured content"


@given(st.dictionaries(st.text(max_size=5), plain, max_size=100))
def test_the_short_text_is_short(result: dict[str, Any]) -> None:
    assert len(short_text("title", structured(result)).splitlines()) <= 200


def test_steps_only_grow_over_parts_and_are_told_seldom() -> None:
    told: list[tuple[int, str]] = []
    now = [0.0]
    progress = AgentProgress(lambda steps, text: told.append((steps, text)), lambda: None, clock=lambda: now[0])
    for _ in progress.track(range(1000), "first", 1000):
        now[0] += 0.001
    for _ in progress.track(range(2), "second", 2):
        list(progress.track(range(3), "inner", 3))
    steps = [number for number, _ in told]
    assert steps == sorted(set(steps))
    assert 1000 in steps, "the end of a part is told"
    assert steps[-1] == 1008
    assert len(told) < 20
    assert told[-1][1] == "second 2 of 2"


def test_a_call_that_nobody_waits_for_stops_at_its_next_step() -> None:
    done: list[int] = []

    def check() -> None:
        if len(done) == 3:
            raise KeyboardInterrupt

    progress = AgentProgress(lambda *_: None, check)
    with pytest.raises(KeyboardInterrupt):
        done.extend(progress.track(range(10), "x", 10))
    assert done == [0, 1, 2]


def test_roles_are_known_by_name() -> None:
    assert known_role("operator") == "operator"
    with pytest.raises(InvalidInput, match="did you mean 'viewer'"):
        known_role("veiwer")


def test_a_tool_is_refused_with_the_reason_it_is_not_offered_for() -> None:
    with pytest.raises(Refused, match="needs the role administrator, this session has operator"):
        wanted_operation("accounts_add", "operator")
    with pytest.raises(Refused, match="not offered to agents: it goes on until it is stopped"):
        wanted_operation("server_up", "administrator")
    with pytest.raises(NotFound, match="did you mean 'jobs_list'"):
        wanted_operation("jobs_lst", "viewer")


@pytest.mark.parametrize("writes", [False, True])
def test_the_schema_of_every_tool_is_one_and_takes_the_defaults(writes: bool) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    for entry in operations().values():
        schema = json.loads(json.dumps(options_schema(entry, writes=writes)))
        jsonschema.Draft202012Validator.check_schema(schema)
        required = schema.get("required", [])
        assert set(required) <= schema["properties"].keys()
        defaults = {name: found["default"] for name, found in schema["properties"].items() if "default" in found}
        errors = jsonschema.Draft202012Validator({**schema, "required": []}).iter_errors(defaults)
        assert not list(errors), entry.name


def test_higher_roles_are_offered_all_that_lower_ones_are() -> None:
    viewer, operator, administrator = (offered_operations(role) for role in ("viewer", "operator", "administrator"))
    assert viewer.keys() < operator.keys() < administrator.keys()
