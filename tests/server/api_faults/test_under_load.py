"""What stops or is killed while predictions are asked for: none that was answered is lost, and answers go on."""

from __future__ import annotations

import http.client
import random
import signal
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from types import MappingProxyType
from typing import Any
from uuid import UUID

import httpx
import pytest
from django.db import DatabaseError, connection
from prometheus_client.parser import text_string_to_metric_families

from augury_server.predictions.models import Prediction


def stored() -> set[UUID]:
    return set(Prediction.objects.values_list("id", flat=True))


def told(web: Any, name: str, labels: Mapping[str, str] = MappingProxyType({})) -> list[float]:
    """The values of the series of that name and with these labels, as a process tells them over a new connection."""
    text = httpx.get(f"http://127.0.0.1:{web.port}/metrics", headers=web.headers, timeout=20.0).raise_for_status().text
    samples = (one for family in text_string_to_metric_families(text) for one in family.samples)
    return [one.value for one in samples if one.name == name and labels.items() <= one.labels.items()]


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


def test_whichever_process_is_asked_tells_what_all_have_counted(
    platforms: Any, tmp_path: Path, served: Any, until: Any, port: int
) -> None:
    web = served(next(platforms("sqlite", tmp_path, None, **{"web.port": port, "web.workers": 2})))
    until(lambda: len(told(web, "augury_ready")) == 2, "two processes")
    predicted, asked = {"route": "/predict"}, 0

    def both_were_asked() -> bool:
        nonlocal asked
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20.0)) as connection:
            assert web.ask(connection)[0] == 200
        asked += 1
        return len(told(web, "augury_requests_total", predicted)) == 2

    until(both_were_asked, "a prediction of each")
    until(lambda: sum(told(web, "augury_requests_total", predicted)) == asked, "the count of all")
    everyone = range(8)  # over new connections
    until(
        lambda: {sum(told(web, "augury_predictions_total")) for _ in everyone} == {asked},
        "the same of whoever is asked",
    )
    killed = web.workers()[0]
    killed.kill()
    until(lambda: killed not in (now := web.workers()) and len(now) == 2, "another worker")
    until(lambda: len(told(web, "augury_requests_total", predicted)) == 1, "the end of what the killed one counted")
    until(lambda: sorted(told(web, "augury_predictions_total"))[0] == 0.0, "one that counts anew in its place")
    assert told(web, "augury_processes") == [2.0]


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
