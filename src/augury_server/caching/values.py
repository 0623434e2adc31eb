"""Values as bytes and back: MessagePack for plain values, raw memory for arrays, Arrow for frames; never pickle.

What comes back equals what went in, in type too, and belongs to the caller alone: arrays and frames are copies that may
be written to. A type that is not listed here is refused, because a guess at it would be a wrong value later.
"""

from __future__ import annotations

import dataclasses
from datetime import date, datetime
from typing import Any, Literal, TypeVar

import msgspec
import numpy as np

from augury.errors import InvalidInput
from augury_server.caching.frames import decode_frame, encode_frame, is_frame

__all__ = ["DamagedValue", "decode_value", "encode_value", "storable"]

_TUPLE, _ARRAY, _SCALAR, _DATETIME, _DATE, _FRAME, _RECORD, _PAIRS = range(1, 9)
_INT_MIN, _INT_MAX = -(2**63), 2**63 - 1
_DEEPEST = 64

Record = TypeVar("Record", bound=type[Any])


class DamagedValue(Exception):
    """These bytes are no value that this process can read."""


_records: dict[str, type[Any]] = {}
_encode = msgspec.msgpack.Encoder().encode


def storable(record: Record) -> Record:
    """Class decorator: let instances of this dataclass be values of the cache, field by field.

    Only classes marked so are ever built from stored bytes. Fields added since an entry was written make it a miss.
    """
    if not dataclasses.is_dataclass(record):
        raise InvalidInput(f"storable expects a dataclass, got {record!r:.80}")
    _records[_record_name(record)] = record
    return record


def encode_value(value: Any) -> bytes:
    """The value as bytes. Raises InvalidInput, with where it stands in the value, for a type that is not supported."""
    return _encode(_packed(value, "value", 0))


def decode_value(payload: bytes | memoryview) -> Any:
    """The value that `encode_value` was given. Raises DamagedValue when the bytes are none of its."""
    try:
        return _decoder.decode(payload)
    except (msgspec.DecodeError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise DamagedValue(str(error)) from error


def _packed(value: Any, where: str, depth: int) -> Any:
    """The value with everything that MessagePack does not know itself as an extension."""
    kind = type(value)
    if value is None or kind is bool or kind is float or kind is str or kind is bytes:
        return value
    if kind is int and _INT_MIN <= value <= _INT_MAX:
        return value
    if depth > _DEEPEST:
        raise InvalidInput(f"{where} is nested more than {_DEEPEST} deep; the cache does not store it")
    if kind is list or kind is tuple:
        items = [_packed(item, f"{where}[{place}]", depth + 1) for place, item in enumerate(value)]
        return items if kind is list else _extension(_TUPLE, items)
    if kind is dict:
        return _packed_mapping(value, where, depth + 1)
    if kind is np.ndarray or isinstance(value, np.generic):
        return _packed_array(value, where)
    if is_frame(value):
        return msgspec.msgpack.Ext(_FRAME, encode_frame(value, where))
    if kind is datetime or kind is date:
        return _packed_time(value, where)
    if _records.get(_record_name(kind)) is kind:
        fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        packed = {name: _packed(item, f"{where}.{name}", depth + 1) for name, item in fields.items()}
        return _extension(_RECORD, [_record_name(kind), packed])
    raise InvalidInput(
        f"{where} is a {kind.__module__}.{kind.__qualname__}, which the cache does not store; it takes None, booleans, "
        f"64-bit integers, floats, text, bytes, lists, tuples, dicts, dates, times in UTC, NumPy arrays, pandas frames "
        f"and series, and dataclasses marked with @storable"
    )


def _packed_mapping(value: dict[Any, Any], where: str, depth: int) -> Any:
    if all(type(name) is str for name in value):
        return {name: _packed(item, f"{where}[{name!r}]", depth) for name, item in value.items()}
    pairs = [[_packed(name, f"a key of {where}", depth), _packed(item, f"{where}[{name!r}]", depth)]
             for name, item in value.items()]  # fmt: skip
    return _extension(_PAIRS, pairs)


def _packed_array(value: Any, where: str) -> Any:
    array = np.asarray(value)
    if array.dtype.hasobject or array.dtype.kind == "V":
        raise InvalidInput(f"{where} is an array of {array.dtype}, which the cache does not store; use plain dtypes")
    fortran = array.ndim > 1 and array.flags.f_contiguous and not array.flags.c_contiguous
    head = _encode([array.dtype.str, list(array.shape), "F" if fortran else "C"])
    body = array.tobytes(order="F" if fortran else "C")
    code = _ARRAY if isinstance(value, np.ndarray) else _SCALAR
    return msgspec.msgpack.Ext(code, len(head).to_bytes(2, "big") + head + body)


def _packed_time(value: Any, where: str) -> Any:
    if type(value) is date:
        return msgspec.msgpack.Ext(_DATE, value.isoformat().encode())
    if value.tzinfo is not None and str(value.tzinfo) != "UTC":
        raise InvalidInput(f"{where} is a time of the zone {value.tzinfo}; the cache stores times in UTC")
    return msgspec.msgpack.Ext(_DATETIME, value.isoformat().encode())


def _extension(code: int, content: Any) -> msgspec.msgpack.Ext:
    return msgspec.msgpack.Ext(code, _encode(content))


def _unpacked(code: int, data: memoryview) -> Any:
    if code == _TUPLE:
        return tuple(_lists.decode(data))
    if code in (_ARRAY, _SCALAR):
        return _array(data, scalar=code == _SCALAR)
    if code == _FRAME:
        return decode_frame(data)
    if code == _DATETIME:
        return datetime.fromisoformat(bytes(data).decode())
    if code == _DATE:
        return date.fromisoformat(bytes(data).decode())
    if code == _PAIRS:
        return dict(_pairs.decode(data))
    if code == _RECORD:
        name, fields = _fields.decode(data)
        return _records[name](**fields)
    raise ValueError(f"no value has the code {code}")


def _array(data: memoryview, *, scalar: bool) -> Any:
    length = int.from_bytes(data[:2], "big")
    dtype, shape, order = _heads.decode(data[2 : 2 + length])
    flat = np.frombuffer(data[2 + length :], dtype=np.dtype(dtype))
    if scalar:
        return flat[0]
    return flat.reshape(shape, order=order).copy(order=order)


def _record_name(kind: type[Any]) -> str:
    return f"{kind.__module__}:{kind.__qualname__}"


_heads = msgspec.msgpack.Decoder(tuple[str, tuple[int, ...], Literal["C", "F"]])
_decoder: msgspec.msgpack.Decoder[Any] = msgspec.msgpack.Decoder(Any, ext_hook=_unpacked)
_lists = msgspec.msgpack.Decoder(list[Any], ext_hook=_unpacked)
_pairs = msgspec.msgpack.Decoder(list[tuple[Any, Any]], ext_hook=_unpacked)
_fields = msgspec.msgpack.Decoder(tuple[str, dict[str, Any]], ext_hook=_unpacked)
