"""The OpenAPI document tells the truth: requests made from all of it are answered as it says, and none fails."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import jsonschema
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
FEW = settings(max_examples=15, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))


@schemathesis.serializer("application/x-ndjson")  # type: ignore[untyped-decorator]
def lines(context: Any, value: Any) -> bytes:
    """A generated text as a body of lines."""
    return str(value).encode("utf-8", "replace")


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_generated_requests_are_answered_as_described(api: Any, mode: GenerationMode) -> None:
    document = api.client().get("/openapi.json").json()
    headers = {"x-api-key": api.keys["operator"]}
    tried: set[str] = set()

    def attempt(case: Case) -> None:
        tried.add(case.path)
        case.call_and_validate(base_url=api.url, headers=headers, checks=CHECKS, timeout=30)

    for item in schemathesis.openapi.from_dict(document).get_all_operations():
        with suppress(Unsatisfiable):  # what takes nothing cannot be asked wrongly
            FEW(given(case=item.ok().as_strategy(generation_mode=mode))(attempt))()
    assert len(tried) > 30
    assert mode is GenerationMode.NEGATIVE or tried == set(document["paths"])


def test_answers_to_right_questions_have_the_form_that_is_described(api: Any, rows: Any) -> None:
    client, row = api.client(), rows[0].tolist()
    paths = client.get("/openapi.json").json()["paths"]
    tensor = {"name": "features", "shape": [1, 3], "datatype": "FP32", "data": row}
    asked: list[tuple[str, str, str, dict[str, Any] | None]] = [
        ("POST", "/predict", "/predict", {"model": "trend", "row": row}),
        ("POST", "/predict", "/predict", {"model": "values", "row": row}),
        ("POST", "/predict/batch", "/predict/batch", {"model": "trend", "rows": [row, row], "symbol": ["A", "B"]}),
        ("POST", "/predict/batch", "/predict/batch", {"model": "values", "rows": []}),
        ("POST", "/v2/models/{name}/infer", "/v2/models/trend/infer", {"inputs": [tensor], "id": "1"}),
        ("GET", "/models", "/models", None),
        ("GET", "/models/{model}", "/models/nameless", None),
        ("POST", "/models/update", "/models/update", None),
        ("GET", "/health", "/health", None),
        ("GET", "/alerts", "/alerts", None),
        ("GET", "/v2/models/{name}", "/v2/models/trend", None),
        ("GET", "/", "/", None),
    ]
    for method, template, path, body in asked:
        reply = api.client("operator").request(method, path, json=body).raise_for_status()
        schema = paths[template][method.lower()]["responses"]["200"]["content"]["application/json"]["schema"]
        jsonschema.validate(reply.json(), schema)
