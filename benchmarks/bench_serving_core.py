"""What the desk adds to a model: questions without HTTP, beside the library and ONNX Runtime asked directly."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from timing import beside, best_of_process, sized

FEATURES = 32
TREES, MANY_TREES = 100, sized(1000, 50)
ASKS = sized(2000, 50)
AT_ONCE = 64
ROUNDS = sized(20, 2)
BATCH = sized(1000, 20)
REPEATS = sized(7, 1)


def run() -> list[dict[str, Any]]:
    """In a process of its own: Django is prepared for a home that is thrown away."""
    done = subprocess.run([sys.executable, __file__, "measure"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    found: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return found


class Bin:
    """A recorder that counts."""

    def __init__(self) -> None:
        self.count = 0

    def offer(self, record: object) -> None:
        self.count, self.last = self.count + 1, record

    async def keep(self, records: Any) -> None:
        self.count += len(records)


def _hosted(trees: int, folder: Path) -> tuple[Any, Any]:
    """Boosted trees of a made-up relation as the host would hold them, and rows to ask about."""
    import numpy as np

    from augury.learning import export_trainable, load_artefact, make_model
    from augury.learning.artefacts.manifest import ManifestExtras
    from augury_server.serving.hosted import HostedModel
    from augury_server.serving.served_predictor import ServedPredictor
    from augury_server.serving.warming import warm

    rng = np.random.default_rng(0)
    rows = rng.normal(size=(2000, FEATURES))
    target = (rows[:, 0] + rng.normal(size=2000) > 0).astype(int)
    model = make_model(f"xgboost(rounds={trees}, max_depth=5, patience=None)").fit(rows, target)
    export_trainable(model, folder / str(trees), ManifestExtras(classes=("down", "up")))
    predictor = ServedPredictor(load_artefact(folder / str(trees)))
    hosted = HostedModel(
        name="trend", version=1, artefact_id=predictor.manifest.model_id, content_sha256="0" * 64,
        predictor=predictor, pace=warm(predictor),
    )  # fmt: skip
    return hosted, rows


def _desk(hosted: Any, recorder: Any = None, **changes: Any) -> Any:
    from augury_server.serving.deciding import Desk
    from augury_server.serving.routing import routing_table
    from augury_server.settings.current import current_settings

    table = routing_table({"trend": hosted}, [hosted], ())

    class Host:
        route = staticmethod(table.find)

    return Desk(Host(), recorder, settings=current_settings().serving.model_copy(update=changes))


def _per_ask(work: Any, asks: int) -> float:
    return best_of_process(work, REPEATS) / asks


def _one_row(hosted: Any, rows: Any) -> list[dict[str, Any]]:
    from augury_server.serving.asking import Ask

    row, predictor = rows[:1].copy(), hosted.predictor
    feeds, session = predictor.feeds_of_rows(row), predictor._session._session

    def ask(desk: Any) -> Any:
        async def every() -> Any:
            for _ in range(ASKS):
                answer = await desk.decide(Ask(model="trend", rows=row, symbol="AAPL", bar_opened_at_ns=1))
            return answer

        return asyncio.run(every())

    expected = predictor.predict(row, exact=True).probabilities[0].tolist()
    assert list(ask(_desk(hosted)).probabilities) == expected
    plain = _per_ask(lambda: ask(_desk(hosted)), ASKS)
    recorded = _per_ask(lambda: ask(_desk(hosted, Bin())), ASKS)
    library = _per_ask(lambda: [predictor.predict(row, exact=True) for _ in range(ASKS)], ASKS)
    alone = _per_ask(lambda: [session.run(["probabilities"], feeds) for _ in range(ASKS)], ASKS)
    name = f"one row of {FEATURES}, {TREES} trees"
    return [
        beside(plain, library, name=name, peer="Predictor.predict", target="", agreement="equal bits", note=""),
        beside(plain, alone, name=name, peer="ONNX Runtime alone", target="", agreement="equal bits", note=""),
        beside(recorded, alone, name=f"{name}, recorded", peer="ONNX Runtime alone", target="", agreement="equal bits",
               note="the record made and handed over"),
    ]  # fmt: skip


def _at_once(hosted: Any, rows: Any, trees: int) -> dict[str, Any]:
    """Many askers at the same moment: answered as the desk does when it is busy, and each alone."""
    from augury_server.serving.asking import Ask

    asks = [Ask(model="trend", rows=row[None].copy()) for row in rows[:AT_ONCE]]

    async def a_round(desk: Any) -> tuple[float, list[Any]]:
        started = time.process_time()
        for _ in range(ROUNDS):
            found = await asyncio.gather(*(desk.decide(ask) for ask in asks))
        taken = (time.process_time() - started) / ROUNDS / AT_ONCE
        return taken, [list(answer.probabilities) for answer in found]

    async def every() -> tuple[float, float]:
        desks, best = (_desk(hosted), _desk(hosted, batch_rows=1)), [float("inf")] * 2
        for _ in range(2 * REPEATS):
            taken = [await a_round(desk) for desk in desks]
            assert taken[0][1] == taken[1][1]
            best = [min(before, seconds) for before, (seconds, _) in zip(best, taken, strict=True)]
        return best[0], best[1]

    mine, alone = asyncio.run(every())
    note = f"{hosted.pace.row_us:.0f} us alone, {hosted.pace.together_us:.0f} us in a batch"
    name = f"{AT_ONCE} askers at once, {trees} trees"
    return beside(mine, alone, name=name, peer="each row alone", target="1", agreement="equal bits", note=note)


def _many(hosted: Any, rows: Any) -> dict[str, Any]:
    from augury_server.serving.asking import Ask

    some, ask = rows[:BATCH], Ask(model="trend", rows=rows[:BATCH])

    async def every() -> tuple[float, bytes]:
        desk, best = _desk(hosted), float("inf")
        for _ in range(REPEATS):
            started = time.process_time()
            found = await desk.decide_rows(ask)
            best = min(best, time.process_time() - started)
        await desk.close()
        return best, found.probabilities.tobytes()

    mine, said = asyncio.run(every())
    assert said == hosted.predictor.predict(some, exact=True).probabilities.tobytes()
    library = _per_ask(lambda: hosted.predictor.predict(some, exact=True), 1)
    return beside(
        mine, library, name=f"{BATCH:,} rows at once, {TREES} trees", peer="Predictor.predict", target="",
        agreement="equal bits", note="",
    )  # fmt: skip


def _measure() -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        from augury_server.settings import prepare
        from augury_server.settings.current import give_flags

        give_flags({"home": folder, "logs.level": "error"})
        prepare()
        hosted, rows = _hosted(TREES, Path(folder))
        many, more = _hosted(MANY_TREES, Path(folder))
        return [
            *_one_row(hosted, rows),
            _at_once(hosted, rows, TREES),
            _at_once(many, more, MANY_TREES),
            _many(hosted, rows),
        ]


if __name__ == "__main__":
    print(json.dumps(_measure() if sys.argv[1:] == ["measure"] else run()))
