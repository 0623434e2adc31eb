"""The registry and recorded predictions, on SQLite and PostgreSQL: what each action takes, beside Django's own way."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from platforms import bench_platform, on_each_engine
from timing import beside, best_of, shown, sized

HERE = Path(__file__).resolve().parent
PREDICTIONS = sized(50_000, 500)
REPEATS = sized(3, 1)
SINGLE = sized(20, 2)


def run() -> list[dict[str, Any]]:
    """Every engine in a process of its own, since Django has one database a process."""
    return on_each_engine(__file__)


def _measure(engine: str) -> list[dict[str, Any]]:
    with bench_platform(engine) as (root, _):
        return [*_registry_rows(engine, root / "made"), *_prediction_rows(engine)]


def _registry_rows(engine: str, place: Path) -> list[dict[str, Any]]:
    """CPU time of this process for each action; there is no peer for them in the same database."""
    from datetime import UTC, datetime

    from augury_server.registry.as_of import as_of
    from augury_server.registry.opening import open_champion
    from augury_server.registry.promote import promote
    from augury_server.registry.register import register_model

    folders = iter(_artefacts(place, SINGLE * REPEATS + 2))
    register_model(next(folders), name="trend", by="bench")
    timed = {"register an artefact of 3 files": lambda: register_model(next(folders), name="trend", by="bench")}
    numbers = iter(range(10**6))
    timed["promote"] = lambda: promote("trend", 1 + next(numbers) % 2, by="bench", reason="turn", force=True)
    timed["open the champion, every byte verified"] = lambda: open_champion("trend")
    timed["as of a time"] = lambda: as_of("trend", datetime.now(UTC))
    rows = []
    for name, work in timed.items():
        seconds = best_of(lambda work=work: [work() for _ in range(SINGLE)], REPEATS) / SINGLE
        rows.append({**dict.fromkeys(_columns()), "name": f"{name}, {engine}", "ours": shown(seconds)})
    return rows


def _columns() -> tuple[str, ...]:
    return tuple(beside(1.0, 1.0, name="", peer="", target="", agreement="", note=""))


def _artefacts(place: Path, count: int) -> list[Path]:
    """Small linear models, each with another note so that no two are equal."""
    import numpy as np

    from augury.learning import export_trainable, make_model
    from augury.learning.artefacts.manifest import ManifestExtras

    rng = np.random.default_rng(1)
    rows = rng.normal(size=(200, 3))
    model = make_model("linear").fit(rows, (rows[:, 0] > 0).astype(np.int64))
    for number in range(count):
        export_trainable(model, place / str(number), ManifestExtras(notes={"number": str(number)}))
    return [place / str(number) for number in range(count)]


def _prediction_rows(engine: str) -> list[dict[str, Any]]:
    from augury_server.predictions.models import Prediction
    from augury_server.predictions.recording import record_predictions

    def ours() -> None:
        assert record_predictions(records) == PREDICTIONS

    def django() -> None:
        Prediction.objects.bulk_create(
            [Prediction(**{name: getattr(one, name) for name in names}) for one in records],
            ignore_conflicts=True, batch_size=1000,
        )  # fmt: skip

    records = _records()
    names = records[0].__struct_fields__
    times, wholes = {}, {}
    for name, work in {"ours": ours, "django": django}.items():
        best = float("inf")
        for _ in range(REPEATS):
            Prediction.objects.all().delete()
            best = min(best, best_of(work, 1))
        times[name] = best
        wholes[name] = list(Prediction.objects.order_by("id").values_list())
    assert len(wholes["ours"]) == PREDICTIONS
    agreement = "equal rows" if wholes["ours"] == wholes["django"] else "DIFFERENT"
    assert agreement == "equal rows"
    rate = f"{PREDICTIONS / times['ours']:,.0f} a CPU second"
    row = beside(
        times["ours"], times["django"], name=f"record {PREDICTIONS:,} predictions, {engine}",
        peer="Django bulk_create", target="2", agreement=agreement, note=rate,
    )  # fmt: skip
    again = best_of(lambda: record_predictions(records), REPEATS)
    return [row, _join_row(engine, records), {**dict.fromkeys(_columns()), "name": f"send them again, {engine}",
             "ours": shown(again), "note": f"{PREDICTIONS / again:,.0f} a CPU second"}]  # fmt: skip


def _join_row(engine: str, records: list[Any]) -> dict[str, Any]:
    import time

    from augury_server.predictions.outcomes import Realised, join_outcomes

    keys = {(one.model_version, one.symbol, one.bar_opened_at_ns) for one in records}
    realised = [
        Realised(model_name="trend", model_version=v, symbol=s, bar_opened_at_ns=b, known_at_ns=b + 1, outcome="up")
        for v, s, b in keys
    ]
    started = time.perf_counter()
    found = join_outcomes(realised, now_ns=2**62)
    seconds = time.perf_counter() - started
    assert found.joined == len(records)
    note = f"{found.joined / seconds:,.0f} a second of wall time"
    return {**dict.fromkeys(_columns()), "name": f"join their outcomes, {engine}", "ours": shown(seconds), "note": note}


def _records() -> list[Any]:
    from datetime import UTC, datetime, timedelta
    from uuid import UUID

    from augury_server.predictions.recording import PredictionRecord

    start = datetime(2026, 3, 1, tzinfo=UTC)
    return [
        PredictionRecord(
            id=UUID(int=n * 0x9E3779B97F4A7C15 % 2**128), model_name="trend", model_version=1 + n % 2,
            symbol=f"S{n % 500}", bar_opened_at_ns=10**18 + n // 500 * 10**9, made_at=start + timedelta(seconds=n),
            probabilities=(0.25, 0.75), decision="up", inputs_sha256=f"{n:064x}", latency_us=40, request_id=f"r{n}",
        )
        for n in range(PREDICTIONS)
    ]  # fmt: skip


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_measure(sys.argv[1])) + "\n")
