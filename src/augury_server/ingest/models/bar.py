"""Bars as they are known now, and the values that they had before."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from augury_server.database.time_index import TimeIndex
from augury_server.ingest.models.series import Series

__all__ = ["Bar", "BarRevision"]


class _Values(models.Model):
    """What a bar says; times in ns since the epoch, UTC.

    The database does not check the series of each row: bars are written only by those who hold the series' lock, and a
    check for each of a million rows would double the time of a load.
    """

    series = models.ForeignKey(
        Series, on_delete=models.CASCADE, related_name="%(class)s_rows", db_index=False, db_constraint=False
    )
    opened_at_ns = models.BigIntegerField()
    open = models.FloatField()
    high = models.FloatField()
    low = models.FloatField()
    close = models.FloatField()
    volume = models.FloatField()
    known_at_ns = models.BigIntegerField(help_text="From when on these values were known; never before the close.")

    class Meta:
        """No table of its own."""

        abstract = True


class Bar(_Values):
    """One bar with its current values."""

    class Meta:
        """Found by series and time; a scan of a time range passes over blocks of other times."""

        constraints: ClassVar = [models.UniqueConstraint(fields=["series", "opened_at_ns"], name="bar_series_opened")]
        indexes: ClassVar = [
            TimeIndex(fields=["opened_at_ns"], name="bar_opened_brin", pages_per_range=32, autosummarize=True)
        ]

    def __str__(self) -> str:
        return f"bar {self.opened_at_ns} of series {self.series_id}"


class BarRevision(_Values):
    """Values that a bar had from `known_at_ns` on until `replaced_at_ns`, when others came or the bar was removed."""

    replaced_at_ns = models.BigIntegerField()

    class Meta:
        """Found by series and time, as bars are."""

        indexes: ClassVar = [
            models.Index(fields=["series", "opened_at_ns", "known_at_ns"], name="bar_revision_opened"),
        ]

    def __str__(self) -> str:
        return f"bar {self.opened_at_ns} of series {self.series_id} until {self.replaced_at_ns}"
