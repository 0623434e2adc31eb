"""pandas frames and series as Arrow streams."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from augury.errors import InvalidInput

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["decode_frame", "encode_frame", "is_frame"]


class _Head(msgspec.Struct, array_like=True):
    """What Arrow does not keep of a frame."""

    series: bool
    name: str | None
    frequency: str | None


def is_frame(value: Any) -> bool:
    """Whether this is a pandas frame or series; does not import pandas."""
    kind = type(value)
    return kind.__module__.startswith("pandas") and kind.__name__ in ("DataFrame", "Series")


def encode_frame(value: Any, where: str) -> bytes:
    """The frame or series as bytes. Raises InvalidInput for one that would not come back the same."""
    import pyarrow as pa

    series = type(value).__name__ == "Series"
    frame: pd.DataFrame = value.to_frame("value") if series else value
    _check(frame, value.name if series else None, where)
    try:
        table = pa.Table.from_pandas(frame, preserve_index=True)
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise InvalidInput(f"{where} is a frame that Arrow cannot hold: {error}") from error
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    frequency = getattr(frame.index, "freqstr", None)
    head = msgspec.msgpack.encode(_Head(series=series, name=value.name if series else None, frequency=frequency))
    body: bytes = sink.getvalue().to_pybytes()
    return len(head).to_bytes(2, "big") + head + body


def decode_frame(data: memoryview) -> Any:
    """The frame or series of `encode_frame`. Raises ValueError when the bytes are none."""
    import pyarrow as pa

    length = int.from_bytes(data[:2], "big")
    head = msgspec.msgpack.decode(data[2 : 2 + length], type=_Head)
    try:
        frame = pa.ipc.open_stream(pa.py_buffer(data[2 + length :])).read_pandas()
    except pa.ArrowException as error:
        raise ValueError(f"not an Arrow stream: {error}") from error
    if head.frequency is not None:
        frame.index.freq = head.frequency
    return frame["value"].rename(head.name) if head.series else frame


def _check(frame: pd.DataFrame, name: Any, where: str) -> None:
    import pandas as pd

    columns = frame.columns
    if (
        not columns.is_unique
        or not all(type(column) is str for column in columns)
        or isinstance(columns, pd.MultiIndex)
    ):
        raise InvalidInput(f"{where} is a frame whose columns are not distinct texts; the cache does not store it")
    if name is not None and type(name) is not str:
        raise InvalidInput(f"{where} is a series named {name!r:.40}; the cache stores series with a text or no name")
    if frame.attrs:
        raise InvalidInput(f"{where} is a frame with attrs, which would be lost; the cache does not store it")
    for column, dtype in frame.dtypes.items():
        if dtype.kind == "O" and not hasattr(dtype, "na_value"):
            raise InvalidInput(f"{where}[{column!r}] is a column of objects; the cache stores numbers, texts and times")
    if frame.index.dtype.kind == "O" and not hasattr(frame.index.dtype, "na_value"):
        raise InvalidInput(f"{where} has an index of objects; the cache stores indexes of numbers, texts and times")
