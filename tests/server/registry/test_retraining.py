"""A registered model is trained again as it was trained, and what comes of it is a candidate with its lineage."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from augury import learning, market
from augury.errors import InvalidInput, NotFound
from augury.learning import CvSpec, DatasetSpec, EvaluationSpec, TrainingSpec
from augury.operations.operation import Silent
from augury.operations.registry import operation
from augury.testing import garch_bars
from augury_server.accounts.actor import acting
from augury_server.accounts.models import AuditEntry
from augury_server.operations.table import Table
from augury_server.registry.finding import champion, find_version
from augury_server.registry.models import ModelVersion, Transition
from augury_server.registry.opening import open_version
from augury_server.registry.promote import promote
from augury_server.registry.register import register_model

SPEC = TrainingSpec(held_out=0.3, evaluation=EvaluationSpec(cv=CvSpec(folds=3), importance=None))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Bars of two symbols: up to a time, and all of them, in files of the same names."""
    place = tmp_path_factory.mktemp("bars")
    for symbol, seed in (("AAA", 5), ("BBB", 6)):
        bars = garch_bars(700, seed=seed)
        for part, rows in (("early", 500), ("all", 700)):
            (place / part).mkdir(exist_ok=True)
            bars.iloc[:rows].rename_axis("timestamp").to_csv(place / part / f"{symbol}.csv")
    return [str(place / "early"), str(place / "all")]


@pytest.fixture(scope="module")
def folder(files: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The artefact of a model trained on the early bars."""
    bars = {symbol: market.read_bars(f"{files[0]}/{symbol}.csv") for symbol in ("AAA", "BBB")}
    dataset = learning.build_dataset(bars, DatasetSpec(features=("roc(timeperiod=5)", "rsi"), every_bars=2))
    place = tmp_path_factory.mktemp("models") / "first"
    learning.train_model(dataset, "linear(l2=0.5)", SPEC, seed=7).write(place)
    return place


@pytest.fixture
def trend(sqlite_platform: Any, folder: Path) -> ModelVersion:
    version = register_model(folder, name="trend", by="ada")
    promote("trend", 1, by="ada", reason="to serve", force=True)
    return version


@pytest.fixture
def retrain() -> Callable[..., Table]:
    def run(place: str, **options: Any) -> Table:
        entry = operation("retraining.start")
        given = {"name": "trend", "files": (f"{place}/AAA.csv", f"{place}/BBB.csv"), "reason": "later bars"}
        with acting("bob"):
            result = entry.run(entry.spec_type.from_dict(given | options), Silent())
        assert isinstance(result, Table)
        return result

    return run


def test_on_later_bars_it_becomes_the_next_candidate_and_nothing_is_promoted(
    trend: ModelVersion, files: list[str], retrain: Callable[..., Table]
) -> None:
    told = retrain(files[1])
    made = find_version("trend", 2)
    assert told.facts["version"] == "trend@2"
    assert (made.stage, made.parent, made.relation) == ("candidate", trend, "retrained_from")
    assert made.fit_end_ns is not None
    assert trend.fit_end_ns is not None
    assert made.fit_end_ns > trend.fit_end_ns
    serving = champion("trend")
    assert serving is not None
    assert serving.number == 1
    then, now = (learning.load_artefact(open_version(one)).manifest for one in (trend, made))
    same = ("features", "label", "columns", "model", "seed", "classes")
    assert {name: getattr(now, name) for name in same} == {name: getattr(then, name) for name in same}
    assert now.notes["recipe"] == then.notes["recipe"]
    bars = {symbol: market.read_bars(f"{files[1]}/{symbol}.csv") for symbol in ("AAA", "BBB")}
    dataset = learning.build_dataset(bars, DatasetSpec(features=("roc(timeperiod=5)", "rsi"), every_bars=2))
    assert (
        now.graph_sha256 == learning.train_model(dataset, "linear(l2=0.5)", SPEC, seed=7).artefact.manifest.graph_sha256
    )
    move = Transition.objects.get(kind="register", to_version=2)
    assert (move.by, move.reason) == ("bob", "later bars")
    assert AuditEntry.objects.filter(action="retraining.start").exists()
    assert any("candidate" in note for note in told.notes)


def test_on_the_bars_of_then_nothing_new_is_registered(
    trend: ModelVersion, files: list[str], retrain: Callable[..., Table]
) -> None:
    told = retrain(files[0])
    assert "again; nothing was registered" in told.title
    assert ModelVersion.objects.count() == 1


def test_tried_dry_it_says_what_would_be_trained_and_does_nothing(
    trend: ModelVersion, files: list[str], retrain: Callable[..., Table]
) -> None:
    told = retrain(files[1], dry_run=True)
    assert told.facts["symbols"] == "AAA, BBB"
    assert told.facts["rows"] > 500
    assert ModelVersion.objects.count() == 1
    assert not AuditEntry.objects.filter(action="retraining.start").exists()


def test_what_cannot_be_trained_again_is_refused(
    trend: ModelVersion, files: list[str], retrain: Callable[..., Table], artefact: Any
) -> None:
    with pytest.raises(NotFound, match="nothing"):
        retrain(files[1], name="nothing")
    with pytest.raises(NotFound, match="9"):
        retrain(files[1], version="9")
    with pytest.raises(NotFound):
        retrain("/nowhere")
    register_model(artefact(), name="foreign", by="ada")
    with pytest.raises(InvalidInput, match="which features and label"):
        retrain(files[1], name="foreign", version="1")
    assert ModelVersion.objects.count() == 2
