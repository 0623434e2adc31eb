"""Load on a server from another core: `wrk` where it is installed, otherwise a small client on asyncio."""

from __future__ import annotations

import asyncio
import math
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Load", "Sent", "keep_to", "press"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One request again and again: to `url`, over `connections` kept open, for `seconds`."""

    url: str
    body: bytes
    headers: Mapping[str, str]
    connections: int = 16
    seconds: float = 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What came back: requests answered, those with another status than 2xx or none, seconds, latencies."""

    requests: int
    failed: int
    seconds: float
    p50: float
    p95: float
    p99: float


def press(sent: Sent, *, core: int | None = None) -> Load:
    """Send for a while and count, on one core of the machine if given."""
    if shutil.which("wrk"):
        return _wrk(sent, core)
    return asyncio.run(_by_asyncio(sent))


SCRIPT = """
wrk.method = "POST"
wrk.body = [==[{body}]==]
{headers}
done = function(summary, latency, requests)
  io.write(string.format("FOUND %d %d %d %d %d %d %d\\n", summary.requests,
    summary.errors.status, summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    summary.duration, latency:percentile(50), latency:percentile(95), latency:percentile(99)))
end
"""


def _wrk(sent: Sent, core: int | None) -> Load:
    lines = "\n".join(f'wrk.headers["{name}"] = "{value}"' for name, value in sent.headers.items())
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "post.lua"
        script.write_text(SCRIPT.format(body=sent.body.decode(), headers=lines), encoding="utf-8")
        command = ["wrk", "-t1", f"-c{sent.connections}", f"-d{max(1, round(sent.seconds))}s", "-s", str(script)]
        if core is not None and sys.platform == "linux" and shutil.which("taskset"):
            command = ["taskset", "-c", str(core), *command]
        done = subprocess.run([*command, sent.url], capture_output=True, text=True, check=True)
    found = re.search(r"FOUND (.*)", done.stdout)
    assert found, done.stdout + done.stderr
    requests, status, broken, duration, *latencies = (float(number) for number in found[1].split())
    p50, p95, p99 = (value / 1e6 for value in latencies)
    failed = int(status + broken)
    return Load(requests=int(requests), failed=failed, seconds=duration / 1e6, p50=p50, p95=p95, p99=p99)


async def _by_asyncio(sent: Sent) -> Load:
    host, _, path = sent.url.removeprefix("http://").partition("/")
    name, _, port = host.partition(":")
    lines = "".join(f"{key}: {value}\r\n" for key, value in sent.headers.items())
    head = f"POST /{path} HTTP/1.1\r\nHost: {host}\r\n{lines}Content-Length: {len(sent.body)}\r\n\r\n"
    message = head.encode() + sent.body
    times: list[float] = []
    failed = 0
    until = time.perf_counter() + sent.seconds

    async def client() -> None:
        nonlocal failed
        reader, writer = await asyncio.open_connection(name, int(port))
        began = -math.inf
        while began < until:  # once at least
            began = time.perf_counter()
            writer.write(message)
            answer = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"content-length: (\d+)", answer, re.IGNORECASE)
            await reader.readexactly(int(length[1]) if length else 0)
            times.append(time.perf_counter() - began)
            failed += not answer.startswith(b"HTTP/1.1 2")
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(sent.connections)))
    spent = time.perf_counter() - began
    times.sort()
    p50, p95, p99 = (times[min(len(times) - 1, int(share * len(times)))] for share in (0.5, 0.95, 0.99))
    return Load(requests=len(times), failed=failed, seconds=spent, p50=p50, p95=p95, p99=p99)


def keep_to(core: int) -> None:
    """Let this process, and those it starts, run on one core; for `preexec_fn`."""
    if hasattr(os, "sched_setaffinity") and core < (os.cpu_count() or 1):
        os.sched_setaffinity(0, {core})
