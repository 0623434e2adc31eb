"""The protocol's bodies byte by byte: what agrees is read as it was meant, what does not is refused as `{"error"}`."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augury.errors import InvalidInput
from augury_server.api.inference_bodies import read_infer, split_body
from augury_server.api.problems import ProblemError
from augury_server.api.tensors import DATATYPES, output_tensor, read_tensors

PATH = "/v2/models/trend/infer"


def asked(**tensor: Any) -> bytes:
    return json.dumps({"inputs": [{"name": "features", "shape": [1, 3], "datatype": "FP32", **tensor}]}).encode()


REFUSED: list[tuple[bytes, dict[str, str], str]] = [
    (b"", {}, "JSON"),
    (b"{}", {}, "inputs"),
    (b'{"inputs":[]}', {}, "also reads 'features'"),
    (b'{"inputs":[' + b'{"parameters":{"a":' * 50_000, {}, "nested too deeply"),
    (asked(), {}, "neither data nor binary_data_size"),
    (asked(data=[1, 2]), {}, "holds 2 numbers"),
    (asked(data=[[1, 2], [3]]), {}, "should fill"),
    (asked(data=[[[1, 2, 3]]]), {}, "flat list"),
    (asked(data=[[1], [2], [3]]), {}, "nested as [3, 1]"),
    (asked(data=[1, "2", 3]), {}, "$[1]"),
    (asked(data=7), {}, "flat list"),
    (asked(data=[1, 2, 1e39]), {}, "float32"),
    (asked(data=[1, 2, 3]).replace(b"[1, 2, 3]", b"[1, 2, NaN]"), {}, "JSON"),
    (asked(data=[1, 2, 3], shape=[-1, 3]), {}, "axes of 0 or more"),
    (asked(data=[1, 2, 3], shape=[]), {}, "1 to 4 axes"),
    (asked(data=[1, 2, 3], shape=[1, 10**30]), {}, "its shape says"),
    (asked(data=[1, 2, 3], shape=[1, 2**62, 2**62]), {}, "2"),
    (asked(data=[1, 2, 3], datatype="FP23"), {}, "did you mean 'FP32'"),
    (asked(data=[1.5, 2, 3], datatype="INT32"), {}, "$[0]"),
    (asked(data=[1000, 2, 3], datatype="INT8"), {}, "INT8"),
    (asked(data=[1, 2, 3], parameters={"binary_data_size": 12}), {}, "both data and binary_data_size"),
    (asked(parameters={"binary_data_size": 12}), {}, "announces 12 bytes, and 0 are left"),
    (asked(parameters={"binary_data_size": 11}), {}, "takes 12 bytes"),
    (asked(parameters={"binary_data_size": "12"}), {}, "takes 12 bytes"),
    (asked(data=[1, 2, 3]), {"Inference-Header-Content-Length": "0"}, "length of the JSON"),
    (asked(data=[1, 2, 3]), {"Inference-Header-Content-Length": "99999"}, "length of the JSON"),
    (asked(data=[1, 2, 3]), {"Inference-Header-Content-Length": "-5"}, "length of the JSON"),
    (asked(data=[1, 2, 3]), {"Inference-Header-Content-Length": "9" * 5000}, "length of the JSON"),
    (asked(data=[1, 2, 3]) + b"1234", {"Inference-Header-Content-Length": str(len(asked(data=[1, 2, 3])))}, "4 bytes"),
    (asked(data=[1, 2, 3], paramters={}), {}, "paramters"),
]


def test_what_does_not_agree_is_refused_with_status_400_in_the_protocols_form(api: Any) -> None:
    client = api.client()
    for body, headers, told in REFUSED:
        reply = client.post(PATH, content=body, headers=headers)
        assert (reply.status_code, list(reply.json())) == (400, ["error"]), (body[:90], reply.text)
        assert told in reply.json()["error"], (body[:90], reply.text)


def test_no_rows_have_empty_tensors(api: Any) -> None:
    body = asked(data=[], shape=[0, 3])
    reply = api.client().post(PATH, content=body).raise_for_status().json()
    assert [one["shape"] for one in reply["outputs"]] == [[0, 2], [0], [0]]


def test_health_and_what_the_server_is_are_told_without_a_key(api: Any) -> None:
    client = api.client(None)
    assert client.get("/v2/health/live").json() == {"live": True}
    assert client.get("/v2/health/ready").json() == {"ready": True}
    assert client.get("/v2").json()["name"] == "augury"
    assert client.get("/v2/models/trend").status_code == 401


kinds = st.sampled_from(sorted(DATATYPES))


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.tuples(kinds, st.lists(st.integers(0, 4), min_size=1, max_size=3)), min_size=1, max_size=4), st.data()
)
def test_tensors_come_back_as_they_were_sent_in_json_and_in_bytes(
    forms: list[tuple[str, list[int]]], data: st.DataObject
) -> None:
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    sent, inputs, tail = {}, [], b""
    for place, (kind, shape) in enumerate(forms):
        values = (100 * rng.normal(size=shape)).astype(DATATYPES[kind])
        tensor: dict[str, Any] = {"name": str(place), "shape": shape, "datatype": kind}
        form = data.draw(st.sampled_from(["bytes", "flat", "nested"]))
        if form == "bytes":
            tensor["parameters"] = {"binary_data_size": values.nbytes}
            tail += values.tobytes()
        else:
            tensor["data"] = values.ravel().tolist() if form == "flat" else values.tolist()
        sent[str(place)] = values
        inputs.append(tensor)
    header = json.dumps({"inputs": inputs}).encode()
    text, binary = split_body(header + tail, str(len(header)))
    found = read_tensors(read_infer(text).inputs, binary, most=100)
    assert list(found) == list(sent)
    for name, values in sent.items():
        assert found[name].shape == values.shape
        assert np.array_equal(found[name].astype(values.dtype), values)


@settings(max_examples=80, deadline=None)
@given(st.binary(max_size=60), st.text(max_size=8))
def test_any_body_is_read_or_refused_in_words(body: bytes, length: str) -> None:
    with suppress(InvalidInput, ProblemError):  # anything else that is raised fails the test
        header, binary = split_body(body, length or None)
        read_tensors(read_infer(header).inputs, binary, most=10)


@pytest.mark.parametrize("binary", [True, False])
def test_an_output_says_its_shape_and_keeps_every_bit(binary: bool) -> None:
    values = np.random.default_rng(1).normal(size=(5, 2))
    tensor, content = output_tensor("probabilities", "FP64", values, binary=binary)
    told = msgspec.json.decode(msgspec.json.encode(tensor))
    assert (told["shape"], told["datatype"]) == ([5, 2], "FP64")
    if binary:
        assert told["parameters"] == {"binary_data_size": len(content)}
        assert content == values.tobytes()
    else:
        assert (np.array(told["data"]).tobytes(), content) == (values.tobytes(), b"")
