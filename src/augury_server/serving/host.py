"""The models that serve: loaded and warmed before anybody waits for them, replaced while they answer."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from augury.errors import AuguryError
from augury_server.caching.borrowed import borrowed_connection
from augury_server.experiments.running_experiment import RunningExperiment
from augury_server.serving.hosted import HostedModel
from augury_server.serving.loading import Opener, load_version
from augury_server.serving.retrying import Retries
from augury_server.serving.routing import Route, Table, routing_table
from augury_server.serving.wanted import WantedVersion, open_wanted, wanted_versions
from augury_server.settings.current import current_settings
from augury_server.settings.sections import ServingSettings
from augury_server.telemetry.logs import get_log

__all__ = ["ModelHost"]

log = get_log(__name__)

Wanted = Callable[[Collection[str], Collection[tuple[str, int]]], Sequence[WantedVersion]]
Running = Callable[[], Sequence[RunningExperiment]]


def _no_experiments() -> Sequence[RunningExperiment]:
    return ()


def _utc_now() -> datetime:
    return datetime.now(UTC)


class ModelHost:
    """Hosts the champion of every served model, and the versions that running experiments name.

    A thread asks the registry every `serving.refresh_seconds`. A new version is opened, verified and warmed first; then
    the table of references is replaced in one step, so that a request finds the old version or the new one, whole, and
    one in flight keeps what it found. A version that cannot be loaded is never served: the one before goes on, the
    problem is told, and it is tried again with growing pauses. When the registry does not answer, everything goes on.

    `running` tells of the experiments in force. `wanted` and `open` read the registry; `clock` (seconds that only grow)
    spaces retries; `now` ends experiments. Everything but `start`, `refresh` and `stop` may be called from an event
    loop: look-ups in a dictionary.
    """

    def __init__(
        self,
        settings: ServingSettings | None = None,
        *,
        running: Running = _no_experiments,
        wanted: Wanted = wanted_versions,
        open: Opener = open_wanted,  # noqa: A002 - the verb of the registry
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        self._settings = settings or current_settings().serving
        self._running, self._wanted, self._open, self._now = running, wanted, open, now
        self._table = Table()
        self._held: dict[str, HostedModel] = {}
        self._champions: dict[str, HostedModel] = {}
        self._experiments: tuple[RunningExperiment, ...] = ()
        self._away: dict[str, str] = {}
        self._retries = Retries(clock=clock, first=self._settings.refresh_seconds)
        self._missing: dict[str, str] = {}
        self._ready = threading.Event()
        self._done = threading.Event()
        self._one_at_a_time = threading.Lock()
        self._thread: threading.Thread | None = None

    @property
    def ready(self) -> bool:
        """Whether the registry has answered once and all that could be loaded is loaded and warm."""
        return self._ready.is_set()

    @property
    def problems(self) -> Mapping[str, str]:
        """What is not as it should be, with the reason: by reference, "registry", or "experiment NAME"."""
        return {**self._away, **self._missing, **self._retries.reasons(), **self._table.problems}

    def models(self) -> tuple[HostedModel, ...]:
        """Every version in memory, by name and number."""
        found = {id(route.model): route.model for route in self._table.routes.values()}
        return tuple(sorted(found.values(), key=lambda model: (model.name, model.version)))

    def model(self, reference: str) -> HostedModel:
        """The version behind "name", "name@champion" or "name@3"; NotFound with the nearest names."""
        return self._table.find(reference).model

    def route(self, reference: str) -> Route:
        """Where a question to a reference goes, experiments included; NotFound with the nearest names."""
        return self._table.find(reference)

    def start(self) -> None:
        """Load everything, then keep looking for changes. Without the registry nothing is loaded, and it is not ready.

        Takes seconds and reads the database: call it from a thread without an event loop.
        """
        self._step(patient=True)
        self._thread = threading.Thread(target=self._work, name="model host", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Look for changes no more; what is loaded still answers."""
        self._done.set()
        if self._thread is not None:
            self._thread.join()

    def refresh(self) -> Mapping[str, str]:
        """Look for changes now and try again what failed; returns `problems`. Not from an event loop's thread."""
        self._step(patient=False)
        return self.problems

    def _work(self) -> None:
        while not self._done.wait(self._settings.refresh_seconds):
            try:
                self._step(patient=True)
            except Exception as error:  # noqa: BLE001 - what is hosted must go on whatever happens here
                self._tell("host", error)

    def _step(self, *, patient: bool) -> None:
        with self._one_at_a_time:
            found = self._read()
            if found is not None:
                self._load(found, patient=patient)
            now = self._now()
            in_force = [one for one in self._experiments if one.ends_at > now]
            self._table = routing_table(self._champions, self._held.values(), in_force)
            if found is not None:
                self._ready.set()

    def _read(self) -> Sequence[WantedVersion] | None:
        """What should be hosted; None when the registry does not answer, and then everything stays as it is."""
        try:
            with borrowed_connection():
                running = tuple(self._running())
                versions = {(one.model_name, number) for one in running for number in one.versions}
                found = self._wanted(self._settings.models, versions)
        except AuguryError as error:
            self._tell("registry", error)
            return None
        self._away, self._experiments = {}, running
        named = {version.name for version in found if version.champion}
        lacking = [name for name in self._settings.models if name not in named]
        self._missing = dict.fromkeys(lacking, "it should serve (serving.models), and has no champion; promote one")
        return found

    def _load(self, wanted: Sequence[WantedVersion], *, patient: bool) -> None:
        """Make held and champions what is wanted, as far as it can be loaded; for the rest, what was served before."""
        held: dict[str, HostedModel] = {}
        for version in wanted:
            model = self._held.get(version.reference)
            if model is None or model.content_sha256 != version.content_sha256:
                model = self._loaded(version, patient=patient)
            if model is not None:
                held[version.reference] = model
        champions = {}
        for version in wanted:
            if not version.champion:
                continue
            serving = held.get(version.reference) or self._champions.get(version.name)
            if serving is not None:
                champions[version.name] = serving
                held.setdefault(serving.reference, serving)
        self._retries.keep(version.reference for version in wanted)
        for gone in self._held.keys() - held.keys():
            log.info("model no longer hosted", model=gone)
        self._held, self._champions = held, champions

    def _loaded(self, version: WantedVersion, *, patient: bool) -> HostedModel | None:
        if patient and not self._retries.due(version.reference):
            return None
        try:
            model = load_version(version, self._open, threads=self._settings.threads)
        except Exception as error:  # noqa: BLE001 - one version that cannot be loaded must not keep others from it
            self._retries.failed(version.reference, _reason(error))
            log.warning("model cannot be hosted", model=version.reference, reason=_reason(error))
            return None
        self._retries.succeeded(version.reference)
        pace = model.pace
        log.info("model hosted", model=model.reference, artefact=model.artefact_id, row_us=round(pace.row_us, 1))
        return model

    def _tell(self, where: str, error: Exception) -> None:
        if where not in self._away:
            log.warning("models stay as they are", where=where, reason=_reason(error))
        self._away = {where: _reason(error)}


def _reason(error: Exception) -> str:
    text: Any = str(error).strip()
    return text if isinstance(error, AuguryError) else f"{type(error).__name__}: {text:.300}"
