"""Tables filled with made-up rows by the engine itself, fast enough for a million."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, models

STEP_NS = 86_400 * 10**9
TEXTS = {"ticker": "'T' || (i % 500)", "symbol": "'T' || (i % 500)", "source": "'S' || (i % 7)"}


def _unique(model: type[models.Model], field: Any) -> bool:
    alone = [c.fields for c in model._meta.constraints if isinstance(c, models.UniqueConstraint)]
    return field.unique or (field.name,) in alone


def _expression(model: type[models.Model], field: Any) -> str:
    """SQL for the value of a field in row i: many different values, choices in turn, times that grow."""
    kind = field.get_internal_type()
    if isinstance(field, models.ForeignKey):
        if field.target_field.get_internal_type() == "BigAutoField":
            return "i" if _unique(model, field) else "(i / 2520) + 1"
        return _expression(model, field.target_field)
    if kind in ("UUIDField",):
        return "md5(i::text)::uuid" if connection.vendor == "postgresql" else "printf('%032x', i)"
    if kind == "DateTimeField":
        if connection.vendor == "postgresql":
            return "timestamptz '2020-01-01' + i * interval '1 second'"
        return "datetime(1577836800 + i, 'unixepoch')"
    if kind == "DateField":
        return "'2020-01-01'"
    if kind == "JSONField":
        return "'{}'" if connection.vendor != "postgresql" else "'{}'::jsonb"
    if kind == "BooleanField":
        return "(i % 100) = 0"
    if kind == "BinaryField":
        return "NULL" if field.null else ("''::bytea" if connection.vendor == "postgresql" else "x''")
    if kind in ("FloatField", "DecimalField"):
        return "NULL" if field.null else "(i % 997) / 7.0"
    if kind in ("CharField", "TextField", "SlugField"):
        return _text(model, field)
    if field.name.endswith("_ns"):
        return f"(i % 2520) * {STEP_NS}"
    if isinstance(field.default, int):
        return str(field.default)
    return "i" if _unique(model, field) else "i % 1000"


def _text(model: type[models.Model], field: Any) -> str:
    if field.choices:
        values = [str(value) for value, _ in field.flatchoices]
        branches = " ".join(f"WHEN {at} THEN '{value}'" for at, value in enumerate(values))
        return f"CASE i % {len(values)} {branches} END"
    if _unique(model, field):
        return "'u' || i" if (field.max_length or 99) > 10 else "'' || i"
    if field.name in TEXTS:
        return TEXTS[field.name]
    return f"substr('{field.name[:8]}' || (i % 1000), 1, {field.max_length or 99})"


def fill(model: type[models.Model], rows: int) -> None:
    """Give a table so many rows, nothing about them being checked, and the planner its statistics."""
    fields = [field for field in model._meta.concrete_fields if not isinstance(field, models.AutoField)]
    together = [c.fields for c in model._meta.constraints if isinstance(c, models.UniqueConstraint)]
    together += [tuple(names) for names in model._meta.unique_together]
    expressions = {field.column: _expression(model, field) for field in fields}
    for names in together:
        if len(names) > 1 and not any(name.endswith("_ns") for name in names):
            several = [model._meta.get_field(name) for name in names]
            texts = [one for one in several if one.get_internal_type() == "CharField" and not one.choices]
            numbers = [one for one in several if one.get_internal_type().endswith("IntegerField")]
            if texts:
                expressions[max(texts, key=lambda one: one.max_length or 0).column] = "'u' || i"
            elif numbers:
                expressions[numbers[-1].column] = "i"
    names = ", ".join(f'"{name}"' for name in expressions)
    values = ", ".join(expressions.values())
    table, source = f'"{model._meta.db_table}"', f"SELECT {values} FROM"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            later = _freed(cursor, model)
            cursor.execute(f"INSERT INTO {table} ({names}) {source} generate_series(0, {rows - 1}) i")
            later += ["SET session_replication_role = DEFAULT", f"ANALYZE {table}"]
        else:
            for pragma in ("foreign_keys = OFF", "ignore_check_constraints = ON", "synchronous = OFF"):
                cursor.execute(f"PRAGMA {pragma}")
            later = _taken(cursor, "SELECT sql, name FROM sqlite_master WHERE type = 'index' AND sql NOT NULL", model)
            cursor.execute(
                f"WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {rows - 1}) "
                f"INSERT INTO {table} ({names}) {source} n"
            )
        for statement in later:
            cursor.execute(statement)


def _freed(cursor: Any, model: type[models.Model]) -> list[str]:
    """Take what slows PostgreSQL down or refuses made-up rows from a table; statements that give its indexes back."""
    table = model._meta.db_table
    cursor.execute("SET session_replication_role = replica")
    if not model._default_manager.exists():
        cursor.execute(
            "SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND contype IN ('c', 'f')", [table]
        )
        for (constraint,) in cursor.fetchall():
            cursor.execute(f'ALTER TABLE "{table}" DROP CONSTRAINT "{constraint}"')
    cursor.execute("SELECT conname FROM pg_constraint")
    constraints = {name for (name,) in cursor.fetchall()}
    query = "SELECT indexdef, indexname FROM pg_indexes WHERE schemaname = current_schema()"
    return _taken(cursor, query, model, keep=constraints)


def _taken(cursor: Any, query: str, model: type[models.Model], keep: Any = ()) -> list[str]:
    """Drop a table's indexes; the statements that make them again: faster at the end than row by row."""
    column = "tablename" if connection.vendor == "postgresql" else "tbl_name"
    cursor.execute(f"{query} AND {column} = %s", [model._meta.db_table])
    found = [(sql, name) for sql, name in cursor.fetchall() if name not in keep]
    for _, name in found:
        cursor.execute(f'DROP INDEX "{name}"')
    return [sql for sql, _ in found]


@pytest.fixture
def fill_table() -> Callable[[type[models.Model], int], None]:
    """A function that gives a model's table so many rows, once."""
    filled = set()

    def fill_once(model: type[models.Model], rows: int) -> None:
        if model not in filled:
            filled.add(model)
            fill(model, rows)

    return fill_once
