"""Memory of each process of the platform, embedded, beside bare processes of the same libraries."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import psutil

from timing import sized

MEGABYTE = 1024 * 1024
DEADLINE = 120.0

EMPTY_PAGE = """
async def application(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"ok"})
"""
BARE_WORKER = """
import sys
from celery import Celery
app = Celery("bare", broker="filesystem://", set_as_current=False)
app.conf.broker_transport_options = {"data_folder_in": sys.argv[1], "data_folder_out": sys.argv[1],
                                     "control_folder": sys.argv[1]}
app.conf.update(worker_enable_remote_control=False, broker_connection_retry_on_startup=True)
app.Worker(concurrency=2, quiet=True, without_gossip=True, without_mingle=True, without_heartbeat=True).start()
"""
BARE_DJANGO = """
import django, time
from django.conf import settings
settings.configure(DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
                   INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth"])
django.setup()
from django.contrib.auth.models import User
print(User.__name__, flush=True)
time.sleep(3600)
"""


class Memory(NamedTuple):
    """Megabytes: resident; resident with shared pages divided by who shares them; and of this process alone."""

    rss: float
    pss: float
    uss: float


def memory_of(process: psutil.Process) -> Memory:
    found = process.memory_full_info()
    return Memory(found.rss / MEGABYTE, getattr(found, "pss", found.rss) / MEGABYTE, found.uss / MEGABYTE)


def total(parts: list[Memory]) -> Memory:
    return Memory(*(sum(values) for values in zip(*parts, strict=True)))


def wait_for(condition: Callable[[], Any]) -> None:
    until = time.monotonic() + DEADLINE
    while not condition():
        if time.monotonic() > until:
            raise RuntimeError("a process of the platform did not come up in time")
        time.sleep(0.1)


@contextmanager
def started(arguments: list[str], environment: dict[str, str], folder: Path) -> Iterator[psutil.Process]:
    """A process and what it starts; all ended afterwards."""
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, *arguments], env=environment, cwd=folder, stdout=log, stderr=subprocess.STDOUT
        )
    whole = psutil.Process(process.pid)
    try:
        yield whole
    finally:
        family = [whole, *whole.children(recursive=True)] if process.poll() is None else []
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
        for member in family:
            if member.is_running() and member.pid != process.pid:
                member.kill()
        process.wait()


def settled(process: psutil.Process, log: Path | None = None, said: str = "", children: int = 0) -> list[Memory]:
    """Memory of a process and its children, once it said so and has as many, and the sum stands still."""
    wait_for(lambda: log is None or said in log.read_text(encoding="utf-8"))
    wait_for(lambda: len(process.children(recursive=True)) >= children)
    before = -1.0
    while True:
        time.sleep(sized(1.5, 0.3))
        if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
            raise RuntimeError("a process of the platform ended")
        parts = [memory_of(each) for each in (process, *process.children(recursive=True))]
        now = total(parts).pss
        if abs(now - before) < sized(0.5, 50.0):
            return parts
        before = now


def answered(port: int, path: str) -> bool:
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5).close()
    except urllib.error.HTTPError as error:
        error.close()
        return True
    except OSError:
        return False
    return True


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def pages(application: str, environment: dict[str, str], folder: Path, path: str) -> list[Memory]:
    port = free_port()
    quiet = ["--log-level", "warning", "--no-access-log", "--lifespan", "off"]
    with started(["-m", "uvicorn", application, "--port", str(port), *quiet], environment, folder) as process:
        wait_for(lambda: answered(port, path))
        return settled(process)


def platform_of(folder: Path) -> dict[str, str]:
    """The environment of an embedded platform with a new database."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AUGURY_")}
    environment |= {"AUGURY_HOME": str(folder / "home"), "AUGURY_LOGS__LEVEL": "info"}
    subprocess.run([sys.executable, "-m", "augury_server", "migrate", "--verbosity", "0"], env=environment, check=True)
    return environment


def row(name: str, parts: list[Memory], peer: str, theirs: list[Memory], note: str) -> dict[str, Any]:
    mine, other = total(parts), total(theirs)
    return {
        "name": name,
        "processes": len(parts),
        "RSS MB": round(mine.rss, 1),
        "PSS MB": round(mine.pss, 1),
        "USS MB": round(mine.uss, 1),
        "peer": peer,
        "peer PSS MB": round(other.pss, 1),
        "ratio": round(mine.pss / other.pss, 2),
        "note": note,
    }


def run() -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        log = folder / "log"
        environment = platform_of(folder)
        (folder / "empty_page.py").write_text(EMPTY_PAGE, encoding="utf-8")
        (folder / "bare").mkdir()
        with started(["-c", BARE_DJANGO], environment, folder) as process:
            django = settled(process, log, "User")
        with started(["-c", BARE_WORKER, str(folder / "bare")], environment, folder) as process:
            celery = settled(process, children=2)
        uvicorn = pages("empty_page:application", environment, folder, "/")
        with started(["-m", "augury_server.jobs.scheduler"], environment, folder) as process:
            scheduler = settled(process, log, "scheduler started")
        with started(["-m", "augury_server.jobs", "--concurrency", "2"], environment, folder) as process:
            worker = settled(process, log, "worker ready", children=2)
        with started(["-m", "augury_server.jobs.workers"], environment, folder) as process:
            supervised = settled(process, log, "worker ready", children=3)
        web = pages("augury_server.web.asgi:application", environment, folder, "/admin/login/")
    bare = "Django with accounts alone"
    return [
        row("scheduler", scheduler, bare, django, "submits schedules, keeps jobs moving"),
        row("worker", worker, "Celery, empty application", celery, "a main process and two that run jobs; idle"),
        row("supervisor", supervised[:1], bare, django, "how many workers there are"),
        row("supervisor and worker", supervised, "Celery, empty application", celery, "what server up starts"),
        row("web", web, "uvicorn, empty page", uvicorn, "pages and administration, after the first page"),
        row("all", [*scheduler, *supervised, *web], "the three bare ones", [*django, *celery, *uvicorn], "embedded"),
    ]
