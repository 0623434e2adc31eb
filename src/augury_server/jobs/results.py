"""What an operation returned, kept in the job's row: as JSON when it is small, compressed when it is not."""

from __future__ import annotations

import json
import math
from typing import Any

import zstandard

from augury_server.jobs.models import Job

__all__ = ["INLINE_BYTES", "LARGEST_BYTES", "pack_result", "result_of"]

INLINE_BYTES = 64 * 1024
"""Up to this many bytes of JSON a result can be queried in the database."""
LARGEST_BYTES = 64 * 1024 * 1024
"""Above this a result is not kept: an operation that makes so much writes it to a file or table of its own."""


def pack_result(value: dict[str, Any]) -> dict[str, Any]:
    """The columns `result` and `result_packed` of a result; numbers that JSON has no word for become null."""
    text = json.dumps(_plain(value), separators=(",", ":"), allow_nan=False).encode()
    if len(text) <= INLINE_BYTES:
        return {"result": json.loads(text), "result_packed": None}
    if len(text) > LARGEST_BYTES:
        return {
            "result": {"left_out": f"{len(text):,} bytes of JSON, more than {LARGEST_BYTES:,}"},
            "result_packed": None,
        }
    return {"result": None, "result_packed": zstandard.compress(text, 3)}


def result_of(job: Job) -> Any:
    """A job's result as plain values, whichever way it is kept; None when there is none."""
    if job.result_packed is None:
        return job.result
    return json.loads(zstandard.decompress(bytes(job.result_packed), max_output_size=LARGEST_BYTES))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {_text(str(key)): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return _text(value) if isinstance(value, str) else value


def _text(text: str) -> str:
    """Without what PostgreSQL's JSON cannot hold: null characters and halves of surrogate pairs."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()
