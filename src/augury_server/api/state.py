"""What the API holds while it runs: models, keys, limits, the recorder; started and stopped with the server."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry
from redis.asyncio import Redis

from augury_server.accounts.keyring import KeyRing
from augury_server.api.departing import departing
from augury_server.api.limits import Buckets
from augury_server.api.metrics import RequestMetrics
from augury_server.api.shared_limits import SharedBuckets
from augury_server.api.shared_metrics import SharedMetrics
from augury_server.api.work_threads import end_work
from augury_server.experiments.running import running
from augury_server.serving.batching import INLINE_US
from augury_server.serving.deciding import Desk
from augury_server.serving.host import ModelHost
from augury_server.serving.recording.recorder import Recorder
from augury_server.settings.model import Settings
from augury_server.streams.model_runs import ModelRuns
from augury_server.streams.store import SessionStore

__all__ = ["State"]


class State:
    """`app.state.augury`: the parts, made at once and running between `start` and `stop`.

    `keys` and `limits` are asked by the frame, `host`, `desk`, `recorder` and `sessions` by the routes; `registry` is
    where parts register their metrics. All of them answer from memory.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.process = secrets.token_hex(4)
        self.started_at = datetime.now(UTC)
        self.keys = KeyRing(settings.api.key_refresh_seconds)
        self.anonymous = Buckets(settings.api.anonymous_per_minute)
        self.limits: Buckets | SharedBuckets = Buckets(settings.api.requests_per_minute)
        self.metrics = RequestMetrics()
        self.registry = CollectorRegistry()
        self.registry.register(self.metrics)
        self.shared_metrics: SharedMetrics | None = None  # where several processes answer
        self.host = ModelHost(settings.serving, running=running)
        self.recorder = Recorder(settings.serving, settings.home / "spill")
        runs = ModelRuns(inline_us=INLINE_US)
        self.sessions = SessionStore(settings.streams, redis=settings.redis, model_of=self.host.model, runs=runs)
        self.desk: Desk
        self._ending = AsyncExitStack()

    @property
    def ready(self) -> bool:
        """Whether keys were read and models are warm: requests may come."""
        return self.keys.loaded and self.host.ready

    @property
    def problems(self) -> Mapping[str, str]:
        """What is not as it should be, by part."""
        found = {f"model {name}": reason for name, reason in self.host.problems.items()}
        if self.keys.problem:
            found["keys"] = self.keys.problem
        if isinstance(self.limits, SharedBuckets) and self.limits.problem:
            found["limits"] = self.limits.problem
        return found

    async def start(self) -> None:
        """Read the keys, claim the recorder's folder, load and warm the models. An absent database is no error.

        Raises Misconfigured when the folder cannot be used; nothing is left running then.
        """
        try:
            await self._start()
        except BaseException:
            await self._ending.aclose()
            raise

    async def stop(self) -> None:
        """Finish what is under way, write what waits, end the threads; nothing that was accepted is lost.

        A part that fails to end keeps no other from it; its error is raised when all have.
        """
        await self._ending.aclose()

    async def _start(self) -> None:
        ending = self._ending
        redis = self.settings.redis
        if redis.url is not None:
            seconds = redis.timeout_seconds
            address = redis.url.get_secret_value()
            client = Redis.from_url(address, socket_timeout=seconds, socket_connect_timeout=seconds)
            self.limits = SharedBuckets(Buckets(self.settings.api.requests_per_minute), client, "augury:limit:")
            ending.push_async_callback(self.limits.stop)
        ending.push_async_callback(asyncio.to_thread, self.keys.stop)
        ending.push_async_callback(asyncio.to_thread, self.host.stop)
        ending.push_async_callback(asyncio.to_thread, self.recorder.stop)
        await asyncio.to_thread(self.recorder.start)
        self.desk = Desk(self.host, self.recorder, settings=self.settings.serving)
        ending.push_async_callback(self.desk.close)
        ending.push_async_callback(asyncio.to_thread, end_work)
        await asyncio.gather(asyncio.to_thread(self.keys.start), asyncio.to_thread(self.host.start))
        await self.sessions.start()
        ending.push_async_callback(self.sessions.stop)
        ending.enter_context(departing.calling(self.sessions.end_readers))
