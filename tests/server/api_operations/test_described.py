"""These routes are described, and options made from their descriptions never make an operation fail."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings, strategies

PATHS = r"^/(signals|backtests|retraining|v1)(/|$)"


def few(examples: int) -> settings:
    """The same few examples at each run."""
    return settings(
        max_examples=examples, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
    )


def values_of(schema: dict[str, Any]) -> strategies.SearchStrategy[Any]:
    """Values of the types that a schema of options has."""
    if "enum" in schema:
        return strategies.sampled_from(schema["enum"])
    if "anyOf" in schema:
        return strategies.one_of([values_of(each) for each in schema["anyOf"]])
    kind = schema.get("type")
    low, high = schema.get("minimum"), schema.get("maximum")
    if kind == "object":
        wanted = {name: values_of(each) for name, each in schema.get("properties", {}).items()}
        needed = {name: wanted.pop(name) for name in schema.get("required", ())}
        return strategies.fixed_dictionaries(needed, optional=wanted)
    if kind == "array":
        return strategies.lists(values_of(schema["items"]), min_size=schema.get("minItems", 0), max_size=3)
    if kind == "integer":
        return strategies.integers(low, high)
    if kind == "number":
        return strategies.floats(low, high, allow_nan=False, allow_infinity=False)
    simple = {"boolean": strategies.booleans(), "null": strategies.none()}
    words = strategies.sampled_from(
        ["", "x", "rsi", "1D", "Europe/Paris", "2026-01-01T00:00:00Z", "a=1", "{}", "sample"]
    )
    return simple[kind] if kind in simple else words | strategies.text(max_size=20)


@pytest.fixture(scope="module")
def described() -> Any:
    """The document's routes of this folder."""
    from augury_server.api.app import create_app
    from augury_server.api.composing import route_modules
    from augury_server.api.description import describe

    app = create_app()
    document = describe(app._app._rest, route_modules())
    return schemathesis.openapi.from_dict(document).include(path_regex=PATHS)


def test_every_route_is_described(described: Any) -> None:
    found = {(item.ok().method.upper(), item.ok().path) for item in described.get_all_operations()}
    assert found >= {
        ("GET", "/v1/operations"), ("GET", "/v1/operations/{name}"), ("POST", "/v1/operations/{name}"),
        ("GET", "/v1/jobs"), ("GET", "/v1/jobs/{job_id}"), ("GET", "/v1/jobs/{job_id}/events"),
        ("POST", "/v1/jobs/{job_id}/cancel"), ("POST", "/v1/jobs/{job_id}/retry"), ("GET", "/v1/files"),
        ("PUT", "/v1/files/{name}"), ("GET", "/v1/files/{name}"), ("HEAD", "/v1/files/{name}"),
        ("DELETE", "/v1/files/{name}"), ("GET", "/signals"), ("GET", "/signals/{universe}"), ("POST", "/backtests"),
        ("POST", "/retraining"),
    }  # fmt: skip


def test_options_of_the_right_types_never_make_an_operation_fail(api: Any) -> None:
    client = api.client("operator")
    slow = {"demo", "doctor", "server.doctor", "workers.ping", "db.analyze"}
    listed = [entry for entry in client.get("/v1/operations").json()["operations"] if entry["name"] not in slow]
    answered: dict[int, int] = {}

    def attempt(name: str, options: dict[str, Any]) -> None:
        answer = client.post(f"/v1/operations/{name}", json=options)
        answered[answer.status_code] = answered.get(answer.status_code, 0) + 1
        assert answer.status_code < 500, (name, options, answer.text)

    for entry in (entry for entry in listed if entry["offered"] and entry["role"] != "administrator"):
        few(6)(given(name=strategies.just(entry["name"]), options=values_of(entry["options"]))(attempt))()
    assert answered[200] > 50
    assert answered[202] > 5
