"""Ten minutes of load on the prediction path while models are promoted: failures and memory, minute by minute.

Every five seconds the other of two versions becomes champion, so that the model is swapped some hundred times under
load. Memory is that of the server's process, read at the end of each minute; the first minute fills pools and caches.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from bench_serving import WIDTH, augury_server, body_of, cpu_seconds, make_model, megabytes, serving
from load import Sent, press
from timing import shown, sized

MINUTES, SECONDS = sized(10, 2), sized(60.0, 1.0)
TURN_SECONDS = sized(5.0, 0.5)


def run() -> list[dict[str, Any]]:
    """A row for each minute."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        make_model(place)
        server = augury_server(place, "Augury", "buffered", "", home=place / "home")
        register_another(server.environment, place)
        with serving(server) as (family, port):
            url = f"http://127.0.0.1:{port}/predict"
            sent = Sent(url=url, body=body_of("augury", 1), headers=server.headers, seconds=SECONDS)
            with promoting(server.environment) as turns:
                return [minute(number, sent, family, turns) for number in range(1, MINUTES + 1)]


def minute(number: int, sent: Sent, family: Any, turns: list[int]) -> dict[str, Any]:
    """Load for a minute."""
    before, turned = cpu_seconds(family), len(turns)
    load = press(sent, core=1)
    return {
        "name": f"minute {number}",
        "requests": load.requests,
        "failed": load.failed,
        "promotions": len(turns) - turned,
        "CPU each": shown((cpu_seconds(family) - before) / max(load.requests, 1)),
        "p99": shown(load.p99),
        "memory": f"{megabytes(family):.1f} MB",
    }


def register_another(environment: Mapping[str, str], place: Path) -> None:
    """A second version, equal but for its notes."""
    from augury.learning import export_trainable, make_model
    from augury.learning.artefacts.manifest import ManifestExtras

    rng = np.random.default_rng(3)
    rows = rng.normal(size=(500, WIDTH))
    model = make_model("xgboost(rounds=20)").fit(rows, (rows[:, 0] > 0).astype(np.int64))
    export_trainable(model, place / "other", ManifestExtras())
    command(environment, "registry", "register", str(place / "other"), "--name", "bench")


def command(environment: Mapping[str, str], *words: str) -> None:
    """Run `augury` in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "augury", *words], env={**os.environ, **environment}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def promoting(environment: Mapping[str, str]) -> Iterator[list[int]]:
    """While it lasts, the champion changes again and again; gives the list of versions promoted."""
    stop, turns = threading.Event(), [1]

    def turn() -> None:
        while not stop.wait(TURN_SECONDS):
            version = 3 - turns[-1]
            command(environment, "registry", "promote", "bench", str(version), "--reason", "soak", "--force")
            turns.append(version)

    thread = threading.Thread(target=turn)
    thread.start()
    try:
        yield turns
    finally:
        stop.set()
        thread.join()
