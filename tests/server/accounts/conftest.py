"""What tests of accounts share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext


@pytest.fixture
def django_assert_queries() -> Callable[[int], AbstractContextManager[None]]:
    """Assert that exactly so many queries are made within."""

    @contextmanager
    def check(count: int) -> Iterator[None]:
        with CaptureQueriesContext(connection) as queries:
            yield
        assert len(queries) == count, [query["sql"] for query in queries]

    return check
