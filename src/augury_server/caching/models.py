"""What the cache keeps in the database: its clock of invalidations, entries, leases and figures."""

from __future__ import annotations

from django.db import models

__all__ = ["CacheClock", "CacheEntry", "CacheLease", "CacheStatistics", "CacheTag"]


class CacheClock(models.Model):
    """One row: how many invalidations there were, ever; `lineage` names this count, so no other is taken for it."""

    id = models.SmallIntegerField(primary_key=True)
    lineage = models.CharField(max_length=32)
    sequence = models.BigIntegerField(default=0)

    class Meta:
        """One row, by its primary key."""

        verbose_name = "cache clock"

    def __str__(self) -> str:
        return f"{self.lineage} at {self.sequence}"


class CacheTag(models.Model):
    """The place in the clock's count at which a tag was last invalidated."""

    tag = models.CharField(max_length=250, primary_key=True)
    sequence = models.BigIntegerField()
    changed_at = models.DateTimeField()

    class Meta:
        """Processes ask for what came after the place that they know; old rows are pruned by time."""

        verbose_name = "invalidated tag"
        indexes = (
            models.Index(fields=["sequence"], name="cache_tag_sequence"),
            models.Index(fields=["changed_at"], name="cache_tag_changed"),
        )

    def __str__(self) -> str:
        return f"{self.tag} at {self.sequence}"


class CacheEntry(models.Model):
    """A value of the database tier, sealed as in the other tiers."""

    key = models.CharField(max_length=200, primary_key=True)
    name = models.CharField(max_length=120)
    computed_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    size = models.IntegerField()
    sealed = models.BinaryField()

    class Meta:
        """Found by key, listed by name, pruned by expiry."""

        verbose_name = "cache entry"
        verbose_name_plural = "cache entries"
        indexes = (
            models.Index(fields=["name"], name="cache_entry_name"),
            models.Index(fields=["expires_at"], name="cache_entry_expires"),
        )

    def __str__(self) -> str:
        return str(self.key)


class CacheLease(models.Model):
    """Who computes a key for all others, until when, where there is no Redis."""

    key = models.CharField(max_length=250, primary_key=True)
    holder = models.CharField(max_length=32)
    until = models.DateTimeField()

    class Meta:
        """Found by key, pruned by time."""

        verbose_name = "cache lease"
        indexes = (models.Index(fields=["until"], name="cache_lease_until"),)

    def __str__(self) -> str:
        return f"{self.key} until {self.until}"


class CacheStatistics(models.Model):
    """The figures of one process, written now and then."""

    process = models.CharField(max_length=120, primary_key=True)
    started_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    figures = models.JSONField()

    class Meta:
        """Summed and pruned by time."""

        verbose_name = "cache statistics"
        verbose_name_plural = "cache statistics"
        indexes = (models.Index(fields=["updated_at"], name="cache_statistics_updated"),)

    def __str__(self) -> str:
        return str(self.process)
