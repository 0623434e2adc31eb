"""The API beside single predictions: its start, stream sessions, ten thousand of them open, two processes.

One process on one core unless said otherwise; load comes from another core. Two processes share both cores of a small
machine with the load, so their gain is what is left there.
"""

from __future__ import annotations

import json
import tempfile
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench_serving import Server, augury_server, body_of, cpu_seconds, make_model, megabytes, serving
from load import Sent, press
from timing import shown, sized

SECONDS = sized(5.0, 0.3)
SESSIONS = sized(10_000, 50)
OPTIONS = {"change": {"method": "cusum", "arl0": 10_000}}


def run() -> list[dict[str, Any]]:
    """Rows of figures; there is no peer for most of them."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        make_model(place)
        server = augury_server(place, "Augury", "off", "", home=place / "home")
        with serving(server) as (family, _):  # compiles what no process here has compiled yet
            first = f"; {cpu_seconds(family):.1f} s the time before"
        began = time.perf_counter()
        with serving(server) as (family, port):
            started = time.perf_counter() - began
            rows = [
                row("from start to ready, one model", shown(started), f"{cpu_seconds(family):.1f} s of CPU{first}"),
                row("memory at the start", f"{megabytes(family):.0f} MB"),
                *stream_rows(server, family, port),
            ]
        return rows + worker_rows(server)


def row(name: str, figure: str, note: str = "") -> dict[str, Any]:
    return {"name": name, "figure": figure, "note": note}


def asked(server: Server, port: int, path: str, body: Any) -> Any:
    """The answer to one POST."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}", data=json.dumps(body).encode(), headers=dict(server.headers), method="POST"
    )
    with urllib.request.urlopen(request, timeout=30.0) as answer:
        return json.loads(answer.read())


def stream_rows(server: Server, family: Any, port: int) -> list[dict[str, Any]]:
    """An update of a session over HTTP, and what many open sessions take."""
    session = asked(server, port, "/streams", OPTIONS)["id"]
    sent = Sent(url=f"http://127.0.0.1:{port}/streams/{session}", body=b'{"value": 1.25}', headers=server.headers,
                connections=16, seconds=SECONDS)  # fmt: skip
    press(replace(sent, seconds=min(1.0, SECONDS)), core=1)
    before = cpu_seconds(family)
    load = press(sent, core=1)
    used = (cpu_seconds(family) - before) / load.requests
    assert load.failed == 0, f"{load.failed} of {load.requests} updates failed"
    latency = f"p50 {shown(load.p50)}, p95 {shown(load.p95)}, p99 {shown(load.p99)}"
    memory, began = megabytes(family), cpu_seconds(family)
    with ThreadPoolExecutor(8) as pool:
        opened = list(pool.map(lambda _: asked(server, port, "/streams", OPTIONS)["id"], range(SESSIONS)))
    opening = (cpu_seconds(family) - began) / SESSIONS
    for some in opened[:: max(1, SESSIONS // 100)]:
        for value in range(30):
            asked(server, port, f"/streams/{some}", {"value": float(value)})
    grown = megabytes(family) - memory
    return [
        row("update of a stream session", f"{load.requests / load.seconds:,.0f}/s", f"{shown(used)} of CPU; {latency}"),
        row(f"{SESSIONS:,} open sessions", f"{grown:.0f} MB more", f"{shown(opening)} of CPU to open one"),
    ]


def worker_rows(server: Server) -> list[dict[str, Any]]:
    """Requests a second of one and of two processes that may use every core."""
    found = {}
    for workers in (1, 2):
        several = replace(server, command=(*server.command, "--workers", str(workers)), anywhere=True)
        with serving(several) as (_, port):
            url = f"http://127.0.0.1:{port}/predict"
            sent = Sent(url=url, body=body_of("augury", 1), headers=server.headers, connections=32, seconds=SECONDS)
            press(replace(sent, seconds=min(1.0, SECONDS)))
            load = press(sent)
            assert load.failed == 0, f"{load.failed} of {load.requests} failed"
            found[workers] = load.requests / load.seconds
    gain = f"{found[2] / found[1]:.2f} times one, which gives {found[1]:,.0f}/s"
    return [row("two processes, load on the same cores", f"{found[2]:,.0f}/s", gain)]
