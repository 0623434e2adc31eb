"""/v2 asked by Triton's own client, unmodified, over a real server: the library's numbers to the bit."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
import pytest
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException, np_to_triton_dtype

INPUT = "features"


@pytest.fixture
def v2(api: Any) -> Iterator[triton.InferenceServerClient]:
    """The client; `headers` of each call carry the key."""
    client = triton.InferenceServerClient(api.url.removeprefix("http://"), concurrency=4)
    yield client
    client.close()


@pytest.fixture
def key(api: Any) -> dict[str, str]:
    return {"authorization": f"Bearer {api.keys['viewer']}"}


def tensor(rows: np.ndarray, *, binary: bool = True, name: str = INPUT) -> triton.InferInput:
    made = triton.InferInput(name, list(rows.shape), np_to_triton_dtype(rows.dtype))
    made.set_data_from_numpy(rows, binary_data=binary)
    return made


def test_the_client_sees_the_server_and_its_models(v2: Any, key: dict[str, str], api: Any) -> None:
    assert v2.is_server_live()
    assert v2.is_server_ready()
    assert v2.get_server_metadata()["extensions"] == ["binary_tensor_data"]
    assert v2.is_model_ready("trend", headers=key)
    assert v2.is_model_ready("trend", "1", headers=key)
    assert not v2.is_model_ready("trend", "2", headers=key)
    assert not v2.is_model_ready("trned", headers=key)
    assert not v2.is_model_ready("trend", headers={"authorization": f"Bearer {api.keys['streamer']}"})
    told = v2.get_model_metadata("trend", headers=key)
    assert (told["name"], told["versions"], told["platform"]) == ("trend", ["1"], "onnxruntime_onnx")
    assert told["inputs"] == [{"name": INPUT, "datatype": "FP32", "shape": [-1, 3]}]
    assert {one["name"]: (one["datatype"], one["shape"]) for one in told["outputs"]} == {
        "probabilities": ("FP64", [-1, 2]), "decision": ("INT64", [-1]), "p_up": ("FP64", [-1]),
    }  # fmt: skip
    regression = v2.get_model_metadata("values", "1", headers=key)
    assert [one["name"] for one in regression["outputs"]] == ["values"]


def test_inference_has_the_librarys_bits_whatever_form_the_numbers_take(
    v2: Any, key: dict[str, str], models: Any, rows: np.ndarray
) -> None:
    names = ("probabilities", "decision", "p_up")
    for (name, kind), datatype in product((("trend", "trees"), ("line", "linear")), (np.float32, np.float64)):
        given = rows[:40].astype(datatype)
        expected = models.predictor(kind).predict(given, exact=True)
        for binary_in, binary_out in product((True, False), (True, False, None)):
            wanted = None if binary_out is None else [triton.InferRequestedOutput(each, binary_out) for each in names]
            asked = [tensor(given, binary=binary_in)]
            result = v2.infer(name, asked, outputs=wanted, request_id="seven", headers=dict(key))
            assert result.as_numpy("probabilities").tobytes() == expected.probabilities.tobytes()
            assert result.as_numpy("decision").tolist() == expected.decision.tolist()
            assert result.as_numpy("p_up").tobytes() == np.ascontiguousarray(expected.p_up).tobytes()
            told = result.get_response()
            assert (told["model_name"], told["model_version"], told["id"]) == (name, "1", "seven")


def test_a_regression_gives_values_and_a_version_can_be_named(
    v2: Any, key: dict[str, str], models: Any, rows: np.ndarray
) -> None:
    expected = models.predictor("values").predict(rows[:3], exact=True).values
    result = v2.infer("values", [tensor(rows[:3])], model_version="1", headers=key)
    assert result.as_numpy("values").tobytes() == np.ascontiguousarray(expected).tobytes()


def test_nan_in_bytes_is_read_by_a_model_that_knows_it_and_null_in_json_as_well(
    v2: Any, key: dict[str, str], models: Any
) -> None:
    row = np.array([[0.5, np.nan, -1.0, np.nan, 2.0]], dtype=np.float32)
    expected = models.predictor("nameless").predict(row, exact=True)
    result = v2.infer("nameless", [tensor(row)], headers=dict(key))
    assert result.as_numpy("probabilities").tobytes() == expected.probabilities.tobytes()
    with pytest.raises(InferenceServerException, match="cannot read NaN"):
        v2.infer("line", [tensor(np.full((1, 3), np.nan, dtype=np.float32))], headers=dict(key))


def test_windows_of_a_network_are_read_as_tensors(sqlite_platform: Any, register: Any, serve: Any, models: Any) -> None:
    register("net", "network")
    api = serve()
    windows = models.dataset(sequence_bars=4).inputs.sequence()[:9].astype(np.float32)
    expected = models.predictor("network").predict(windows, exact=True)
    client = triton.InferenceServerClient(api.url.removeprefix("http://"))
    try:
        headers = {"x-api-key": api.keys["viewer"]}
        for binary in (True, False):
            name = models.predictor("network").manifest.inputs[0].name
            result = client.infer("net", [tensor(windows, binary=binary, name=name)], headers=dict(headers))
            assert result.as_numpy("probabilities").tobytes() == expected.probabilities.tobytes()
    finally:
        client.close()


@pytest.mark.parametrize("form", ["gzip", "deflate"])
def test_compressed_requests_are_read(v2: Any, key: dict[str, str], models: Any, rows: np.ndarray, form: str) -> None:
    expected = models.predictor("trees").predict(rows[:40], exact=True)
    for binary in (True, False):
        result = v2.infer(
            "trend", [tensor(rows[:40], binary=binary)], headers=dict(key),
            request_compression_algorithm=form, response_compression_algorithm=form,
        )  # fmt: skip
        assert result.as_numpy("probabilities").tobytes() == expected.probabilities.tobytes()


def test_many_asynchronous_requests_each_get_their_own_answer(
    v2: Any, key: dict[str, str], models: Any, rows: np.ndarray
) -> None:
    expected = models.predictor("trees").predict(rows, exact=True).probabilities
    pending = [v2.async_infer("trend", [tensor(rows[at : at + 4])], headers=dict(key)) for at in range(0, 200, 4)]
    for at, one in zip(range(0, 200, 4), pending, strict=True):
        assert one.get_result().as_numpy("probabilities").tobytes() == expected[at : at + 4].tobytes()


def test_what_a_prediction_is_about_is_said_by_parameters(
    v2: Any, api: Any, key: dict[str, str], rows: np.ndarray
) -> None:
    from augury_server.predictions.models import Prediction

    about = {"symbol": "IBM", "bar_opened_at": "2024-03-01T00:00:00Z"}
    v2.infer("trend", [tensor(rows[:2])], headers=key, parameters=about)
    api.wait_until(lambda: Prediction.objects.count() == 2, "the records")
    assert set(Prediction.objects.values_list("symbol", "bar_opened_at_ns")) == {("IBM", 1_709_251_200_000_000_000)}


def test_refusals_reach_the_client_in_words_and_with_their_status(
    v2: Any, api: Any, key: dict[str, str], rows: np.ndarray
) -> None:
    text = triton.InferInput(INPUT, [1, 3], "BYTES")
    text.set_data_from_numpy(np.array([["a", "b", "c"]], dtype=np.object_))
    shared = triton.InferInput(INPUT, [1, 3], "FP32")
    shared.set_shared_memory("region", 12)
    asked: list[tuple[str, dict[str, Any], str, str]] = [
        ("400", {"inputs": [text]}, "numbers, not text", "trend"),
        ("400", {"inputs": [shared]}, "shared memory", "trend"),
        ("400", {"inputs": [tensor(rows[:2].astype(np.float16))]}, "convert it to FP32", "trend"),
        ("400", {"inputs": [tensor(rows[:2, :2])]}, "reads features", "trend"),
        ("400", {"inputs": [tensor(rows[:2], name="rows")]}, "no input 'rows'", "trend"),
        ("400", {"inputs": [tensor(rows[:2]), tensor(rows[:2])]}, "came twice", "trend"),
        ("400", {"inputs": [tensor(np.zeros((10_001, 3), dtype=np.float32))]}, "at most 10,000 rows", "trend"),
        ("400", {"inputs": [tensor(rows[:1])], "sequence_id": 7}, "sequences", "trend"),
        ("400", {"inputs": [tensor(rows[:1])], "outputs": [triton.InferRequestedOutput("up")]}, "no output", "trend"),
        ("400", {"inputs": [tensor(rows[:1])], "parameters": {"symbol": 7}}, "should be text", "trend"),
        ("404", {"inputs": [tensor(rows[:1])]}, "trend", "trned"),
        ("404", {"inputs": [tensor(rows[:1])], "model_version": "seven"}, "is a number", "trend"),
    ]
    for status, options, told, name in asked:
        with pytest.raises(InferenceServerException) as refused:
            v2.infer(name, headers=dict(key), **options)
        assert told in refused.value.message(), (told, refused.value.message())
        assert refused.value.status() == status
    classified = [triton.InferRequestedOutput("probabilities", class_count=2)]
    with pytest.raises(InferenceServerException, match="classification"):
        v2.infer("trend", [tensor(rows[:1])], outputs=classified, headers=dict(key))
    with pytest.raises(InferenceServerException) as unknown:
        v2.infer("trend", [tensor(rows[:1])])
    assert unknown.value.status() == "401"
    with pytest.raises(InferenceServerException) as other:
        v2.infer("trend", [tensor(rows[:1])], headers={"authorization": f"Bearer {api.keys['streamer']}"})
    assert other.value.status() == "403"
