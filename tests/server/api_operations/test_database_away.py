"""The database stops under the API: what needs it says so, the rest goes on, and all of it comes back."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any


def test_what_needs_the_database_says_that_it_is_away_and_comes_back(
    platforms: Any, tmp_path: Path, own_postgres: Any, serve: Any
) -> None:
    flags = {"database.pool_timeout_seconds": 2.0}
    api = serve(next(platforms("postgresql", tmp_path, own_postgres, **flags)))
    client = api.client("operator", timeout=60.0)
    keyed = {"idempotency-key": "tech"}
    assert client.get("/v1/jobs").status_code == 200
    own_postgres.stop(signal.SIGQUIT)
    for method, path, more in (
        ("GET", "/v1/jobs", {}),
        ("GET", "/signals", {}),
        ("POST", "/v1/operations/registry.list", {"json": {}}),
        ("POST", "/v1/operations/universe.add", {"json": {"name": "tech"}, "headers": keyed}),
        ("POST", "/v1/operations/db.retain", {"json": {}}),
        ("PUT", "/v1/files/a.csv", {"content": b"1"}),
    ):
        answer = client.request(method, path, **more)
        assert answer.status_code == 503, (path, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["retry-after"]
    assert client.get("/v1/operations").status_code == 200
    assert client.get("/v1/files").json()["files"] == []  # nothing is stored without a record of it
    own_postgres.start()
    answers = [client.get("/v1/jobs").status_code for _ in range(30)]
    assert answers[-1] == 200, answers
    answer = client.post("/v1/operations/universe.add", json={"name": "tech"}, headers=keyed)
    assert answer.status_code == 200, answer.text
