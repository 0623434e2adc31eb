"""A BRIN index over a time column that grows with the table; PostgreSQL only."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.indexes import BrinIndex
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.backends.ddl_references import Statement
from django.db.models import Model

__all__ = ["TimeIndex"]


class TimeIndex(BrinIndex):
    """Block ranges with their least and latest time: some kilobytes for millions of rows, almost free to keep.

    It pays for long scans of a time range over rows that came roughly in time order. On SQLite, which has nothing like
    it, this is no index at all; queries that need one there should have a b-tree.
    """

    def create_sql(
        self, model: type[Model], schema_editor: BaseDatabaseSchemaEditor, using: str = "", **kwargs: Any
    ) -> Statement:
        """The statement that makes the index; one without effect where the engine has no BRIN."""
        if schema_editor.connection.vendor != "postgresql":
            return Statement("SELECT 1")
        return super().create_sql(model, schema_editor, using=using, **kwargs)

    def remove_sql(self, model: type[Model], schema_editor: BaseDatabaseSchemaEditor, **kwargs: Any) -> Any:
        """The statement that drops the index; one without effect where there is none."""
        if schema_editor.connection.vendor != "postgresql":
            return Statement("SELECT 1")
        return super().remove_sql(model, schema_editor, **kwargs)
