"""Frames come back as they went in; around damage every other frame is found, and none that was never written."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augury.errors import InvalidInput
from augury_server.predictions.recording import PredictionRecord
from augury_server.serving.recording.encoding import decode_record, encode_record
from augury_server.serving.recording.frames import LARGEST, frame, scan

PAYLOADS = st.lists(st.binary(max_size=60), max_size=8)


@given(PAYLOADS)
def test_what_is_framed_is_read_back(payloads: list[bytes]) -> None:
    found = scan(b"".join(map(frame, payloads)))
    assert found.payloads == tuple(payloads)
    assert (found.damaged, found.torn) == ((), 0)


@given(PAYLOADS.filter(bool), st.data())
def test_a_torn_end_costs_the_frame_it_is_in_and_no_other(payloads: list[bytes], data: st.DataObject) -> None:
    whole = b"".join(map(frame, payloads[:-1]))
    last = frame(payloads[-1])
    cut = data.draw(st.integers(0, len(last) - 1))
    found = scan(whole + last[:cut])
    assert found.payloads == tuple(payloads[:-1])
    assert (found.damaged, found.torn) == ((), cut)


@settings(max_examples=300)
@given(PAYLOADS.filter(bool), st.data())
def test_one_wrong_byte_costs_its_frame_and_no_other(payloads: list[bytes], data: st.DataObject) -> None:
    frames = list(map(frame, payloads))
    hit = data.draw(st.integers(0, len(frames) - 1))
    at = data.draw(st.integers(0, len(frames[hit]) - 1))
    other = data.draw(st.integers(1, 255))
    frames[hit] = frames[hit][:at] + bytes([frames[hit][at] ^ other]) + frames[hit][at + 1 :]
    found = scan(b"".join(frames))
    assert found.payloads == tuple(payloads[:hit] + payloads[hit + 1 :])
    start = sum(map(len, frames[:hit]))
    told = found.damaged == ((start, start + len(frames[hit])),)
    assert told or (hit == len(frames) - 1 and found.torn == len(frames[hit]))


@given(st.binary(max_size=300))
def test_bytes_that_are_no_frames_give_none_and_are_all_accounted_for(data: bytes) -> None:
    found = scan(data)
    assert found.payloads == ()
    assert found.torn + sum(end - start for start, end in found.damaged) == len(data)


def test_frames_inside_a_payload_are_not_read_while_it_is_whole() -> None:
    inner = frame(b"inner")
    assert scan(frame(inner) + frame(b"x")).payloads == (inner, b"x")


def test_a_long_file_of_rubbish_is_scanned_in_one_pass() -> None:
    rubbish = random.Random(1).randbytes(2 << 20)
    found = scan(rubbish + frame(b"x") + b"\xf5\xf6AF" * 1000)
    assert found.payloads == (b"x",)
    assert found.damaged == ((0, len(rubbish)),)


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
RECORDS = st.builds(
    PredictionRecord,
    id=st.uuids(),
    model_name=TEXTS,
    model_version=st.integers(1, 2**31 - 1),
    symbol=TEXTS,
    bar_opened_at_ns=st.integers(-(2**63), 2**63 - 1),
    made_at=st.datetimes(timezones=st.just(UTC)),
    probabilities=st.lists(st.floats(allow_nan=False), max_size=4).map(tuple),
    decision=TEXTS,
    latency_us=st.integers(0, 2**31 - 1),
    request_id=TEXTS,
)


@given(RECORDS)
def test_a_record_comes_back_in_every_field(record: PredictionRecord) -> None:
    assert decode_record(encode_record(record)) == record


def test_times_of_other_zones_numbers_of_numpy_and_bits_of_floats_are_kept(made: Any) -> None:
    zoned = datetime(2026, 3, 1, 12, tzinfo=timezone(timedelta(hours=5)))
    record = made(1, made_at=zoned, probabilities=(np.float64(0.1), np.nextafter(0.3, 1)), latency_us=np.int64(7))
    back = decode_record(encode_record(record))
    assert back.made_at == zoned
    assert back.made_at.tzinfo is not None
    assert [value.hex() for value in back.probabilities] == [(0.1).hex(), float(np.nextafter(0.3, 1)).hex()]
    assert (back.latency_us, type(back.latency_us)) == (7, int)


def test_what_has_no_form_as_bytes_and_bytes_that_are_no_record_are_refused(made: Any) -> None:
    for wrong in ({"symbol": "\ud800"}, {"bar_opened_at_ns": 2**70}, {"decision": object()}):
        with pytest.raises(InvalidInput, match=r"prediction 0+-.*cannot be kept on disk"):
            encode_record(made(0, **wrong))
    with pytest.raises(InvalidInput, match="at most 1,048,576"):
        encode_record(made(0, symbol="x" * LARGEST))
    for wrong_bytes in (b"", b"\x01", msgspec.msgpack.encode(["x"]), encode_record(made(0))[:-4]):
        with pytest.raises(InvalidInput, match="no prediction"):
            decode_record(wrong_bytes)


def test_records_on_disk_stay_readable_by_later_versions(made: Any) -> None:
    """Bytes as a first version wrote them; a field it did not have gets its default, an unknown one is passed by."""
    known = bytes.fromhex(
        "9dc41000000000000000000000000000000007a57472656e6402a44141504ccf18983ffad9e00007d6ff69a3818092cb3fd000000000"
        "0000cb3fe8000000000000a27570a003a26162aa6368616c6c656e676572a3722d37"
    )
    record = decode_record(known)
    assert record == PredictionRecord(
        id=UUID(int=7), model_name="trend", model_version=2, symbol="AAPL", bar_opened_at_ns=1772236800000000007,
        made_at=datetime(2026, 3, 1, tzinfo=UTC), probabilities=(0.25, 0.75), decision="up", latency_us=3,
        experiment="ab", variant="challenger", request_id="r-7",
    )  # fmt: skip
    assert encode_record(record) == known
    values = msgspec.msgpack.decode(known)
    assert decode_record(msgspec.msgpack.encode(values[:7])) == PredictionRecord(
        id=UUID(int=7), model_name="trend", model_version=2, symbol="AAPL", bar_opened_at_ns=1772236800000000007,
        made_at=datetime(2026, 3, 1, tzinfo=UTC), probabilities=(0.25, 0.75),
    )  # fmt: skip
    assert decode_record(msgspec.msgpack.encode([*values, "later"])) == record
