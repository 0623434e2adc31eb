"""Pages of other origins, web sockets, and the description of the API."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from augury.errors import Misconfigured
from augury_server.api.app import create_app

Probes = Callable[..., Any]
PAGE = "https://app.example.com"


def test_without_origins_nothing_is_said_to_pages_of_others(probes: Probes) -> None:
    client = probes().client()
    response = client.get("/v1/count/1", headers={"origin": PAGE})
    assert response.status_code == 200
    assert not [name for name in response.headers if name.startswith("access-control")]
    asked = {"origin": PAGE, "access-control-request-method": "GET"}
    assert not [name for name in client.options("/v1/count/1", headers=asked).headers if name.startswith("access-")]


def test_pages_of_exactly_the_origins_named_may_call(probes: Probes) -> None:
    api = probes(**{"api.cors_origins": (PAGE,)})
    anybody, client = api.client(None), api.client()
    asked = {"access-control-request-method": "POST", "access-control-request-headers": "authorization"}
    answer = anybody.options("/predict", headers={"origin": PAGE, **asked})
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == PAGE
    assert "authorization" in answer.headers["access-control-allow-headers"]
    assert "access-control-allow-credentials" not in answer.headers
    response = client.get("/v1/count/1", headers={"origin": PAGE})
    assert response.headers["access-control-allow-origin"] == PAGE
    assert "x-request-id" in response.headers["access-control-expose-headers"]
    assert response.headers["vary"] == "origin"
    refused = anybody.get("/v1/count/1", headers={"origin": PAGE})
    assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (401, PAGE)
    for other in (PAGE + ".evil.com", "http://app.example.com", "null", PAGE + ":444", PAGE.upper()):
        assert anybody.options("/predict", headers={"origin": other, **asked}).status_code == 403
        assert "access-control-allow-origin" not in client.get("/v1/count/1", headers={"origin": other}).headers


@pytest.mark.parametrize("origin", ["*", "app.example.com", "https://app.example.com/", "https://*.example.com"])
def test_what_is_no_exact_origin_is_refused_at_the_start(platforms: Any, tmp_path: Any, origin: str) -> None:
    next(platforms("sqlite", tmp_path, None, **{"api.cors_origins": (origin,)}))
    with pytest.raises(Misconfigured, match="exact origins"):
        create_app(modules=[])


def socket_url(api: Any) -> str:
    return f"{api.url.replace('http', 'ws')}/streams/a/socket"


def test_a_web_socket_needs_a_key_as_everything_does(probes: Probes) -> None:
    api = probes()
    with pytest.raises(InvalidStatus) as refused:
        connect(socket_url(api))
    response = refused.value.response
    assert response.status_code == 401
    assert response.headers["content-type"] == "application/problem+json"
    assert json.loads(response.body)["type"] == "urn:augury:problem:key-needed"
    with connect(socket_url(api), additional_headers=api.headers()) as socket:
        assert socket.response is not None
        assert socket.response.headers["x-request-id"]
        assert socket.recv() == "key:viewer-key"
        socket.send("again")
        assert socket.recv() == "again"


def test_trouble_on_a_web_socket_closes_it_with_its_code(probes: Probes) -> None:
    api = probes()
    with connect(socket_url(api), additional_headers=api.headers()) as socket:
        socket.recv()
        socket.send("trouble")
        with pytest.raises(ConnectionClosed) as ended:
            socket.recv()
    assert ended.value.rcvd is not None
    assert ended.value.rcvd.code == 1011
    with pytest.raises(InvalidStatus) as missing:
        connect(socket_url(api).replace("socket", "nothing"), additional_headers=api.headers())
    assert missing.value.response.status_code == 404


def test_the_description_has_plain_routes_problems_and_keys(probes: Probes) -> None:
    document = probes().client(None).get("/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    assert document["paths"]["/predict"]["post"]["summary"] == "A row"
    assert set(document["components"]["securitySchemes"]) == {"bearer", "header"}
    for path, item in document["paths"].items():
        for operation in item.values():
            assert operation["security"], path
            assert "application/problem+json" in operation["responses"]["default"]["content"]
            assert "HTTPValidationError" not in json.dumps(operation)


def test_the_page_of_the_api_is_whole_in_itself(probes: Probes) -> None:
    response = probes().client(None).get("/docs")
    page = response.text
    assert response.headers["content-type"].startswith("text/html")
    for loads in ("<script", "<link", "<img", "src=", "@import", "url(", "http://", "https://"):
        assert loads not in page
    for words in ("/predict", "POST", "A row", "Body, application/json", "viewport", "prefers-color-scheme"):
        assert words in page
    assert "'unsafe-inline'" not in response.headers["content-security-policy"]


def test_the_description_can_be_switched_off(probes: Probes) -> None:
    client = probes(**{"api.docs": False}).client()
    assert client.get("/docs").status_code == 404
    assert client.get("/openapi.json").status_code == 404
