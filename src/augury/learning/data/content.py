"""The fingerprint of a data set: SHA-256 of what it was made of and of every number in it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from augury.arrays import FloatVector
from augury.learning.data.inputs import Inputs

__all__ = ["content_fingerprint"]


def content_fingerprint(facts: Mapping[str, Any], inputs: Inputs, target: FloatVector) -> str:
    """64 hex digits, the same in every process: `facts` as canonical JSON, then bars, features, rows and targets."""
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True, separators=(",", ":"), allow_nan=False).encode())
    arrays: list[npt.NDArray[Any]] = [inputs.symbol, inputs.bar, inputs.opened_at, inputs.label_end, target]
    for bars, table in zip(inputs.bars, inputs.tables, strict=True):
        arrays += [bars.opened_at, bars.matrix, table]
    for array in arrays:
        digest.update(f"{array.dtype.kind}{list(array.shape)}".encode())
        digest.update(_plain_bytes(array))
    return digest.hexdigest()


def _plain_bytes(array: npt.NDArray[Any]) -> bytes:
    """Little-endian bytes with one form of NaN and of zero."""
    if array.dtype.kind == "f":
        return np.where(np.isnan(array), np.nan, array + 0.0).astype("<f8").tobytes()
    return array.astype("<i8").tobytes()
