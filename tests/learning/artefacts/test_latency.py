from __future__ import annotations

import pytest

from augury.errors import InvalidInput
from augury.learning.artefacts.latency import measure_latency, model_latency
from augury.learning.artefacts.predictor import Predictor


def test_every_call_is_timed_after_a_few_that_are_not(monkeypatch):
    import augury.learning.artefacts.latency as module

    now, calls = [0], []

    def call():
        calls.append(1)
        now[0] += 7_000 if len(calls) == 5 else 1_000

    monkeypatch.setattr(module.time, "perf_counter_ns", lambda: now[0])
    found = measure_latency(call, rows=4, calls=10)
    assert len(calls) == 13
    assert found.to_dict() == {
        "rows": 4,
        "calls": 10,
        "p50": pytest.approx(1e-6),
        "p99": pytest.approx(6.46e-6),
        "best": pytest.approx(1e-6),
    }


def test_an_artefact_is_timed_beside_its_library(linear_artefact, fitted, dataset):
    found = model_latency(Predictor(linear_artefact), dataset.inputs, fitted("linear"), single_calls=5, batch_calls=2)
    rows = {name: value["rows"] for name, value in found.to_dict().items()}
    assert rows == {"artefact_single": 1, "artefact_many": 1000, "native_single": 1, "native_many": 1000}
    assert 0.0 < found.artefact_single.best <= found.artefact_single.p50 <= found.artefact_single.p99
    alone = model_latency(Predictor(linear_artefact), dataset.inputs.tabular(), single_calls=3, batch_calls=1)
    assert alone.to_dict()["native_single"] is None


def test_no_rows_and_no_calls_are_refused(linear_artefact, dataset):
    with pytest.raises(InvalidInput, match="at least one row"):
        model_latency(Predictor(linear_artefact), dataset.inputs[:0])
    with pytest.raises(InvalidInput, match="at least 1 call"):
        measure_latency(lambda: None, rows=1, calls=0)
