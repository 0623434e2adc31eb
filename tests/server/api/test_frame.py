"""The frame: keys, roles, scopes, ids, headers and problems around every route."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from augury_server.accounts.api_keys import add_key, revoke_key, rotate_key

Probes = Callable[..., Any]
SECURITY = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
}


def problem(response: httpx.Response, status: int, name: str) -> dict[str, Any]:
    """The problem document of a response, whose form is as RFC 9457 says."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    told: dict[str, Any] = response.json()
    assert told["type"] == f"urn:augury:problem:{name}"
    assert told["status"] == status
    assert told["request_id"] == response.headers["x-request-id"]
    assert told["instance"] == response.request.url.path
    assert told["title"]
    assert told["detail"]
    return told


def test_without_a_valid_key_only_open_paths_answer(probes: Probes) -> None:
    api = probes()
    anybody = api.client(None)
    assert anybody.get("/").text == "open"
    assert anybody.get("/openapi.json").status_code == 200
    for path in ("/v1/count/1", "/models/trend/me", "/nothing", "/predict", "/admin"):
        told = anybody.get(path)
        problem(told, 401, "key-needed")
        assert told.headers["www-authenticate"].startswith("Bearer")
    token = api.keys["viewer"]
    for wrong in (token[:-1], token + "x", token.upper(), "aug__", "aug_x_y", "nothing", "aug_" + "x" * 5000, "é"):
        given = {"authorization": b"Bearer " + wrong.encode()}
        problem(anybody.get("/v1/count/1", headers=given), 401, "key-needed")
        problem(anybody.get("/", headers=given), 401, "key-needed")
    for given in (f"Basic {token}", "Bearer", token):
        problem(anybody.get("/v1/count/1", headers={"authorization": given}), 401, "key-needed")


def test_a_key_is_taken_from_either_header(probes: Probes) -> None:
    api = probes()
    token = api.keys["viewer"]
    for headers in ({"authorization": f"Bearer {token}"}, {"authorization": f"bearer  {token}"}, {"x-api-key": token}):
        assert httpx.get(f"{api.url}/models/trend/me", headers=headers).text == "key:viewer-key"


def test_a_role_that_is_too_low_is_told_which_one_is_needed(probes: Probes) -> None:
    api = probes()
    told = problem(api.client("viewer").post("/v1/acts"), 403, "not-allowed")
    assert told["needed_role"] == "operator"
    assert "operator" in told["detail"]
    assert api.client("operator").post("/v1/acts").json() == {"by": "key:operator-key"}
    assert api.client("administrator").post("/v1/acts").status_code == 200


def test_a_key_opens_only_the_parts_that_it_is_for(probes: Probes) -> None:
    api = probes()
    token = add_key("narrow", role="administrator", scopes=("predict",), by="tests").token
    api.state.keys.refresh()
    client = httpx.Client(base_url=api.url, headers={"x-api-key": token})
    with client:
        assert client.post("/predict", json={"row": [1.0]}).status_code == 200
        assert client.get("/models/trend/me").status_code == 200
        assert client.get("/").status_code == 200
        for path, scope in (("/v1/count/1", "operations"), ("/streams/a/events", "stream"), ("/v2/x", "inference")):
            assert problem(client.get(path), 403, "not-allowed")["needed_scope"] == scope


def test_a_revoked_key_stops_and_a_rotated_one_goes_on(probes: Probes) -> None:
    api = probes(**{"api.key_refresh_seconds": 0.05})
    client = api.client("viewer")
    new = rotate_key("viewer-key", by="tests").token
    api.state.keys.refresh()
    assert client.get("/v1/count/1").status_code == 200
    assert httpx.get(f"{api.url}/v1/count/1", headers={"x-api-key": new}).status_code == 200
    revoke_key("viewer-key", by="tests")
    api.wait(lambda: client.get("/v1/count/1").status_code == 401, "the end of the key")


def test_a_request_id_is_the_callers_when_it_is_sane(probes: Probes) -> None:
    client = probes().client()
    for given in ("0123456789abcdef", "trace:42.a-b_c", "x" * 100):
        assert client.get("/v1/count/1", headers={"x-request-id": given}).headers["x-request-id"] == given
    made = set()
    for given in ("short", "x" * 101, "with space!", "-startsbad", "<script>alert(1)"):
        made.add(client.get("/v1/count/1", headers={"x-request-id": given}).headers["x-request-id"])
    made.update(client.get("/v1/count/1").headers["x-request-id"] for _ in range(5))
    assert len(made) == 10
    assert all(len(each) == 27 for each in made)


@pytest.mark.parametrize("path", ["/", "/v1/count/1", "/models/trend/me", "/nothing", "/docs", "/v1/broken/secret"])
def test_every_response_has_the_security_headers(probes: Probes, path: str) -> None:
    api = probes(**{"web.https": True})
    response = api.client().get(path)
    page = path == "/docs"
    for name, value in SECURITY.items():
        if not (page and name == "content-security-policy"):
            assert response.headers[name] == value
    assert "frame-ancestors 'none'" in response.headers["content-security-policy"]
    assert response.headers["strict-transport-security"] == "max-age=31536000"
    cached = {"/docs": "no-cache", "/models/trend/me": "private, max-age=5"}
    assert response.headers["cache-control"] == cached.get(path, "no-store")
    assert "x-request-id" in response.headers


def test_strict_transport_is_asked_for_only_over_tls(probes: Probes) -> None:
    assert "strict-transport-security" not in probes().client().get("/").headers


def test_errors_become_problems_and_what_was_not_meant_tells_nothing(probes: Probes) -> None:
    client = probes().client()
    assert problem(client.get("/v1/broken/invalid"), 422, "invalid-input")["detail"] == "rows should be 3, got 2"
    assert problem(client.get("/v1/broken/http"), 409, "conflict")["detail"] == "somebody was first"
    told = problem(client.get("/v1/broken/secret"), 500, "failed")
    assert "hunter2" not in str(told)
    away = client.get("/v1/broken/database")
    problem(away, 503, "unavailable")
    assert away.headers["retry-after"]


def test_an_answer_that_breaks_off_is_not_taken_for_a_whole_one(probes: Probes) -> None:
    client = probes().client()
    with pytest.raises(httpx.RemoteProtocolError):
        client.get("/v1/half")
    assert client.get("/v1/count/1").status_code == 200


def test_unknown_paths_wrong_methods_and_wrong_parameters_are_problems(probes: Probes) -> None:
    client = probes().client()
    problem(client.get("/nothing/here"), 404, "not-found")
    problem(client.get("/v1/count/1/"), 404, "not-found")
    problem(client.get("/v1/count/one"), 422, "invalid-input")
    for method, path, allowed in (
        ("GET", "/predict", "POST"),
        ("DELETE", "/v1/count/1", "GET"),
        ("POST", "/models/trend/me", "GET, HEAD"),
        ("BREW", "/v1/tags", "POST"),
    ):
        response = client.request(method, path)
        if method == "BREW":
            assert response.status_code in (400, 405)
            continue
        problem(response, 405, "method-not-allowed")
        assert response.headers["allow"] == allowed


def test_head_is_answered_without_a_body(probes: Probes) -> None:
    response = probes().client().head("/models/trend/me")
    assert (response.status_code, response.content) == (200, b"")


def test_a_route_is_counted_by_its_template(probes: Probes) -> None:
    from augury_server.api.metrics import metrics_text

    api = probes()
    client = api.client()
    for number in range(3):
        client.get(f"/v1/count/{number}")
        client.get(f"/nothing/{number}")
        client.get(f"/models/{number}/me")
    client.post("/predict", json={"row": [1.0]})
    api.client(None).get("/v1/count/1")
    api.wait(lambda: api.state.metrics.running == 0, "the end of all requests")
    text = metrics_text(api.state.registry).decode()
    for line in (
        'augury_requests_total{method="GET",route="/v1/count/{number}",status="200"} 3.0',
        'augury_requests_total{method="GET",route="none",status="404"} 3.0',
        'augury_requests_total{method="GET",route="/models/{name}/me",status="200"} 3.0',
        'augury_requests_total{method="POST",route="/predict",status="200"} 1.0',
        'augury_requests_total{method="GET",route="none",status="401"} 1.0',
        'augury_request_seconds_bucket{le="+Inf",route="/v1/count/{number}"} 3.0',
        "augury_requests_running 0.0",
    ):
        assert line in text, text
