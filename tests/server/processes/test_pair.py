"""The pair of a machine's own: really PostgreSQL and Redis, behind a password, kept between starts."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
import redis

from augury_server.processes.pair import Pair, prepare_pair, wait_until_up
from augury_server.processes.supervisor import Supervisor


@contextmanager
def running(pair: Pair) -> Iterator[None]:
    supervisor = Supervisor(pair.programs, lambda *_: None)
    thread = threading.Thread(target=supervisor.run)
    thread.start()
    try:
        wait_until_up(pair)
        yield
    finally:
        supervisor.stop()
        thread.join(60)


def test_both_answer_with_the_password_only_and_keep_what_was_written(tmp_path: Path) -> None:
    for above in (tmp_path, *tmp_path.parents[:-2]):
        above.chmod(above.stat().st_mode | 0o011)  # as root the server runs as another user
    with running(pair := prepare_pair(tmp_path)):
        with psycopg.connect(pair.database_url, autocommit=True) as connection:
            connection.execute("CREATE TABLE kept (n integer)")
            connection.execute("INSERT INTO kept VALUES (7)")
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(pair.database_url.replace("postgres:", "postgres:wrong", 1), connect_timeout=5)
        with redis.Redis.from_url(pair.redis_url) as client:
            client.set("kept", "7")
        with (
            redis.Redis(port=int(pair.redis_url.rsplit(":", 1)[1].partition("/")[0])) as stranger,
            pytest.raises(redis.AuthenticationError),
        ):
            stranger.ping()
    with running(again := prepare_pair(tmp_path)):
        with psycopg.connect(again.database_url) as connection:
            assert connection.execute("SELECT n FROM kept").fetchone() == (7,)
        with redis.Redis.from_url(again.redis_url) as client:
            assert client.get("kept") == b"7"


def test_what_holds_passwords_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    for above in (tmp_path, *tmp_path.parents[:-2]):
        above.chmod(above.stat().st_mode | 0o011)
    prepare_pair(tmp_path)
    for file in (tmp_path / "pair_password", tmp_path / "redis" / "redis.conf"):
        assert file.stat().st_mode & 0o077 == 0
    assert not list((tmp_path / "postgres").glob("password-*"))
