"""One model over HTTP: Augury beside a bare ASGI echo, the least that can serve it, FastAPI, BentoML and MLflow.

The same ONNX graph (100 boosted trees over 32 inputs) in each, one process on one core, load from another core over 16
connections (`wrk` where it is installed). Requests per CPU-second of the server's processes is the figure to compare:
it hardly depends on the load. Augury does what the others leave out: keys, limits, checks, versions, records.
`AUGURY_SERVING_PEERS` names a folder with a Python environment that holds BentoML and MLflow, which want versions of
their own.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

import serving_apps
from load import Load, Sent, keep_to, press
from timing import SMOKE, shown, sized

HERE = Path(__file__).resolve().parent
WIDTH, TREES = 32, sized(100, 5)
SECONDS, CONNECTIONS = sized(6.0, 0.3), 16
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
        servers = [*asgi_servers(graph_variable), *other_servers(place, graph_variable)]
        found: dict[tuple[str, int], dict[str, Any]] = {}
        for server in servers:
            found |= measured(server, augury=False)
        found |= augury_rows(place)
        return [told(row, found) for row in found.values()]


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


def measured(server: Server, *, augury: bool) -> dict[tuple[str, int], dict[str, Any]]:
    """Figures for each size of a request."""
    found = {}
    with serving(server) as (family, port):
        for rows in sized((1, 10, 1000), (1, 10)):
            path = "/predict/batch" if augury and rows > 1 else server.path
            sent = Sent(
                url=f"http://127.0.0.1:{port}{path}",
                body=body_of(server.form, rows),
                headers={"Content-Type": "application/json", **server.headers},
                connections=CONNECTIONS,
                seconds=SECONDS,
            )
            check(sent, rows, server)
            press(Sent(url=sent.url, body=sent.body, headers=sent.headers, seconds=min(1.0, SECONDS)), core=1)
            before = cpu_seconds(family)
            load = press(sent, core=1)
            used = cpu_seconds(family) - before
            assert load.failed == 0, f"{server.name}: {load.failed} of {load.requests} failed"
            found[server.name, rows] = figures(server, rows, load, used) | {"memory": f"{megabytes(family):.0f} MB"}
    return found


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


def figures(server: Server, rows: int, load: Load, used: float) -> dict[str, Any]:
    return {
        "name": f"{server.name}, {rows:,} row{'' if rows == 1 else 's'}",
        "requests/s": load.requests / load.seconds,
        "per CPU-second": load.requests / used if used else 0.0,
        "CPU each": shown(used / max(load.requests, 1)),
        "p50": shown(load.p50),
        "p95": shown(load.p95),
        "p99": shown(load.p99),
        "note": server.note,
        "of": (server.name, rows),
    }


def told(row: dict[str, Any], found: Mapping[tuple[str, int], dict[str, Any]]) -> dict[str, Any]:
    """A row with its ratios."""
    _, rows = row.pop("of")
    least = found.get(("Starlette + msgspec", rows))
    row = {**row, "share of the least": ""}
    if least is not None and least["per CPU-second"]:
        row["share of the least"] = f"{row['per CPU-second'] / least['per CPU-second']:.0%}"
    return row


def augury_rows(place: Path) -> dict[tuple[str, int], dict[str, Any]]:
    """Augury as `augury server up` starts it, recording on (the default) and off."""
    found: dict[tuple[str, int], dict[str, Any]] = {}
    for name, record, note in (
        ("Augury", "buffered", "keys, limits, records kept in the database"),
        ("Augury, durable", "durable", "each record on disk before its answer"),
        ("Augury, no records", "off", "keys, limits, checks"),
    ):
        environment = prepared(place / record, place / "model", record)
        key = environment.pop("KEY")
        command = (PYTHON, "-m", "uvicorn", "augury_server.asgi:application", "--http",
                   "augury_server.api.protocol:GuardedProtocol", "--port", "{port}", "--log-level",
                   "warning", "--no-access-log", "--no-server-header", "--lifespan", "on")  # fmt: skip
        server = Server(
            name=name, command=command, environment=environment, headers={"Authorization": f"Bearer {key}"},
            form="augury", ready="/health/ready", note=note,
        )  # fmt: skip
        found |= measured(server, augury=True)
    return found


def prepared(home: Path, model: Path, record: str) -> dict[str, str]:
    """A platform with the model as champion and a key."""
    environment = {"AUGURY_HOME": str(home), "AUGURY_SERVING__RECORD": record, "AUGURY_LOGS__LEVEL": "error",
                   "AUGURY_API__REQUESTS_PER_MINUTE": "100000000"}  # fmt: skip

    def augury(*words: str) -> dict[str, Any]:
        done = subprocess.run(
            [PYTHON, "-m", "augury", *words, "--json"],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    augury("db", "migrate")
    augury("registry", "register", str(model), "--name", "bench")
    augury("registry", "promote", "bench", "1", "--reason", "bench", "--force")
    return {**environment, "KEY": augury("keys", "add", "bench", "--role", "viewer")["token"]}


if __name__ == "__main__":
    for line in run():
        print(line)
