"""Which trials are the same trial: a 64-bit key for each, from strategy, options and parameters."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from augury.ledger.canonical import canonical_json, plain
from augury.ledger.entry import Entry

__all__ = ["configurations", "trial_key"]


def configurations(entry: Entry) -> NDArray[np.uint64]:
    """uint64[trials]: equal for equal strategy id, engine options and parameters, whatever the kind of entry.

    So the winner of a sweep that is run again by itself has the key it had in the sweep. Trials whose parameters are
    not known are told apart by their place in the entry; the same entry written twice has the same keys.
    """
    base = hashlib.blake2b(canonical_json([entry.strategy_id, entry.spec_id]).encode(), digest_size=8)
    whole = base.copy()
    whole.update(canonical_json(entry.parameters, what="parameters").encode())
    keys = np.frombuffer(whole.digest(), dtype="<u8") + np.arange(entry.trials, dtype=np.uint64)
    if entry.trial_parameters:
        rows = _rows(entry.trial_parameters)
        keys[: len(rows)] = _keys(base, rows)
        if len(rows) < len(keys):  # the rest must not meet the key of a run with exactly these parameters
            base.update(b"unknown")
            base.update(whole.digest())
            rest = np.frombuffer(base.digest(), dtype="<u8")
            keys[len(rows) :] = rest + np.arange(len(keys) - len(rows), dtype=np.uint64)
    return keys.astype(np.uint64)


def trial_key(keys: NDArray[np.uint64], data_id: str) -> str:
    """16 hex digits of what was tried and on which data: equal for an identical run."""
    return hashlib.sha256(keys.astype("<u8").tobytes() + data_id.encode()).hexdigest()[:16]


def _rows(columns: Mapping[str, Sequence[Any] | NDArray[Any]]) -> list[str]:
    """The canonical JSON of each row's mapping, built column by column because a sweep has many rows."""
    fields = []
    for name in sorted(columns):
        start = canonical_json(name) + ":"
        values = plain(columns[name], what=f"trial_parameters.{name}")
        texts = {value: start + canonical_json(value) for value in _distinct(values)}
        fields.append([texts[value] if _hashable(value) else start + canonical_json(value) for value in values])
    return ["{" + ",".join(row) + "}" for row in zip(*fields, strict=True)]


def _keys(base: Any, rows: list[str]) -> NDArray[np.uint64]:
    content = bytearray()
    for row in rows:
        one = base.copy()
        one.update(row.encode())
        content += one.digest()
    return np.frombuffer(bytes(content), dtype="<u8")


def _hashable(value: Any) -> bool:
    return not isinstance(value, list | dict | bool)  # True and 1 are one key of a dict


def _distinct(values: list[Any]) -> set[Any]:
    return {value for value in values if _hashable(value)}
