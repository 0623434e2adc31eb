"""The fixtures themselves: each engine really is the one it says."""

from __future__ import annotations

from typing import Any

from django.db import connection


def test_a_platform_runs_on_the_engine_that_it_names(platform: Any) -> None:
    assert connection.vendor == platform.engine
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM django_migrations")
        assert cursor.fetchone()[0] > 10


def test_a_child_process_sees_the_same_database(platform: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE mark (n integer)")
        cursor.execute("INSERT INTO mark VALUES (42)")
    child = platform.python(
        "from django.db import connection\n"
        "with connection.cursor() as c:\n    c.execute('SELECT n FROM mark'); print(c.fetchone()[0])"
    )
    out, err = child.communicate(timeout=60)
    assert out.strip() == "42", err


def test_redis_answers(redis_server: Any) -> None:
    import redis

    with redis.Redis(port=redis_server.port) as client:
        assert client.ping()
