"""Models are hosted as the registry says, replaced while they serve, and go on whatever is away or damaged."""

from __future__ import annotations

import asyncio
import shutil
import signal
import threading
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from augury.errors import InvalidArtefact, NotFound, Unavailable
from augury_server.serving.asking import Ask


def until(condition: Callable[[], bool], deadline: float = 30.0) -> None:
    end = time.monotonic() + deadline
    while not condition():
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(0.02)


def versions(host: Any) -> list[str]:
    return [model.reference for model in host.models()]


def test_champions_are_hosted_by_name_and_number_and_nothing_else(
    platform: Any, register: Any, make_host: Any, trained: Any
) -> None:
    register("trend", "linear", 1)
    register("trend", "linear", 2, promoted=False)
    register("depth", "trees")
    register("idle", "linear", 1, promoted=False)
    host = make_host()
    assert host.ready
    assert host.problems == {}
    assert versions(host) == ["depth@1", "trend@1"]
    model = host.model("trend")
    assert model is host.model("trend@champion") is host.model("trend@1")
    assert (model.name, model.version, model.reference) == ("trend", 1, "trend@1")
    assert model.artefact_id == trained.predictor("linear", 1).manifest.model_id
    assert model.classes == ("down", "up")
    assert model.etag != host.model("depth").etag
    assert (model.pace.row_us > 0, model.pace.bars_us is not None) == (True, True)
    for reference in ("idle", "trend@2", "trend@latest", "trand"):
        with pytest.raises(NotFound, match=r"known names|did you mean"):
            host.model(reference)


def test_only_the_models_that_settings_name_are_hosted_and_missing_champions_are_told(
    sqlite_platform: Any, register: Any, make_host: Any
) -> None:
    register("trend", "linear")
    register("depth", "trees")
    register("idle", "linear", promoted=False)
    host = make_host(changes={"models": ("depth", "idle")})
    assert versions(host) == ["depth@1"]
    assert list(host.problems) == ["idle"]
    assert "no champion" in host.problems["idle"]
    assert host.ready


def test_a_promotion_is_noticed_by_itself_and_a_rollback_too(platform: Any, register: Any, make_host: Any) -> None:
    from augury_server.registry.promote import promote
    from augury_server.registry.rollback import rollback

    register("trend", "linear", 1)
    register("trend", "linear", 2, promoted=False)
    host = make_host(changes={"refresh_seconds": 0.05})
    old = host.model("trend")
    promote("trend", 2, by="ada", reason="better")
    until(lambda: host.model("trend").version == 2)
    assert versions(host) == ["trend@2"]
    rollback("trend", by="ada", reason="worse")
    until(lambda: host.model("trend").version == 1)
    assert old.predictor.manifest == host.model("trend").manifest


def test_a_model_without_champion_any_more_is_not_served_any_more(
    sqlite_platform: Any, register: Any, make_host: Any
) -> None:
    from augury_server.registry.demote import demote

    register("trend", "linear")
    host = make_host()
    demote("trend", 1, by="ada", reason="retired")
    host.refresh()
    assert host.models() == ()
    with pytest.raises(NotFound):
        host.model("trend")


def damage(platform: Any, register: Any, name: str = "trend") -> Any:
    """A second version, promoted, whose stored graph has a flipped byte."""
    version = register(name, "linear", 2)
    sha256 = version.files.get(name="model.onnx").sha256
    blob = next(path for path in platform.settings.home.rglob(sha256) if path.is_file())
    whole = blob.read_bytes()
    blob.chmod(0o644)
    blob.write_bytes(whole[:50] + bytes([whole[50] ^ 1]) + whole[51:])
    return lambda: blob.write_bytes(whole)


def test_a_damaged_version_is_never_served_the_old_one_goes_on_until_it_is_mended(
    platform: Any, register: Any, make_host: Any, clock: Any
) -> None:
    register("trend", "linear", 1)
    register("depth", "trees")
    host = make_host(clock=clock)
    mend = damage(platform, register)
    problems = host.refresh()
    assert host.model("trend").version == 1
    assert versions(host) == ["depth@1", "trend@1"]
    assert "model.onnx" in problems["trend@2"]
    assert host.ready
    mend()
    host.refresh()
    assert host.model("trend").version == 2
    assert host.problems == {}


def test_a_version_that_fails_is_tried_again_after_pauses_that_double(
    sqlite_platform: Any, register: Any, make_host: Any, clock: Any
) -> None:
    from augury_server.serving.wanted import open_wanted

    tried = []

    def broken(version: Any) -> Any:
        if version.version == 2:
            tried.append(clock())
            raise InvalidArtefact("damaged")
        return open_wanted(version)

    register("trend", "linear", 1)
    host = make_host(open=broken, clock=clock, changes={"refresh_seconds": 2.0})
    host._done.set()  # the steps are taken here, by a clock that the test moves
    register("trend", "linear", 2)
    for _ in range(100):
        host._step(patient=True)
        clock.tick(1.0)
    assert [later - earlier for earlier, later in pairwise(tried)] == [2.0, 4.0, 8.0, 16.0, 32.0]
    assert host.model("trend").version == 1
    host.refresh()
    assert tried[-1] == clock()


def test_files_that_are_another_artefact_are_refused(
    sqlite_platform: Any, register: Any, make_host: Any, trained: Any
) -> None:
    register("trend", "linear", 1)
    host = make_host(open=lambda _: trained.artefact("trees"))
    assert host.models() == ()
    assert "are those of xgboost" in host.problems["trend@1"]


def test_a_model_that_fails_for_an_unforeseen_reason_does_not_keep_others_from_serving(
    sqlite_platform: Any, register: Any, make_host: Any
) -> None:
    from augury_server.serving.wanted import open_wanted

    def odd(version: Any) -> Any:
        if version.name == "depth":
            raise ZeroDivisionError("unforeseen")
        return open_wanted(version)

    register("depth", "trees")
    register("trend", "linear")
    host = make_host(open=odd)
    assert versions(host) == ["trend@1"]
    assert host.problems == {"depth@1": "ZeroDivisionError: unforeseen"}


def test_the_versions_of_running_experiments_are_hosted_beside_the_champion(
    sqlite_platform: Any, register: Any, make_host: Any, experiment: Any, later: Any
) -> None:
    register("trend", "linear", 1)
    register("trend", "linear", 2, promoted=False)
    running: list[Any] = [experiment()]
    host = make_host(running=lambda: tuple(running))
    assert versions(host) == ["trend@1", "trend@2"]
    assert host.route("trend").treatment is host.model("trend@2")
    assert host.route("trend@1").experiment is None
    running[:] = []
    host.refresh()
    assert versions(host) == ["trend@1"]
    assert host.route("trend").experiment is None


def test_an_experiment_that_cannot_take_part_is_told_and_the_champion_answers_alone(
    sqlite_platform: Any, register: Any, make_host: Any, experiment: Any
) -> None:
    register("trend", "linear", 1)
    register("trend", "linear", 2)
    host = make_host(running=lambda: (experiment(), experiment(name="other", control=2, treatment=9)))
    assert host.model("trend").version == 2
    assert host.route("trend").experiment is None
    assert "not its control trend@1" in host.problems["experiment trial"]
    assert "trend@9 is not hosted" in host.problems["experiment other"]


def test_an_experiment_ends_at_its_time_also_while_the_database_is_away(
    sqlite_platform: Any, register: Any, make_host: Any, experiment: Any, later: Any
) -> None:
    register("trend", "linear", 1)
    register("trend", "linear", 2, promoted=False)
    away, times = [False], [experiment().ends_at.replace(year=2026), later()]

    def running() -> Any:
        if away[0]:
            raise Unavailable("away")
        return (experiment(),)

    host = make_host(running=running, now=lambda: times[away[0]])
    assert host.route("trend").experiment is not None
    away[0] = True
    assert host.refresh() == {"registry": "away"}
    assert host.route("trend").experiment is None
    assert versions(host) == ["trend@1", "trend@2"]


def test_models_go_on_while_the_database_is_stopped_and_changes_are_noticed_when_it_is_back(
    own_postgres: Any, platforms: Any, tmp_path: Any, register: Any, make_host: Any, make_desk: Any, trained: Any
) -> None:
    platform = next(platforms("postgresql", tmp_path, own_postgres, **{"database.pool_timeout_seconds": 0.5}))
    register("trend", "linear", 1)
    register("trend", "linear", 2, promoted=False)
    host = make_host(changes={"refresh_seconds": 0.05})
    desk = make_desk(host)
    rows = trained.rows("linear", 20)
    expected = [trained.predictor("linear", mark).predict(rows, exact=True).probabilities for mark in (1, 2)]

    def ask() -> list[Any]:
        async def every() -> list[Any]:
            return [await desk.decide(Ask(model="trend", rows=row[None])) for row in rows]

        return asyncio.run(every())

    own_postgres.stop(signal.SIGKILL)
    until(lambda: "registry" in host.problems)
    answers = ask()
    assert [answer.probabilities for answer in answers] == [tuple(row) for row in expected[0].tolist()]
    assert host.ready
    assert "registry" in host.problems
    own_postgres.start()
    from augury_server.registry.promote import promote

    def promoted() -> bool:
        try:
            promote("trend", 2, by="ada", reason="better")
        except Unavailable:
            return False
        return True

    until(promoted)
    until(lambda: host.model("trend").version == 2)
    assert host.problems == {}
    assert [answer.probabilities for answer in ask()] == [tuple(row) for row in expected[1].tolist()]
    assert platform.engine == "postgresql"


def test_a_host_that_starts_without_its_database_is_not_ready_until_it_is_there(
    own_postgres: Any, platforms: Any, tmp_path: Any, register: Any, make_host: Any
) -> None:
    next(platforms("postgresql", tmp_path, own_postgres, **{"database.pool_timeout_seconds": 0.5}))
    register("trend", "linear", 1)
    own_postgres.stop()
    host = make_host(changes={"refresh_seconds": 0.05})
    assert not host.ready
    assert "registry" in host.problems
    own_postgres.start()
    until(lambda: host.ready)
    assert versions(host) == ["trend@1"]


def test_a_version_opened_before_is_hosted_while_the_artefact_store_is_away(
    sqlite_platform: Any, register: Any, make_host: Any
) -> None:
    register("trend", "linear", 1)
    make_host()
    store = sqlite_platform.settings.home / "artefacts"
    assert store.is_dir()
    shutil.move(store, store.with_name("away"))
    assert versions(make_host()) == ["trend@1"]


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_promotions_under_load_fail_no_request_and_every_answer_is_its_versions(
    engine: str, request: Any, register: Any, make_host: Any, make_desk: Any, trained: Any, kept: Any
) -> None:
    request.getfixturevalue("sqlite_platform" if engine == "sqlite" else "postgres_platform")
    from augury_server.registry.promote import promote

    for mark, family in ((1, "linear"), (2, "trees"), (3, "linear")):
        register("trend", family, mark, promoted=mark == 1)
    rows = trained.rows("linear", 40)
    expected = {
        version: trained.predictor(family, version).predict(rows, exact=True).probabilities.tolist()
        for version, family in ((1, "linear"), (2, "trees"), (3, "linear"))
    }
    host = make_host(changes={"refresh_seconds": 0.01})
    desk = make_desk(host, kept)
    done = threading.Event()

    def promotions() -> None:
        from django.db import connection

        try:
            for round_ in range(12):
                version = 1 + (round_ + 1) % 3
                promote("trend", version, by="ada", reason=f"round {round_}")
                until(lambda version=version: host.model("trend").version == version)
        finally:
            connection.close()
            done.set()

    answers: list[tuple[int, Any]] = []

    async def one_client(first: int) -> None:
        place = first
        while not done.is_set():
            place = (place + 1) % len(rows)
            answers.append((place, await desk.decide(Ask(model="trend", rows=rows[place : place + 1].tolist()))))
            await asyncio.sleep(0.001)

    async def load() -> None:
        await asyncio.gather(*(one_client(first) for first in range(8)))
        await desk.close()

    thread = threading.Thread(target=promotions)
    thread.start()
    asyncio.run(load())
    thread.join()
    host.stop()
    assert len(answers) > 300
    assert {answer.version for _, answer in answers} == {1, 2, 3}
    assert all(answer.probabilities == tuple(expected[answer.version][place]) for place, answer in answers)
    assert [record.model_version for record in kept.offered] == [answer.version for _, answer in answers]
    assert host.problems == {}
