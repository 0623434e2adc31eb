"""A database that goes away, comes back or fills its disk: nothing lost, nothing doubled, told why."""

from __future__ import annotations

import re
import signal
import subprocess
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from django.db import OperationalError, connection

from augury.errors import Misconfigured, Unavailable
from augury.market import bars_frame
from augury_server.database.explaining import explained
from augury_server.database.status import database_status
from augury_server.ingest.database_bars import DatabaseBars
from augury_server.ingest.models import Bar

MINUTE = 60 * 10**9
START = 1_700_000_040 * 10**9


def bars_at(first: int, count: int) -> Any:
    at = np.arange(first, first + count, dtype=np.int64)
    base = 50.0 + at
    return bars_frame(START + MINUTE * at, np.stack([base, base + 1.0, base - 1.0, base, base]))


@pytest.fixture
def own_platform(platforms: Callable[..., Any], tmp_path: Path, own_postgres: Any) -> Iterator[Any]:
    """A platform on a PostgreSQL that the test may stop, with little patience."""
    yield from platforms("postgresql", tmp_path, own_postgres, **{"database.pool_timeout_seconds": 1.0})


def until_it_works(action: Callable[[], Any], told: list[str], seconds: float = 60.0) -> Any:
    deadline = time.monotonic() + seconds
    while True:
        try:
            return action()
        except Unavailable as error:
            told.append(str(error))
            if time.monotonic() > deadline:
                raise


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_writes_during_a_restart_of_postgresql_are_neither_lost_nor_doubled(own_platform: Any, how: int) -> None:
    store, told, done = DatabaseBars(), [], threading.Event()
    store.append("X", "1m", bars_at(0, 10))

    def restart() -> None:
        own_platform.server.stop(how)
        deadline = time.monotonic() + 60
        while not told and time.monotonic() < deadline:  # until a write has met a server that is away
            time.sleep(0.01)
        own_platform.server.start()
        done.set()

    thread = threading.Thread(target=restart)
    expected, first = 10, 10
    thread.start()
    while thread.is_alive():
        bars = bars_at(first, 20)
        until_it_works(lambda bars=bars: store.append("X", "1m", bars), told)
        expected, first = expected + 20, first + 20
    assert done.is_set(), "the server started again"
    assert told, "a write met the restart"
    assert all("cannot" in text and "127.0.0.1" in text for text in told)
    assert not any("password" in text for text in told)
    back = store.read("X", "1m")
    assert back["open"].tolist() == [50.0 + at for at in range(expected)]
    (described,) = store.describe()
    assert described.bars == Bar.objects.count() == expected


def test_pooled_connections_of_many_threads_survive_a_restart(own_platform: Any) -> None:
    DatabaseBars().append("X", "1m", bars_at(0, 10))
    ready, go, failed = threading.Barrier(5), threading.Event(), []

    def reader() -> None:
        try:
            DatabaseBars().read("X", "1m")
            ready.wait(60)
            go.wait(60)
            told: list[str] = []
            assert len(until_it_works(lambda: DatabaseBars().read("X", "1m"), told)) == 10
            assert len(told) <= 2, "the broken connection is replaced, not used again"
        except BaseException as error:
            failed.append(error)
            raise
        finally:
            connection.close()

    threads = [threading.Thread(target=reader) for _ in range(4)]
    for thread in threads:
        thread.start()
    ready.wait(60)
    own_platform.server.restart()
    go.set()
    for thread in threads:
        thread.join(90)
    assert not failed
    assert until_it_works(database_status, []).pool["pool_max"] == 10


def test_a_server_that_is_away_is_named_with_the_reason(own_platform: Any) -> None:
    DatabaseBars().symbols()
    connection.close()
    own_platform.server.stop()
    with pytest.raises(Unavailable, match=r"at 127\.0\.0\.1:\d+: cannot list symbols: .*refused"):
        DatabaseBars().symbols()
    own_platform.server.start()
    assert until_it_works(DatabaseBars().symbols, []) == []


def test_a_statement_that_takes_too_long_and_a_lock_held_too_long_are_told_apart(postgres_platform: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 50")
        with pytest.raises(Unavailable, match="statement_timeout_seconds"), explained("wait"):
            cursor.execute("SELECT pg_sleep(30)")
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
    other = connection.copy()
    store = DatabaseBars()
    store.append("X", "1m", bars_at(0, 3))
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT * FROM augury_ingest_series FOR UPDATE")
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = 50")
        with pytest.raises(Unavailable, match=r"append bars of X 1m.*another writer.*lock_timeout_seconds"):
            store.append("X", "1m", bars_at(0, 5))
    finally:
        other.close()
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = 0")
    assert store.append("X", "1m", bars_at(0, 5)) == 2


def test_a_database_that_does_not_exist_and_missing_tables_are_for_the_owner_to_mend(postgres_platform: Any) -> None:
    with connection.cursor() as cursor, pytest.raises(Misconfigured, match="augury db migrate"), explained("look"):
        cursor.execute("SELECT * FROM no_such_table")
    refused = refused_connection(NAME="nowhere")
    assert refused.match(r"nowhere.*does not exist.*create the database")
    assert refused.type is Misconfigured


def refused_connection(**settings: str) -> Any:
    """What the platform tells when PostgreSQL refuses a connection with these settings instead of the platform's."""
    other = connection.copy()
    other.settings_dict = {**other.settings_dict, "OPTIONS": {}, **settings}
    with pytest.raises((Misconfigured, Unavailable)) as caught, explained("look"):
        other.ensure_connection()
    return caught


def test_a_connection_that_postgresql_refuses_is_told_with_its_reason(own_platform: Any) -> None:
    name = connection.settings_dict["NAME"]
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE locked NOLOGIN")
        cursor.execute("CREATE ROLE narrow LOGIN CONNECTION LIMIT 0")
        cursor.execute("CREATE ROLE plain LOGIN")
        cursor.execute(f"ALTER DATABASE {name} CONNECTION LIMIT 0")
    assert refused_connection(USER="nobody_here").match(r'"nobody_here" does not exist.*pg_hba\.conf')
    assert refused_connection(USER="locked").match(r"not permitted to log in.*pg_hba\.conf")
    assert refused_connection(USER="narrow").match(r"too many connections for role.*database\.pool_max")
    assert refused_connection(USER="plain").match(r"too many connections for database.*database\.pool_max")
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER DATABASE {name} CONNECTION LIMIT -1")
        cursor.execute(f"REVOKE CONNECT ON DATABASE {name} FROM PUBLIC")
    refused = refused_connection(USER="plain")
    assert refused.match(r"permission denied for database.*rights")
    assert refused.type is Misconfigured


def test_a_server_that_recovers_is_waited_for_and_no_other_database_is_asked_for(own_platform: Any) -> None:
    server = own_platform.server
    with connection.cursor() as cursor:
        cursor.execute("SHOW data_directory")
        folder = Path(cursor.fetchone()[0])
    connection.close()
    server.stop()
    (folder / "standby.signal").touch()
    server.command += ["-c", "hot_standby=off"]
    server.start()  # it recovers for ever
    told: list[str] = []
    while not any("not accepting connections" in text for text in told):
        with pytest.raises(Unavailable, match="the server is starting, recovering or stopping; retry") as caught:
            DatabaseBars().symbols()
        told.append(str(caught.value))
        assert len(told) < 60
    (folder / "standby.signal").unlink()
    server.restart()
    assert until_it_works(DatabaseBars().symbols, []) == []


def test_whatever_postgresql_says_of_its_own_state_asks_to_retry(postgres_platform: Any) -> None:
    program = Path(postgres_platform.server.command[0]).read_bytes()
    states = sorted(set(re.findall(rb"the database system is [a-z ]+", program)))
    assert len(states) >= 5, "the program's own messages"
    for state in states:
        where = 'connection failed: connection to server at "127.0.0.1", port 5432 failed: FATAL:  '
        with pytest.raises(Unavailable, match="starting, recovering or stopping; retry"), explained("look"):
            raise OperationalError(where + state.decode())


def test_a_writer_that_waits_too_long_for_sqlite_is_told_so(
    platforms: Callable[..., Any], tmp_path: Path, sqlite_platform: Any
) -> None:
    made = platforms("sqlite", tmp_path / "other", None, **{"database.lock_timeout_seconds": 0.1})
    platform = next(made)
    try:
        other = connection.copy()
        with other.cursor() as cursor:
            cursor.execute("BEGIN IMMEDIATE")
            with pytest.raises(Unavailable, match=r"augury\.sqlite3: cannot append.*locked.*lock_timeout_seconds"):
                DatabaseBars().append("X", "1m", bars_at(0, 3))
            cursor.execute("ROLLBACK")
        other.close()
        assert DatabaseBars().append("X", "1m", bars_at(0, 3)) == 3
        assert platform.engine == "sqlite"
    finally:
        made.close()


FULL = """
    import resource
    from pathlib import Path
    from django.db import connection
    from augury.errors import Unavailable
    from augury_server.ingest.database_bars import DatabaseBars
    from tests_bars import bars_at

    store = DatabaseBars()
    store.append("X", "1m", bars_at(0, 100))
    connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    size = Path(connection.settings_dict["NAME"]).stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 400_000, resource.RLIM_INFINITY))
    try:
        store.append("X", "1m", bars_at(0, 200_000))
    except Unavailable as error:
        print(error)
    print(len(store.read("X", "1m")))
    print(store.append("X", "1m", bars_at(0, 150)))
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    print(store.append("X", "1m", bars_at(0, 20_000)))
"""


def test_a_full_disk_under_sqlite_loses_nothing_and_goes_on_when_there_is_room(sqlite_platform: Any) -> None:
    connection.close()
    code = textwrap.dedent(FULL).replace(
        "from tests_bars import bars_at\n",
        "import numpy as np, signal\nfrom augury.market import bars_frame\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"MINUTE, START = {MINUTE}, {START}\n" + _source_of_bars_at(),
    )
    process = sqlite_platform.python(code)
    told, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    message, stored, added, later = told.splitlines()
    assert "cannot append bars of X 1m" in message
    assert "full" in message
    assert "augury.sqlite3" in message
    assert [int(stored), int(added), int(later)] == [100, 50, 19_850]
    assert DatabaseBars().read("X", "1m")["open"].tolist() == [50.0 + at for at in range(20_000)]
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA integrity_check")
        assert cursor.fetchall() == [("ok",)]


def test_postgresql_without_room_loses_nothing_and_goes_on_when_there_is_room(own_platform: Any) -> None:
    def largest_file(size: str) -> None:
        server = own_platform.server
        for process in (psutil.Process(server.process.pid), *psutil.Process(server.process.pid).children()):
            subprocess.run(["prlimit", f"--pid={process.pid}", f"--fsize={size}:"], user=server.user, check=True)

    store = DatabaseBars()
    store.append("X", "1m", bars_at(0, 100))
    largest_file(str(1 << 24))  # no smaller than a file of its journal
    with pytest.raises(Unavailable, match=r"disk is full: make room.*nothing of it was stored"):
        store.append("X", "1m", bars_at(0, 300_000))
    assert len(store.read("X", "1m")) == store.describe()[0].bars == 100
    assert store.append("X", "1m", bars_at(0, 150)) == 50
    largest_file("unlimited")
    assert store.append("X", "1m", bars_at(0, 20_000)) == 19_850
    assert store.read("X", "1m")["open"].tolist() == [50.0 + at for at in range(20_000)]


def _source_of_bars_at() -> str:
    import inspect

    return inspect.getsource(bars_at).replace("-> Any", "")


KILLED = """
    import sys
    from augury_server.database.bulk import insert_arrays
    import augury_server.ingest.series_writes as writes
    from augury_server.ingest.database_bars import DatabaseBars
    import numpy as np, os, signal
    from augury.market import bars_frame
    MINUTE, START = {minute}, {start}
    BARS_AT
    before = writes._publish
    def killed(*arguments):
        before(*arguments)
        os.kill(os.getpid(), signal.SIGKILL)
    DatabaseBars().append("X", "1m", bars_at(0, 10))
    writes._publish = killed
    DatabaseBars().append("X", "1m", bars_at(0, 5000))
"""


def test_a_writer_killed_before_it_commits_leaves_the_state_before(platform: Any) -> None:
    connection.close()
    code = textwrap.dedent(KILLED).format(minute=MINUTE, start=START).replace("BARS_AT", _source_of_bars_at())
    process = platform.python(code)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == -signal.SIGKILL, errors
    store = DatabaseBars()
    assert len(store.read("X", "1m")) == store.describe()[0].bars == 10
    assert store.append("X", "1m", bars_at(0, 5000)) == 4990
