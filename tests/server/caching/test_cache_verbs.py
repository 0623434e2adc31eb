"""The verbs of the cache as the command line and other doors call them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from augury.errors import InvalidInput
from augury.operations.operation import Silent
from augury.operations.registry import operation
from augury_server.accounts.models import AuditEntry
from augury_server.caching import register_warmer
from augury_server.caching.current import use_cache
from augury_server.caching.reporting import Reporter
from augury_server.caching.warming import _warmers


@pytest.fixture
def one(stores: Any) -> Iterator[Any]:
    made = stores.cache()
    use_cache(made)
    yield made
    use_cache(None)
    _warmers.clear()


def call(verb: str, /, **options: Any) -> dict[str, Any]:
    found = operation(verb)
    result: dict[str, Any] = found.run(found.spec_type.from_dict(options), Silent()).to_dict()
    return result


def test_stats_sum_what_the_processes_wrote(one: Any, key: Any) -> None:
    assert "no process" in call("cache.stats")["notes"][0]
    one.get_or_compute(key(), lambda: 1)
    one.get_or_compute(key(), lambda: 1)
    Reporter(one.figures).write()
    found = call("cache.stats", hours=1)
    assert (found["asks"], found["computed"], found["hit_ratio"]) == (2, 1, 0.5)
    assert [row["tier"] for row in found["rows"]] == ["memory", "redis", "database"]
    assert found["rows"][0]["hits"] == 1


def test_show_lists_names_by_size(one: Any, key: Any) -> None:
    one.get_or_compute(key("features.rsi"), lambda: "x" * 2000)
    one.get_or_compute(key("features.rsi", n=1), lambda: "x")
    one.get_or_compute(key("models.a"), lambda: "x")
    rows = call("cache.show")["rows"]
    assert [(row["name"], row["entries"]) for row in rows] == [("features.rsi", 2), ("models.a", 1)]
    assert [row["name"] for row in call("cache.show", prefix="models")["rows"]] == ["models.a"]


@pytest.mark.parametrize("options", [{"tag": ["bars"]}, {"prefix": "features"}, {"all": True}, {"anew": True}])
def test_invalidate_reaches_the_entry_and_the_audit_trail(one: Any, stores: Any, key: Any, options: Any) -> None:
    one.get_or_compute(key(), lambda: "old", tags=("bars",))
    call("cache.invalidate", **options)
    assert stores.cache().get_or_compute(key(), lambda: "new", tags=("bars",)) == "new"
    assert AuditEntry.objects.filter(action="cache.invalidate").count() == 1


@pytest.mark.parametrize("options", [{}, {"all": True, "prefix": "a"}])
def test_invalidate_wants_exactly_one_choice(options: Any) -> None:
    with pytest.raises(InvalidInput, match="exactly one"):
        call("cache.invalidate", **options)


def test_warm_runs_the_warmers(one: Any, key: Any) -> None:
    assert "no warmer" in call("cache.warm")["notes"][0]
    register_warmer("features.last", lambda: one.get_or_compute(key(), lambda: 1))
    rows = call("cache.warm")["rows"]
    assert [(row["warmer"], row["asks"], row["computed"]) for row in rows] == [("features.last", 1, 1)]
