"""Compressed bodies are read as the plain ones, and are never larger, cut off or something else than they say."""

from __future__ import annotations

import gzip
import json
import tracemalloc
import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augury_server.api.compressed_bodies import inflated
from augury_server.api.problems import ProblemError

FORMS = {"gzip": gzip.compress, "deflate": zlib.compress}
JSON = {"content-type": "application/json"}


def status_of(body: bytes, encoding: bytes, most: int | None = 1_000) -> int:
    with pytest.raises(ProblemError) as refused:
        inflated(body, encoding, most)
    return refused.value.kind.status


@given(plain=st.binary(max_size=300), more=st.binary(max_size=300))
def test_what_was_compressed_comes_back(plain: bytes, more: bytes) -> None:
    for most in (None, 600):
        assert inflated(plain, b"identity", most) == plain
        assert inflated(gzip.compress(plain), b"gzip", most) == plain
        assert inflated(zlib.compress(plain), b" Deflate ", most) == plain
        assert inflated(gzip.compress(plain) + gzip.compress(more), b"x-gzip", most) == plain + more


@given(plain=st.binary(min_size=1, max_size=300), cut=st.integers(1, 300))
def test_nothing_is_read_that_is_cut_or_goes_on(plain: bytes, cut: int) -> None:
    for name, compress in FORMS.items():
        whole = compress(plain)
        assert status_of(whole[: -min(cut, len(whole) - 1)], name.encode()) == 400
        assert status_of(whole + b"{}", name.encode()) == 400
        assert status_of(plain, name.encode()) == 400


def test_the_limit_is_that_of_the_plain_body_to_the_byte() -> None:
    for name, compress in FORMS.items():
        assert len(inflated(compress(bytes(1_000)), name.encode(), 1_000)) == 1_000
        assert status_of(compress(bytes(1_001)), name.encode()) == 413
    assert status_of(gzip.compress(bytes(600)) + gzip.compress(bytes(600)), b"gzip") == 413
    assert status_of(b"", b"br") == 415
    assert status_of(b"", b"gzip, gzip") == 415


def test_a_bomb_takes_no_memory() -> None:
    bomb = gzip.compress(bytes(200_000_000), 1)
    tracemalloc.start()
    try:
        assert status_of(bomb, b"gzip", 100_000) == 413
        assert tracemalloc.get_traced_memory()[1] < 3_000_000
    finally:
        tracemalloc.stop()


def test_of_a_body_of_many_members_no_more_than_a_few_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each member is cut off what is left: the work would grow with the square of their number."""
    made = []
    kept = zlib.decompressobj
    monkeypatch.setattr(zlib, "decompressobj", lambda *form: made.append(1) or kept(*form))
    empty = gzip.compress(b"")
    assert inflated(empty * 15 + gzip.compress(b"last"), b"gzip", 10) == b"last"
    assert len(made) == 16
    assert status_of(empty * 400_000, b"gzip", 8_000_000) == 400
    assert len(made) == 32


@pytest.mark.parametrize("form", list(FORMS))
def test_every_way_to_ask_takes_them(api: Any, rows: np.ndarray, form: str) -> None:
    client = api.client()

    def both(path: str, value: Any, **options: Any) -> tuple[Any, Any]:
        text = json.dumps(value).encode()
        plain = client.post(path, content=text, headers=JSON)
        packed = client.post(path, content=FORMS[form](text), headers={**JSON, "content-encoding": form})
        assert plain.status_code == packed.status_code, packed.text
        return plain.json(), packed.json()

    plain, packed = both("/predict", {"model": "trend", "row": rows[0].tolist()})
    assert plain["probabilities"] == packed["probabilities"]
    plain, packed = both("/predict/batch", {"model": "trend", "rows": rows[:50].tolist()})
    assert plain["probabilities"] == packed["probabilities"]
    plain, packed = both("/v1/operations/backtest", {"nothing": "that it knows"})
    assert plain["detail"] == packed["detail"]
    plain, packed = both("/predict", {"model": "trned", "row": rows[0].tolist()})
    assert plain["detail"] == packed["detail"]


def test_what_cannot_be_read_is_told(api: Any, rows: np.ndarray) -> None:
    client = api.client()
    text = json.dumps({"model": "trend", "row": rows[0].tolist()}).encode()

    def sent(path: str, body: bytes, encoding: str, kind: str = "application/json", how: str = "POST") -> Any:
        headers = {"content-type": kind, "content-encoding": encoding}
        return client.request(how, path, content=body, headers=headers)

    answer = sent("/predict", text, "br")
    assert (answer.status_code, answer.headers["accept-encoding"]) == (415, "gzip, deflate")
    assert sent("/predict", text, "gzip").json()["detail"] == "the body is no gzip, as its headers say"
    assert sent("/predict", gzip.compress(text)[:-9], "gzip").status_code == 400
    bomb = gzip.compress(b" " * 100_000_000)
    for path in ("/predict", "/predict/batch", "/v1/operations/backtest", "/v2/models/trend/infer", "/streams"):
        assert sent(path, bomb, "gzip").status_code == 413, path
    lines = gzip.compress(text + b"\n")
    assert sent("/predict/stream", lines, "gzip", "application/x-ndjson").status_code == 415
    told = api.client("operator").put("/v1/files/a.csv", content=lines, headers={"content-encoding": "gzip"})
    assert told.status_code == 415
    assert sent("/predict", text, "identity").status_code == 200
