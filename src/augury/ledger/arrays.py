"""Arrays as bytes and back: what a row of the ledger keeps beside its text."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from augury.errors import InvalidInput

__all__ = ["LARGEST_BYTES", "pack", "unpack"]

LARGEST_BYTES = 500_000_000  # SQLite's own limit for one value is 1e9 bytes

_DENSE = 0.8  # with fewer zeros the last digits of returns, which are noise, make compression cost more than it saves
_KINDS = ("<f4", "<f8", "<u8")


def pack(values: NDArray[Any], *, what: str, squeeze: bool = False) -> tuple[bytes, dict[str, Any]]:
    """Little-endian bytes and the mapping that `unpack` needs; `squeeze` compresses where zeros are many.

    Raises InvalidInput for another type than float32, float64 and uint64, and for more bytes than the ledger takes.
    """
    kind = values.dtype.newbyteorder("<").str
    if kind not in _KINDS:
        raise InvalidInput(f"{what} should be float32 or float64, got {values.dtype}")
    if values.nbytes > LARGEST_BYTES:
        raise InvalidInput(
            f"{what} should take at most {LARGEST_BYTES:,} bytes in one entry, got {values.nbytes:,}; "
            "use fewer blocks or several entries"
        )
    content = np.ascontiguousarray(values, dtype=kind).tobytes()
    codec = "raw"
    if squeeze and np.count_nonzero(values) < _DENSE * values.size:
        content, codec = zlib.compress(content, 1), "zlib"
    return content, {"dtype": kind, "shape": list(values.shape), "codec": codec}


def unpack(content: bytes, form: dict[str, Any]) -> NDArray[Any]:
    """The array again, bit for bit; ValueError when the bytes do not fit the form."""
    kind, shape, codec = form["dtype"], tuple(int(size) for size in form["shape"]), form["codec"]
    if kind not in _KINDS or codec not in ("raw", "zlib"):
        raise ValueError(f"unknown form of an array: {form}")
    expected = int(np.prod(shape)) * np.dtype(kind).itemsize
    if codec == "zlib":
        try:
            content = zlib.decompressobj().decompress(content, expected + 1)
        except zlib.error as error:
            raise ValueError(f"the compressed bytes are damaged: {error}") from error
    if len(content) != expected:
        raise ValueError(f"expected {expected} bytes for shape {shape}, got {len(content)}")
    return np.frombuffer(content, dtype=kind).reshape(shape).astype(kind[1:], copy=True)
