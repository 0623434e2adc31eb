"""A request's objects go when it ends: none is left for the collector, whose pauses every other request would feel."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

from augury_server.api.call import Call

TIMES = 5


@contextmanager
def only_found_by_the_collector() -> Iterator[list[Any]]:
    """Calls that nothing but the collector would have freed."""
    found: list[Any] = []
    gc.collect()
    gc.freeze()  # what is there already need not be looked through again
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        yield found
        gc.collect()
        found.extend(one for one in gc.garbage if isinstance(one, Call))
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.unfreeze()
        gc.enable()


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/predict", {"model": "trend", "row": [0.5, 0.5, 0.5]}, 200),
        ("POST", "/predict/batch", {"model": "trend", "rows": [[0.5, 0.5, 0.5]] * 3}, 200),
        ("GET", "/models", None, 200),
        ("GET", "/health", None, 200),
        ("GET", "/v2", None, 200),
        ("GET", "/v1/operations", None, 200),
        ("PATCH", "/predict", None, 405),
    ],
)
def test_a_requests_call_is_gone_with_it(api: Any, method: str, path: str, body: Any, status: int) -> None:
    client = api.client()
    with only_found_by_the_collector() as found:
        for _ in range(TIMES):
            assert client.request(method, path, json=body).status_code == status
    assert found == []


def test_lines_and_streams_leave_none_either(api: Any, rows: np.ndarray) -> None:
    client = api.client()
    line = b'{"model":"trend","row":[0.5,0.5,0.5]}\n'
    with only_found_by_the_collector() as found:
        for _ in range(TIMES):
            sent = client.post("/predict/stream", content=line * 3, headers={"content-type": "application/x-ndjson"})
            assert sent.status_code == 200
    assert found == []
