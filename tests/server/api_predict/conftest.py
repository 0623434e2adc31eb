"""A served API with real models: trees, a line, a regression, one without names, one that reads NaN, a network."""

from __future__ import annotations

import threading
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import uvicorn

from augury.learning import CalibrationMap, Predictor, build_dataset, export_trainable, extras_of, make_model
from augury.learning.artefacts.manifest import Abstention, ManifestExtras
from augury.learning.data.dataset import DatasetSpec
from augury.testing import garch_bars

FEATURES = ("range_position(window_bars=20)", "rsi(timeperiod=7)", "atr(timeperiod=10)")
LABEL = "direction(horizon_bars=3)"
DEADLINE = 30.0


@dataclass
class Models:
    """Artefacts, each trained once, and the library's own predictors of them."""

    folder: Path
    bars: Any
    made: dict[str, Path] = field(default_factory=dict)

    def artefact(self, kind: str, mark: str = "1") -> Path:
        key = f"{kind}-{mark}"
        if key not in self.made:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self.made[key] = getattr(self, f"_{kind}")(self.folder / key, mark)
        return self.made[key]

    def predictor(self, kind: str, mark: str = "1") -> Predictor:
        return Predictor(self.artefact(kind, mark))

    def dataset(self, **options: Any) -> Any:
        given = {"features": FEATURES, "label": LABEL} | options
        return build_dataset({"A": self.bars}, DatasetSpec(**given))

    def _trained(self, text: str, folder: Path, mark: str, **options: Any) -> Path:
        dataset = self.dataset(**options)
        model = make_model(text).fit(dataset.inputs, dataset.target, dataset.weights)
        more: dict[str, Any] = {} if "forward_return" in str(options) else {
            "calibration": CalibrationMap(kind="temperature", temperature=0.5 + 0.25 * int(mark)),
            "abstention": Abstention(min_probability=0.52),
        }  # fmt: skip
        notes = {"mark": mark, "verdict": "better than its baseline", "verdict_sentence": "It beats its baseline."}
        export_trainable(model, folder, extras_of(dataset, notes=notes, scores={"log_loss": 0.61}, **more))
        return folder

    def _trees(self, folder: Path, mark: str) -> Path:
        return self._trained("xgboost(rounds=20, max_depth=3)", folder, mark)

    def _linear(self, folder: Path, mark: str) -> Path:
        return self._trained("linear", folder, mark)

    def _values(self, folder: Path, mark: str) -> Path:
        return self._trained("linear(task='regression')", folder, mark, label="forward_return(horizon_bars=3)")

    def _network(self, folder: Path, mark: str) -> Path:
        import torch

        torch.set_num_threads(1)
        text = "lstm(hidden=4, layers=1, epochs=1, device='cpu')"
        return self._trained(text, folder, mark, sequence_bars=4)

    def _nameless(self, folder: Path, mark: str) -> Path:
        """Trees of five features without names that read NaN."""
        rng = np.random.default_rng(7)
        rows = rng.normal(size=(300, 5))
        rows[rng.random(rows.shape) < 0.1] = np.nan
        target = (np.nan_to_num(rows[:, 0]) > 0).astype(np.int64)
        model = make_model("xgboost(rounds=20, max_depth=3)").fit(rows, target)
        export_trainable(model, folder, ManifestExtras(classes=("down", "up"), keep_nan=True, notes={"mark": mark}))
        return folder


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Models:
    return Models(folder=tmp_path_factory.mktemp("models"), bars=garch_bars(240, seed=11))


@pytest.fixture(scope="session")
def rows(models: Models) -> np.ndarray:
    """200 rows of the three features, float64."""
    return np.resize(models.dataset().inputs.tabular(), (200, 3))


def wait_until(condition: Callable[[], Any], what: str) -> Any:
    until = time.monotonic() + DEADLINE
    while time.monotonic() < until:
        found = condition()
        if found:
            return found
        time.sleep(0.01)
    raise AssertionError(f"{what} did not come about in time")


@dataclass
class Api:
    """A served API: its address, keys by role, the application's state."""

    url: str
    keys: dict[str, str]
    state: Any
    clients: list[httpx.Client] = field(default_factory=list)

    def client(self, role: str | None = "viewer", **options: Any) -> httpx.Client:
        headers = {"authorization": f"Bearer {self.keys[role]}"} if role else {}
        made = httpx.Client(base_url=self.url, headers=headers, timeout=30.0, **options)
        self.clients.append(made)
        return made

    def wait_until(self, condition: Callable[[], Any], what: str) -> Any:
        return wait_until(condition, what)


@pytest.fixture
def register(models: Models) -> Callable[..., Any]:
    """Registers an artefact as the next version of a model, and promotes it unless told not to."""

    def make(name: str, kind: str, mark: str = "1", *, promoted: bool = True) -> Any:
        from augury_server.registry.promote import promote
        from augury_server.registry.register import register_model

        version = register_model(models.artefact(kind, mark), name=name, by="ada")
        if promoted:
            promote(name, version.number, by="ada", reason="to serve", force=True)
        return version

    return make


@pytest.fixture
def serve() -> Iterator[Callable[..., Api]]:
    """Serve the platform's API by uvicorn in a thread, until the test ends; options are uvicorn's."""
    stops: list[Callable[[], None]] = []

    def start(**options: Any) -> Api:
        from augury_server.accounts.api_keys import add_key
        from augury_server.api.app import create_app
        from augury_server.api.protocol import GuardedProtocol

        keys = {role: add_key(f"{role}-key", role=role, by="tests").token for role in ("viewer", "operator")}
        keys["streamer"] = add_key("streamer-key", role="viewer", scopes=("stream",), by="tests").token
        application = create_app()
        given: dict[str, Any] = {"log_level": "error", "access_log": False, "http": GuardedProtocol} | options
        config = uvicorn.Config(application, host="127.0.0.1", port=0, **given)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, name="served api")
        thread.start()
        wait_until(lambda: server.started or not thread.is_alive(), "the server")
        assert server.started, "the server did not start"
        port = server.servers[0].sockets[0].getsockname()[1]
        api = Api(url=f"http://127.0.0.1:{port}", keys=keys, state=application._state)

        def stop() -> None:
            for client in api.clients:
                client.close()
            server.should_exit = True
            thread.join(DEADLINE)
            assert not thread.is_alive(), "the server did not stop"

        stops.append(stop)
        return api

    yield start
    for stop in reversed(stops):
        stop()


@pytest.fixture
def api(sqlite_platform: Any, register: Callable[..., Any], serve: Callable[[], Api]) -> Api:
    """The API with trees named trend, a line, a regression and trees without names that read NaN."""
    register("trend", "trees")
    register("line", "linear")
    register("values", "values")
    register("nameless", "nameless")
    return serve()
