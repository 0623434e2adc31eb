"""Small real models: a linear one, trees and a network, trained once, registered and promoted through the registry."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from augury.learning import CalibrationMap, Predictor, build_dataset, export_trainable, extras_of, make_model
from augury.learning.artefacts.manifest import Abstention, ManifestExtras
from augury.learning.data.dataset import DatasetSpec
from augury.market.bars import BarArrays
from augury.market.validate import valid_arrays
from augury.testing import garch_bars

FEATURES = ("range_position(window_bars=20)", "rsi(timeperiod=7)", "atr(timeperiod=10)")
MODELS = {
    "linear": "linear",
    "trees": "xgboost(rounds=20, max_depth=3)",
    "forest": "xgboost(rounds=400, max_depth=6)",
    "network": "lstm(hidden=4, layers=1, epochs=1, device='cpu')",
    "values": "linear(task='regression')",
}
END = datetime(2100, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Trained:
    """Models by family, artefacts by family and mark; inputs as training code holds them."""

    folder: Path
    bars: BarArrays
    datasets: dict[str, Any]
    fitted: dict[str, Any] = field(default_factory=dict)
    folders: dict[tuple[str, int], Path] = field(default_factory=dict)

    def dataset(self, family: str) -> Any:
        kind = family if family in ("network", "values") else "rows"
        return self.datasets[kind]

    def artefact(self, family: str, mark: int = 1, **extras: Any) -> Path:
        """An artefact of the family; marks have temperatures of their own, so that their answers differ."""
        key = (family, mark)
        if extras or key not in self.folders:
            dataset = self.dataset(family)
            if family not in self.fitted:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    model = make_model(MODELS[family])
                    self.fitted[family] = model.fit(dataset.inputs, dataset.target, dataset.weights)
            folder = self.folder / f"{family}-{mark}-{len(list(self.folder.iterdir()))}"
            more: dict[str, Any] = {} if family == "values" else {
                "calibration": CalibrationMap(kind="temperature", temperature=0.5 + 0.25 * mark),
                "abstention": Abstention(min_probability=0.52),
            }  # fmt: skip
            notes = {"mark": str(mark), "verdict": "better than its baseline"}
            export_trainable(self.fitted[family], folder, extras_of(dataset, notes=notes, **more, **extras))
            if extras:
                return folder
            self.folders[key] = folder
        return self.folders[key]

    def predictor(self, family: str, mark: int = 1) -> Predictor:
        """The library's own, of the same artefact."""
        return Predictor(self.artefact(family, mark))

    def rows(self, family: str, count: int = 200) -> np.ndarray:
        """Rows of the form that the family's graph reads, float64."""
        inputs = self.dataset(family).inputs
        whole = inputs.sequence() if family == "network" else inputs.tabular()
        return np.resize(whole, (count, *whole.shape[1:]))


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    import torch

    torch.set_num_threads(1)
    bars = garch_bars(240, seed=11)
    label = "direction(horizon_bars=3)"
    specs = {
        "rows": DatasetSpec(features=FEATURES, label=label),
        "network": DatasetSpec(features=FEATURES, label=label, sequence_bars=8),
        "values": DatasetSpec(features=FEATURES, label="forward_return(horizon_bars=3)"),
    }
    datasets = {kind: build_dataset({"A": bars}, spec) for kind, spec in specs.items()}
    return Trained(folder=tmp_path_factory.mktemp("served"), bars=valid_arrays(bars), datasets=datasets)


@pytest.fixture
def register(trained: Trained) -> Callable[..., Any]:
    """Registers an artefact as the next version of a model, and promotes it unless told not to."""

    def make(name: str, family: str, mark: int = 1, *, promoted: bool = True) -> Any:
        from augury_server.registry.promote import promote
        from augury_server.registry.register import register_model

        version = register_model(trained.artefact(family, mark), name=name, by="ada")
        if promoted:
            promote(name, version.number, by="ada", reason="to serve")
        return version

    return make


@pytest.fixture
def make_host() -> Iterator[Callable[..., Any]]:
    """Started hosts, stopped with the test; by default they look for changes only when asked."""
    from augury_server.serving.host import ModelHost
    from augury_server.settings.current import current_settings

    made: list[Any] = []

    def make(*, started: bool = True, changes: dict[str, Any] | None = None, **given: Any) -> Any:
        settings = current_settings().serving.model_copy(update={"refresh_seconds": 3600.0, **(changes or {})})
        host = ModelHost(settings, **given)
        made.append(host)
        if started:
            host.start()
        return host

    yield make
    for host in made:
        host.stop()


class Kept:
    """A recorder that keeps records in a list; `fail` makes what must be durable fail."""

    def __init__(self) -> None:
        self.offered: list[Any] = []
        self.kept: list[Any] = []
        self.fail: Exception | None = None

    def offer(self, record: Any) -> None:
        self.offered.append(record)

    async def keep(self, records: Any) -> None:
        if self.fail is not None:
            raise self.fail
        self.kept.extend(records)


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture
def make_desk() -> Callable[..., Any]:
    from augury_server.serving.deciding import Desk
    from augury_server.settings.current import current_settings

    def make(host: Any, recorder: Any = None, **changes: Any) -> Any:
        return Desk(host, recorder, settings=current_settings().serving.model_copy(update=changes))

    return make


@pytest.fixture
def experiment() -> Callable[..., Any]:
    """A running experiment of version 2 against version 1 of a model named trend."""
    from augury_server.experiments.running_experiment import RunningExperiment

    plain = RunningExperiment(
        name="trial", model_name="trend", control=1, treatment=2, mode="split", unit="symbol", share=0.5, salt="2f6c",
        ends_at=END,
    )  # fmt: skip
    return lambda **changes: replace(plain, **changes)


class Clock:
    """Seconds that a test moves."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds

    def tick(self, seconds: float) -> None:
        self.seconds += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def later() -> Callable[[], datetime]:
    return lambda: END + timedelta(days=1)


@pytest.fixture
def in_memory(trained: Trained) -> Callable[..., Any]:
    """A hosted model without registry or database."""
    from augury.learning import load_artefact
    from augury_server.serving.hosted import HostedModel
    from augury_server.serving.served_predictor import ServedPredictor
    from augury_server.serving.warming import Pace, warm

    def make(family: str, mark: int = 1, *, name: str = "trend", version: int = 1, pace: Pace | None = None) -> Any:
        predictor = ServedPredictor(load_artefact(trained.artefact(family, mark)))
        return HostedModel(
            name=name, version=version, artefact_id=predictor.manifest.model_id,
            content_sha256=predictor.manifest.graph_sha256 + str(mark), predictor=predictor,
            pace=pace or warm(predictor),
        )  # fmt: skip

    return make


@pytest.fixture
def table_host() -> Callable[..., Any]:
    """A host with a fixed table of models, the first of each name its champion."""
    from augury_server.serving.routing import routing_table

    class TableHost:
        def __init__(self, *models: Any, running: Any = ()) -> None:
            champions: dict[str, Any] = {}
            for model in models:
                champions.setdefault(model.name, model)
            self.table = routing_table(champions, models, running)

        def route(self, reference: str) -> Any:
            return self.table.find(reference)

    return TableHost


@pytest.fixture
def manifest_extras() -> type[ManifestExtras]:
    return ManifestExtras
