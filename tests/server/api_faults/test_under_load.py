"""What stops or is killed while predictions are asked for: none that was answered is lost, and answers go on."""

from __future__ import annotations

import random
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, connection

from augury_server.predictions.models import Prediction


def stored() -> set[UUID]:
    return set(Prediction.objects.values_list("id", flat=True))


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
@pytest.mark.parametrize("writer", ["thread", "process"])
def test_a_worker_that_is_killed_loses_no_prediction_that_was_answered(
    engine: str,
    writer: str,
    platforms: Any,
    tmp_path: Path,
    served: Any,
    load_on: Any,
    until: Any,
    request: Any,
    port: int,
) -> None:
    server = request.getfixturevalue("postgres_server") if engine == "postgresql" else None
    flags = {"serving.record": "durable", "serving.writer": writer, "web.port": port, "web.workers": 2}
    web = served(next(platforms(engine, tmp_path, server, **flags)))
    rng = random.Random(f"{engine}{writer}")
    until(lambda: len(web.workers()) == 2, "two workers")
    with load_on(web) as load:
        for _ in range(4):
            load.more(rng.randrange(50, 400))
            max(web.workers(), key=lambda one: len(one.net_connections())).kill()  # one that somebody talks to
            until(lambda: len(web.workers()) == 2, "another worker")
        load.more(200)
    assert load.broken >= 1, "nobody was at work when it was killed"
    assert load.refused == []
    assert len(set(load.answered)) == len(load.answered)
    until(lambda: set(load.answered) <= stored(), "every answered prediction in the database")
    # of those that were being answered when a worker was killed, some are kept that nobody has read
    assert len(stored() - set(load.answered)) <= load.broken


def test_predictions_go_on_without_database_and_redis_and_all_are_kept(
    platforms: Any, tmp_path: Path, own_postgres: Any, own_redis: Any, served: Any, load_on: Any, until: Any, port: int
) -> None:
    flags = {"redis.url": f"redis://127.0.0.1:{own_redis.port}/0", "web.port": port, "web.workers": 2}
    web = served(next(platforms("postgresql", tmp_path, own_postgres, **flags)))
    with load_on(web) as load:
        load.more(200)
        own_postgres.stop(signal.SIGQUIT)
        load.more(500)
        own_redis.stop()
        load.more(1500)
        own_redis.start()
        own_postgres.start()
        load.more(500)
    assert (load.refused, load.broken) == ([], 0)
    until(lambda: _stored_again() >= set(load.answered), "every answered prediction in the database")
    assert stored() == set(load.answered)


def test_a_rolling_stop_of_the_workers_breaks_no_answer_off(
    platforms: Any, tmp_path: Path, served: Any, load_on: Any, until: Any, port: int
) -> None:
    web = served(next(platforms("sqlite", tmp_path, None, **{"web.port": port, "web.workers": 2})))
    with load_on(web) as load:
        load.more(200)
        web.process.send_signal(signal.SIGTERM)
        web.process.wait(60)
    assert load.refused == []
    assert stored() == set(load.answered)


def test_a_promotion_under_load_fails_nobody(
    platforms: Any, tmp_path: Path, served: Any, load_on: Any, until: Any, artefact: Callable[[int], Path], port: int
) -> None:
    from augury_server.registry.promote import promote
    from augury_server.registry.register import register_model

    web = served(next(platforms("sqlite", tmp_path, None, **{"web.port": port, "web.workers": 2})))
    with load_on(web) as load:
        load.more(100)
        for number in (2, 3):
            version = register_model(artefact(number), name="trend", by="tests")
            promote("trend", version.number, by="tests", reason="better", force=True)
            until(lambda number=number: number in load.versions, f"version {number}")
        load.more(300)
    assert (load.refused, load.broken) == ([], 0)
    assert load.versions == {1, 2, 3}


def _stored_again() -> set[UUID]:
    """What is stored, once the database takes connections again."""
    try:
        return stored()
    except DatabaseError:
        connection.close()
        return set()
