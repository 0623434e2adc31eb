"""What a short command of the platform does not load: each process that starts would wait for it."""

from __future__ import annotations

from typing import Any

CODE = """
import sys
from augury.cli.main import app
try:
    app(["jobs", "list"])
except SystemExit as end:
    assert not end.code, end.code
heavy = ("numpy", "pandas", "celery", "kombu", "redis", "psycopg", "augury_server.web.admin", "starlette")
print("loaded:", *[name for name in heavy if name in sys.modules])
"""


def test_a_list_on_sqlite_loads_no_arrays_messages_or_pages(sqlite_platform: Any) -> None:
    done = sqlite_platform.python(CODE)
    said, errors = done.communicate(timeout=60)
    assert done.returncode == 0, errors
    assert "nothing to list" in said
    assert said.rpartition("loaded:")[2].split() == []
