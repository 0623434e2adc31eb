"""POST /predict and /predict/batch: the library's numbers to the bit, questions refused in words, answers kept."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augury.errors import InvalidInput
from augury.market.times import iso
from augury.market.validate import valid_arrays


def same(found: list[float | None], expected: np.ndarray) -> bool:
    """Equal bits, null for NaN."""
    values = np.array([math.nan if value is None else value for value in found])
    return values.tobytes() == np.ascontiguousarray(expected, dtype=np.float64).tobytes()


@pytest.fixture
def client(api: Any) -> Any:
    return api.client()


@pytest.mark.parametrize(("name", "kind"), [("trend", "trees"), ("line", "linear")])
def test_an_answer_has_the_librarys_bits_for_a_row_as_a_list_and_by_name(
    name: str, kind: str, client: Any, models: Any, rows: np.ndarray
) -> None:
    predictor = models.predictor(kind)
    for row in rows[:20]:
        expected = predictor.predict(row[None], exact=True)
        named = dict(zip(predictor.manifest.columns, row.tolist(), strict=True))
        for given_row in (row.tolist(), dict(reversed(named.items()))):
            answer = client.post("/predict", json={"model": name, "row": given_row}).raise_for_status().json()
            assert same(answer["probabilities"], expected.probabilities[0])
            assert answer["p_up"] == float(expected.p_up[0])
            decided = expected.decision[0]
            assert answer["decision"] == (expected.classes[decided] if decided >= 0 else "")
            assert answer["abstained"] == bool(expected.abstained[0])
    assert (answer["model"], answer["version"], answer["artefact"]) == (name, 1, predictor.manifest.model_id)


def test_a_regression_answers_with_its_value(client: Any, models: Any, rows: np.ndarray) -> None:
    expected = models.predictor("values").predict(rows[:5], exact=True).values
    answers = [client.post("/predict", json={"model": "values", "row": row}).json() for row in rows[:5].tolist()]
    assert same([answer["value"] for answer in answers], expected)
    assert answers[0]["p_up"] is None
    batch = client.post("/predict/batch", json={"model": "values", "rows": rows[:5].tolist()}).json()
    assert same(batch["values"], expected)
    assert batch["p_up"] is None


def test_null_is_nan_for_a_model_that_reads_it_and_refused_by_one_that_does_not(client: Any, models: Any) -> None:
    row = [0.5, None, -0.25, None, 1.0]
    expected = models.predictor("nameless").predict(np.array([row], dtype=np.float64), exact=True)
    answer = client.post("/predict", json={"model": "nameless", "row": row}).json()
    assert same(answer["probabilities"], expected.probabilities[0])
    refused = client.post("/predict", json={"model": "line", "row": [None, 1.0, 2.0]})
    assert refused.status_code == 422
    assert "cannot read NaN" in refused.json()["detail"]


@pytest.mark.parametrize("written", ["ns", "text"])
def test_bars_are_judged_as_the_library_judges_their_last(written: str, client: Any, models: Any) -> None:
    bars = valid_arrays(models.bars)
    times: list[Any] = bars.opened_at.tolist()
    columns = dict(zip(("open", "high", "low", "close", "volume"), bars.matrix.tolist(), strict=True))
    asked = {"opened_at": times if written == "ns" else [iso(time) for time in times], **columns}
    expected = models.predictor("trees").predict_last(bars)
    answer = client.post("/predict", json={"model": "trend", "bars": asked, "symbol": "A"}).raise_for_status().json()
    assert same(answer["probabilities"], expected.probabilities[0])


def test_bars_that_cannot_be_judged_yet_have_null_probabilities_and_no_decision(client: Any, models: Any) -> None:
    bars = valid_arrays(models.bars)
    asked = {"opened_at": bars.opened_at[:3].tolist()}
    asked |= {
        name: bars.matrix[place, :3].tolist() for place, name in enumerate(("open", "high", "low", "close", "volume"))
    }
    answer = client.post("/predict", json={"model": "trend", "bars": asked}).raise_for_status().json()
    assert (answer["probabilities"], answer["decision"], answer["abstained"]) == ([None, None], "", False)


@pytest.mark.parametrize(("name", "kind"), [("trend", "trees"), ("line", "linear")])
def test_a_thousand_rows_have_the_bits_that_each_has_alone(
    name: str, kind: str, client: Any, models: Any, rows: np.ndarray
) -> None:
    many = np.resize(rows, (1000, 3))
    expected = models.predictor(kind).predict(many, exact=True)
    by_rows = client.post("/predict/batch", json={"model": name, "rows": many.tolist()}).raise_for_status().json()
    columns = dict(zip(expected_columns(models, kind), many.T.tolist(), strict=True))
    by_columns = client.post("/predict/batch", json={"model": name, "columns": columns}).raise_for_status().json()
    for reply in (by_rows, by_columns):
        assert np.array(reply["probabilities"]).tobytes() == expected.probabilities.tobytes()
        assert np.array(reply["p_up"]).tobytes() == np.ascontiguousarray(expected.p_up).tobytes()
        assert reply["decisions"] == [(*expected.classes, "")[place] for place in expected.decision]
        assert reply["abstained"] == expected.abstained.tolist()
        assert (reply["version"], reply["versions"], len(reply["ids"])) == (1, None, 1000)


def expected_columns(models: Any, kind: str) -> tuple[str, ...]:
    return tuple(models.predictor(kind).manifest.columns)


ROW = '{"model":"trend","row":%s}'
ROWS = '{"model":"trend","rows":%s}'
BARS = '{"model":"trend","bars":{"opened_at":%s,"open":[1],"high":[1],"low":[1],"close":[1],"volume":[1]}}'
REFUSED: list[tuple[str, bytes, int, str]] = [
    ("/predict", b"", 400, "JSON"),
    ("/predict", b"{", 400, "JSON"),
    ("/predict", b"\xff\xfe", 400, "JSON"),
    ("/predict", b'{"model":"\xff","row":[1,2,3]}', 400, "UTF-8"),
    ("/predict", b"[" * 200_000, 422, "object"),
    ("/predict", (ROW % ("[" * 200_000)).encode(), 422, "$.row[0]"),
    ("/predict", (ROW % "[1,NaN,3]").encode(), 400, "JSON"),
    ("/predict", (ROW % "[1,Infinity,3]").encode(), 400, "JSON"),
    ("/predict", (ROW % "[1,1e999,3]").encode(), 422, "$.row[1]"),
    ("/predict", (ROW % ("[1,2,3" + "0" * 400 + "]")).encode(), 422, "$.row[2]"),
    ("/predict", (ROW % "[1,1e300,3]").encode(), 422, "float32"),
    ("/predict", (ROW % '[1,"2",3]').encode(), 422, "$.row[1]"),
    ("/predict", (ROW % "[1,true,3]").encode(), 422, "$.row[1]"),
    ("/predict", (ROW % "[1,2]").encode(), 422, "reads 3 features, the row holds 2"),
    ("/predict", (ROW % "[]").encode(), 422, "the row holds 0"),
    ("/predict", (ROW % "null").encode(), 422, "either row"),
    ("/predict", (ROW % '{"rsy_7":1}').encode(), 422, "did you mean"),
    ("/predict", (ROW % "{}").encode(), 422, "also reads"),
    ("/predict", b'{"model":"trend"}', 422, "either row"),
    ("/predict", b'{"row":[1,2,3]}', 422, "model"),
    ("/predict", b'{"model":"","row":[1,2,3]}', 422, "$.model"),
    ("/predict", b'{"model":"trend","row":[1,2,3],"sybmol":"A"}', 422, "sybmol"),
    ("/predict", b'{"model":"trend","row":[1,2,3],"symbol":"' + b"A" * 51 + b'"}', 422, "$.symbol"),
    ("/predict", b'{"model":"trend","row":[1,2,3],"symbol":"\\u0000"}', 422, "printable"),
    ("/predict", b'{"model":"trend","row":[1,2,3],"symbol":"\\ud800"}', 400, "JSON"),
    ("/predict", b'{"model":"trend","row":[1,2,3],"bar_opened_at":"tomorrow"}', 422, "bar_opened_at"),
    ("/predict", b'{"model":"trend","row":[1,2,3],"bar_opened_at":"2024-01-02T00:00:00"}', 422, "time zone"),
    ("/predict", b'{"model":"trend","row":[1,2,3],"bar_opened_at":99999999999999999999999}', 422, "64 bits"),
    ("/predict", b'{"model":"trned","row":[1,2,3]}', 404, "'trend'"),
    ("/predict", b'{"model":"trend@7","row":[1,2,3]}', 404, "trend@1"),
    ("/predict", (BARS % "[1,2]").encode(), 422, "one length"),
    ("/predict", (BARS % "[]").encode(), 422, "one length"),
    ("/predict", (BARS % '["noon"]').encode(), 422, "ISO 8601"),
    ("/predict", (BARS % "[99999999999999999999999]").encode(), 422, "64 bits"),
    ("/predict", (BARS % "[0]").replace('"high":[1]', '"high":[0.5]').encode(), 422, "high"),
    ("/predict/batch", (ROWS % "[[1,2,3],[1,2]]").encode(), 422, "rows[1] holds 2"),
    ("/predict/batch", (ROWS % "[[1,2,3],[1,[2],3]]").encode(), 422, "$.rows[1][1]"),
    ("/predict/batch", b'{"model":"trend","rows":[[1,2,3]],"columns":{}}', 422, "either rows"),
    ("/predict/batch", b'{"model":"trend","rows":[[1,2,3]],"symbol":["A","B"]}', 422, "symbol"),
    ("/predict/batch", b'{"model":"trend","rows":[[1,2,3]],"bar_opened_at":[1,2]}', 422, "bar_opened_at"),
    ("/predict/batch", b'{"model":"nameless","columns":{"a":[1]}}', 422, "without names"),
    ("/predict/batch", (ROWS % json.dumps([[1, 2, 3]] * 10_001)).encode(), 422, "at most 10,000 rows"),
]


def test_what_does_not_fit_is_refused_with_the_place_and_the_reason(client: Any) -> None:
    for path, body, status, told in REFUSED:
        reply = client.post(path, content=body, headers={"content-type": "application/json"})
        assert (reply.status_code, reply.headers["content-type"]) == (status, "application/problem+json"), body[:80]
        assert told in reply.json()["detail"], (body[:80], reply.json()["detail"])


def test_columns_of_several_lengths_are_refused(client: Any, models: Any) -> None:
    first, *others = expected_columns(models, "trees")
    columns = {first: [1.0, 2.0]} | {name: [1.0] for name in others}
    reply = client.post("/predict/batch", json={"model": "trend", "columns": columns})
    assert (reply.status_code, "one length" in reply.json()["detail"]) == (422, True)


def test_another_content_type_and_a_key_for_other_paths_are_refused(api: Any) -> None:
    body = b'{"model":"trend","row":[1,2,3]}'
    wrong = api.client().post("/predict", content=body, headers={"content-type": "text/csv"})
    assert wrong.status_code == 415
    assert api.client("streamer").post("/predict", content=body).status_code == 403
    assert api.client(None).post("/predict", content=body).status_code == 401


def test_no_rows_have_no_answers(client: Any) -> None:
    reply = client.post("/predict/batch", json={"model": "trend", "rows": []}).raise_for_status().json()
    assert (reply["probabilities"], reply["decisions"], reply["ids"]) == ([], [], [])


def test_every_answer_is_kept_once_with_what_it_was_about(api: Any, client: Any, rows: np.ndarray) -> None:
    from augury_server.predictions.models import Prediction

    asked = {"model": "trend", "row": rows[0].tolist(), "symbol": "IBM", "bar_opened_at": "2024-03-01T00:00:00Z"}
    one = client.post("/predict", json=asked, headers={"x-request-id": "first-question"}).json()
    many = client.post(
        "/predict/batch",
        json={"model": "line", "rows": rows[:3].tolist(), "symbol": ["A", "B", "A"], "bar_opened_at": [1, 2, 3]},
    ).json()
    api.wait_until(lambda: Prediction.objects.count() == 4, "the records")
    row = Prediction.objects.get(pk=one["id"])
    assert (row.symbol, iso(row.bar_opened_at_ns), row.request_id) == ("IBM", "2024-03-01T00:00:00Z", "first-question")
    assert row.probabilities == one["probabilities"]
    found = [Prediction.objects.get(pk=made) for made in many["ids"]]
    assert [(one.symbol, one.bar_opened_at_ns) for one in found] == [("A", 1), ("B", 2), ("A", 3)]
    assert [one.probabilities for one in found] == many["probabilities"]


def test_rows_answered_by_both_arms_of_an_experiment_say_who_answered_each(
    sqlite_platform: Any, register: Any, serve: Any, models: Any, rows: np.ndarray
) -> None:
    from augury_server.experiments.plan import ExperimentPlan
    from augury_server.experiments.start import start
    from augury_server.registry.applying import Act

    register("trend", "trees", "1")
    register("trend", "trees", "2", promoted=False)
    plan = ExperimentPlan(name="trial", model_name="trend", treatment=2, mode="split", unit="symbol", share=0.5)
    start(plan, Act(by="ada", reason="to see it"), make_salt=lambda: "2f6c")
    client = serve().client()
    symbols = [f"S{place}" for place in range(100)]
    asked = {"model": "trend", "rows": rows[:100].tolist(), "symbol": symbols}
    reply = client.post("/predict/batch", json=asked).raise_for_status().json()
    assert (reply["version"], reply["artefact"], reply["variant"], reply["experiment"]) == (None, None, None, "trial")
    assert set(zip(reply["versions"], reply["variants"], strict=True)) == {(1, "control"), (2, "treatment")}
    expected = {number: models.predictor("trees", str(number)).predict(rows[:100], exact=True) for number in (1, 2)}
    for place, version in enumerate(reply["versions"]):
        assert same(reply["probabilities"][place], expected[version].probabilities[place])
    for place in (0, 1, 2, 3):  # alone, a symbol is answered by the same arm
        one = client.post("/predict", json={"model": "trend", "row": rows[place].tolist(), "symbol": symbols[place]})
        assert (one.json()["version"], one.json()["variant"]) == (reply["versions"][place], reply["variants"][place])
    alone = client.post("/predict/batch", json=asked | {"symbol": symbols[0]}).json()
    assert (alone["version"], alone["versions"]) == (reply["versions"][0], None)


number = st.floats(allow_nan=False, allow_infinity=False) | st.none()


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 6).flatmap(lambda width: st.lists(st.lists(number, min_size=width, max_size=width), min_size=1)))
def test_json_rows_and_columns_become_the_array_that_numpy_makes_of_them(table: list[list[float | None]]) -> None:
    import msgspec

    from augury_server.api.predict_bodies import BATCH, rows_of

    width = len(table[0])
    manifest = fake_manifest(width)
    expected = np.array(table, dtype=np.float64)
    by_rows = BATCH.decode(msgspec.json.encode({"model": "m", "rows": table}))
    columns = {f"f{place}": [row[place] for row in table] for place in range(width)}
    by_columns = BATCH.decode(msgspec.json.encode({"model": "m", "columns": columns}))
    for asked in (by_rows, by_columns):
        found = rows_of(asked, manifest, most=10_000)
        assert found.flags.c_contiguous
        assert np.array_equal(found, expected, equal_nan=True)
        assert np.signbit(found).tolist() == np.signbit(expected).tolist()
    with pytest.raises(InvalidInput, match="at most 0"):
        rows_of(by_rows, manifest, most=0)


def fake_manifest(width: int) -> Any:
    """A manifest as far as rows are read by it."""
    from types import SimpleNamespace

    form = SimpleNamespace(name="features", kind="tabular", shape=(None, width))
    return SimpleNamespace(inputs=(form,), columns=tuple(f"f{place}" for place in range(width)), model_id="m")
