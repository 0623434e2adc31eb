"""One model over HTTP: Augury beside a bare ASGI echo, the least that can serve it, FastAPI, BentoML and MLflow.

The same ONNX graph (100 boosted trees over 32 inputs) in each, one process on one core, load from another core over 16
connections (`wrk` where it is installed). Requests per CPU-second of the server's processes is the figure to compare:
it hardly depends on the load. Each server is loaded in turns with the least one, which runs beside it, and the share is
the median over the turns: machines are not equally fast all the time. BentoML and MLflow are then loaded in turns with
Augury as it is by default; the last column is how many times as many requests Augury answers in a CPU-second. Augury
does what the others leave out: keys, limits, checks, versions, records. `AUGURY_SERVING_PEERS` names a folder with a
Python environment that holds BentoML and MLflow, which want versions of their own.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

import serving_apps
from load import Load, Sent, keep_to, press
from timing import SMOKE, shown, sized

HERE = Path(__file__).resolve().parent
WIDTH, TREES = 32, sized(100, 5)
ROUNDS, SECONDS, CONNECTIONS = sized(3, 1), sized(2.0, 0.3), 16
LEAST = "Starlette + msgspec"
PYTHON = sys.executable


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Something that serves: its name, command line with {port}, path, variables, and the form of its bodies.

    It keeps to the first core unless it may run `anywhere`.
    """

    name: str
    command: tuple[str, ...]
    path: str = "/predict"
    environment: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    form: str = "plain"
    ready: str = ""
    note: str = ""
    anywhere: bool = False


def run() -> list[dict[str, Any]]:
    """A row for each server and size of request; ratios are to the least that serves the model."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        graph = make_model(place)
        graph_variable = {"AUGURY_BENCH_GRAPH": str(graph)}
        serving_apps.open_graph(str(graph))
        peers = other_servers(place, graph_variable)
        servers = [*asgi_servers(graph_variable), *peers]
        least = next(server for server in servers if server.name == LEAST)
        with serving(least) as beside:
            rows = [row for server in servers for row in measured(server, least, beside)]
            rows += [row for server in augury_servers(place) for row in measured(server, least, beside)]
        for row in rows:
            row["share of the least"] = f"{row.pop('share'):.0%}"
        return rows + [row for peer in peers for row in beside_ours(peer, place)]


def beside_ours(peer: Server, place: Path) -> list[dict[str, Any]]:
    """Rows of a peer once more, in turns with Augury as it is by default, which starts without any records."""
    ours = augury_server(place, "Augury", "buffered", "", home=place / f"beside {peer.name}")
    with serving(ours) as beside:
        rows = measured(peer, ours, beside)
    for row in rows:
        row |= {"name": f"{row['name']}, beside Augury", "Augury makes": f"{1 / row.pop('share'):.1f} x"}
    return rows


def make_model(place: Path) -> Path:
    """Train and export once; the graph's file."""
    from augury.learning import export_trainable
    from augury.learning import make_model as estimator
    from augury.learning.artefacts.manifest import ManifestExtras

    rng = np.random.default_rng(1)
    rows = rng.normal(size=(2000, WIDTH))
    target = (rows[:, 0] + rows[:, 1] * rows[:, 2] + rng.normal(size=2000) > 0).astype(np.int64)
    model = estimator(f"xgboost(rounds={TREES})").fit(rows, target)
    export_trainable(model, place / "model", ManifestExtras())
    return next((place / "model").glob("*.onnx"))


def asgi_servers(variables: Mapping[str, str]) -> list[Server]:
    """The applications of `serving_apps`."""

    def server(name: str, attribute: str, note: str) -> Server:
        command = (PYTHON, "-m", "uvicorn", f"serving_apps:{attribute}", "--app-dir", str(HERE), "--port", "{port}",
                   "--log-level", "warning", "--no-access-log")  # fmt: skip
        return Server(name=name, command=command, environment=variables, note=note)

    return [
        server("bare ASGI echo", "floor", "no parsing, no model"),
        server("Starlette + msgspec", "minimal", "only the inference"),
        server("FastAPI", "typical", "pydantic models"),
    ]


def other_servers(place: Path, variables: Mapping[str, str]) -> list[Server]:
    """BentoML and MLflow, where an environment of theirs is named."""
    named = os.environ.get("AUGURY_SERVING_PEERS")
    if not named or SMOKE:
        return []
    tools = Path(named) / "bin"
    path = {"PATH": f"{tools}{os.pathsep}{os.environ['PATH']}"}
    saved = place / "mlflow"
    python = [str(tools / "python"), str(HERE / "serving_mlflow.py"), str(saved)]
    subprocess.run(python, env={**os.environ, **variables, **path}, check=True, capture_output=True)
    bento = (str(tools / "bentoml"), "serve", "serving_bento:Predict", "--working-dir", str(HERE), "--port", "{port}")
    quiet = {**variables, **path, "BENTOML_DO_NOT_TRACK": "True", "DO_NOT_TRACK": "1"}
    flow = (str(tools / "mlflow"), "models", "serve", "-m", str(saved), "--env-manager", "local", "-p", "{port}",
            "-w", "1")  # fmt: skip
    return [
        Server(name="BentoML", command=bento, environment=quiet, form="rows", ready="/readyz"),
        Server(name="MLflow", command=flow, environment=quiet, path="/invocations", form="inputs", ready="/ping"),
    ]


@contextmanager
def serving(server: Server) -> Iterator[tuple[Any, int]]:
    """The process and its port, once it answers; everything it started ends with it."""
    import psutil

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [part.format(port=port) for part in server.command]
    environment = {**os.environ, **server.environment}
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            command, env=environment, stdout=said, stderr=said, cwd=HERE,
            preexec_fn=None if server.anywhere else lambda: keep_to(0),
        )  # fmt: skip
        family = psutil.Process(process.pid)
        try:
            if not answers(f"http://127.0.0.1:{port}{server.ready or server.path}", process):
                said.seek(0)
                raise RuntimeError(f"{server.name} does not answer: {said.read().decode()[-2000:]}")
            yield family, port
        finally:
            for one in [*family.children(recursive=True), family]:
                one.terminate()
            psutil.wait_procs([family], timeout=20)
            process.wait(20)


def answers(url: str, process: subprocess.Popen[bytes], seconds: float = 90.0) -> bool:
    """Wait until anything but a refused connection comes back."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and process.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=2.0).close()
        except urllib.error.HTTPError as error:
            if error.code != 503:
                return True
        except OSError:
            pass
        else:
            return True
        time.sleep(0.1)
    return False


def cpu_seconds(family: Any) -> float:
    """CPU of a process and its children so far."""
    return sum(sum(one.cpu_times()[:2]) for one in (family, *family.children(recursive=True)))


def megabytes(family: Any) -> float:
    """Resident memory of a process and its children."""
    return sum(one.memory_info().rss for one in (family, *family.children(recursive=True))) / 2**20


def body_of(form: str, rows: int) -> bytes:
    """The same numbers in the form that a server wants."""
    numbers = values(rows)
    if form not in ("augury", "plain"):
        return json.dumps({form: numbers}).encode()
    model = {"model": "bench"} if form == "augury" else {}
    return json.dumps({**model, "row": numbers[0]} if rows == 1 else {**model, "rows": numbers}).encode()


def values(rows: int) -> list[list[float]]:
    """Rows of inputs."""
    numbers: list[list[float]] = np.random.default_rng(2).normal(size=(rows, WIDTH)).round(4).tolist()
    return numbers


def measured(server: Server, least: Server, beside: tuple[Any, int]) -> list[dict[str, Any]]:
    """A row for each size of a request, in turns with the least server."""
    found = []
    with serving(server) if server != least else nullcontext(beside) as (family, port):
        for rows in sized((1, 10, 1000), (1, 10)):
            sent, other = request_to(server, port, rows), request_to(least, beside[1], rows)
            check(sent, rows, server)
            for each in (sent, other):
                press(replace(each, seconds=min(1.0, SECONDS)), core=1)
            turns = [(loaded(server, sent, family), loaded(least, other, beside[0])) for _ in range(ROUNDS)]
            found.append(told(server, rows, turns) | {"memory": f"{megabytes(family):.0f} MB"})
    return found


def request_to(server: Server, port: int, rows: int) -> Sent:
    """The same question in the form of a server."""
    path = "/predict/batch" if server.form == "augury" and rows > 1 else server.path
    return Sent(
        url=f"http://127.0.0.1:{port}{path}",
        body=body_of(server.form, rows),
        headers={"Content-Type": "application/json", **server.headers},
        connections=CONNECTIONS,
        seconds=SECONDS,
    )


def loaded(server: Server, sent: Sent, family: Any) -> tuple[Load, float]:
    """What came back in one turn, and the CPU that it took."""
    before = cpu_seconds(family)
    load = press(sent, core=1)
    assert load.failed == 0, f"{server.name}: {load.failed} of {load.requests} failed"
    return load, cpu_seconds(family) - before


def check(sent: Sent, rows: int, server: Server) -> None:
    """One answer, looked at before anything is timed."""
    request = urllib.request.Request(sent.url, data=sent.body, headers=dict(sent.headers), method="POST")
    with urllib.request.urlopen(request, timeout=30.0) as answer:
        said = json.loads(answer.read())
    if server.name == "bare ASGI echo":
        return
    if isinstance(said, dict):
        said = said.get("probabilities", said.get("predictions"))
    expected = np.array(serving_apps.run(values(rows)))
    difference = np.abs(np.array(said, dtype=np.float64).reshape(expected.shape) - expected).max()
    assert difference < 1e-6, f"{server.name} differs from the graph by {difference}"


def told(server: Server, rows: int, turns: list[tuple[tuple[Load, float], tuple[Load, float]]]) -> dict[str, Any]:
    """The turns as a row: counts over all of them, latencies of the median turn."""
    own = [turn for turn, _ in turns]
    requests, used = sum(load.requests for load, _ in own), sum(seconds for _, seconds in own)
    shares = [load.requests / used / (other.requests / busy) for (load, used), (other, busy) in turns if used and busy]
    return {
        "name": f"{server.name}, {rows:,} row{'' if rows == 1 else 's'}",
        "requests/s": requests / sum(load.seconds for load, _ in own),
        "per CPU-second": requests / used if used else 0.0,
        "CPU each": shown(used / max(requests, 1)),
        **{name: shown(median(getattr(load, name) for load, _ in own)) for name in ("p50", "p95", "p99")},
        "note": server.note,
        "share": median(shares) if shares else math.nan,
    }


def augury_servers(place: Path) -> Iterator[Server]:
    """Augury as `augury server up` starts it, recording on (the default) and off."""
    for name, record, note in (
        ("Augury", "buffered", "keys, limits, records kept in the database"),
        ("Augury, durable", "durable", "each record on disk before its answer"),
        ("Augury, no records", "off", "keys, limits, checks"),
    ):
        yield augury_server(place, name, record, note, home=place / record)


def augury_server(place: Path, name: str, record: str, note: str, *, home: Path) -> Server:
    """A platform of its own that serves the model."""
    made, key = platform_of(place)
    shutil.copytree(made, home)
    environment = {**environment_of(home), "AUGURY_SERVING__RECORD": record}
    command = (PYTHON, "-m", "uvicorn", "augury_server.asgi:application", "--http",
               "augury_server.api.protocol:GuardedProtocol", "--port", "{port}", "--log-level",
               "warning", "--no-access-log", "--no-server-header", "--lifespan", "on")  # fmt: skip
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    return Server(
        name=name, command=command, environment=environment, headers=headers, form="augury", ready="/health/ready",
        note=note,
    )  # fmt: skip


def environment_of(home: Path) -> dict[str, str]:
    """The settings of every platform here."""
    return {"AUGURY_HOME": str(home), "AUGURY_LOGS__LEVEL": "error", "AUGURY_API__REQUESTS_PER_MINUTE": "100000000"}


@cache
def platform_of(place: Path) -> tuple[Path, str]:
    """The folder of a platform with the model as champion, which never serves, and a key."""
    home = place / "platform"

    def augury(*words: str) -> dict[str, Any]:
        done = subprocess.run(
            [PYTHON, "-m", "augury", *words, "--json"],
            env={**os.environ, **environment_of(home)},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    augury("db", "migrate")
    augury("registry", "register", str(place / "model"), "--name", "bench")
    augury("registry", "promote", "bench", "1", "--reason", "bench", "--force")
    return home, augury("keys", "add", "bench", "--role", "viewer")["token"]


if __name__ == "__main__":
    for line in run():
        print(line)
