"""What the registry keeps: models, their versions with the hash of every file, aliases, and each transition."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from augury_server.database.append_only import AppendOnly
from augury_server.registry.state import KINDS, RELATIONS, STAGES

__all__ = ["Alias", "ModelVersion", "RegisteredModel", "Transition", "VersionFile"]


class RegisteredModel(models.Model):
    """A name under which versions are registered; its row is the lock of everything below it.

    `former` holds the numbers of earlier champions, oldest first: what a rollback goes back to; `last_sequence`
    is that of the newest transition.
    """

    name = models.CharField(max_length=100, unique=True)
    former = models.JSONField(default=list, blank=True)
    last_sequence = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=150)

    class Meta:
        """By name."""

        ordering: ClassVar = ["name"]
        verbose_name = "model"

    def __str__(self) -> str:
        return self.name


class ModelVersion(models.Model):
    """One registered artefact: what it is, where its files are, what it was trained on and how it scored.

    `artefact_id` is the manifest's model id, `content_sha256` the hash over all files. `beats_baseline` is the
    artefact's own verdict on held-out time; NULL: never judged. `fit_end_ns` is the last bar that training looked at.
    `parent` is what it was made from, `parent_artefact_id` names it also where that was never registered.
    """

    model = models.ForeignKey(RegisteredModel, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    stage = models.CharField(max_length=10, choices=[(name, name) for name in STAGES], default="candidate")
    artefact_id = models.CharField(max_length=120)
    content_sha256 = models.CharField(max_length=64)
    storage_url = models.CharField(max_length=500)
    size_bytes = models.BigIntegerField()
    family = models.CharField(max_length=100)
    specification = models.TextField()
    task = models.CharField(max_length=20)
    label = models.TextField(blank=True)
    timeframe = models.CharField(max_length=20, blank=True)
    symbols = models.JSONField(default=list, blank=True)
    metrics = models.JSONField(default=dict, blank=True)
    notes = models.JSONField(default=dict, blank=True)
    beats_baseline = models.BooleanField(null=True, blank=True)
    data_fingerprint = models.CharField(max_length=100, blank=True)
    first_training_ns = models.BigIntegerField(null=True, blank=True)
    last_training_ns = models.BigIntegerField(null=True, blank=True)
    fit_end_ns = models.BigIntegerField(null=True, blank=True)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="children")
    parent_artefact_id = models.CharField(max_length=120, blank=True)
    relation = models.CharField(max_length=20, blank=True, choices=[(name, name) for name in RELATIONS])
    registered_at = models.DateTimeField()
    registered_by = models.CharField(max_length=150)

    class Meta:
        """Newest first; numbers and contents are unique in a model, and one version at most is champion."""

        ordering: ClassVar = ["-id"]
        verbose_name = "model version"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["model", "number"], name="registry_version_number"),
            models.UniqueConstraint(fields=["model", "content_sha256"], name="registry_version_content"),
            models.UniqueConstraint(fields=["model"], condition=Q(stage="champion"), name="registry_one_champion"),
            models.CheckConstraint(condition=Q(stage__in=STAGES), name="registry_stage_known"),
            models.CheckConstraint(condition=Q(number__gte=1), name="registry_number_from_one"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["stage", "-id"], name="registry_version_stage"),
            models.Index(fields=["artefact_id", "-id"], name="registry_version_artefact"),
            models.Index(fields=["content_sha256"], name="registry_version_by_content"),
            models.Index(fields=["family", "-id"], name="registry_version_family"),
        ]

    def __str__(self) -> str:
        return f"{self.model.name}@{self.number}"


class VersionFile(models.Model):
    """One file of a version, stored under its SHA-256."""

    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="files")
    name = models.CharField(max_length=255)
    sha256 = models.CharField(max_length=64)
    size_bytes = models.BigIntegerField()

    class Meta:
        """By name; the hash is indexed for finding what nobody needs any more."""

        ordering: ClassVar = ["name"]
        verbose_name = "file of a version"
        verbose_name_plural = "files of versions"
        constraints: ClassVar = [models.UniqueConstraint(fields=["version", "name"], name="registry_file_name")]
        indexes: ClassVar = [models.Index(fields=["sha256"], name="registry_file_sha256")]

    def __str__(self) -> str:
        return self.name


class Alias(models.Model):
    """A name of one's own for a version, such as "stable"; moving it is a transition."""

    model = models.ForeignKey(RegisteredModel, on_delete=models.PROTECT, related_name="aliases")
    alias = models.CharField(max_length=40)
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="aliases")

    class Meta:
        """By name, each once in a model."""

        ordering: ClassVar = ["alias"]
        verbose_name_plural = "aliases"
        constraints: ClassVar = [models.UniqueConstraint(fields=["model", "alias"], name="registry_alias_once")]

    def __str__(self) -> str:
        return self.alias


class Transition(AppendOnly):
    """What was done to a model, by whom and why; written once, never changed.

    `sequence` counts the transitions of a model from 1; `at` never falls as it rises, even when the clock does.
    `champion` is who was champion afterwards.
    """

    refusal = "the history of a model is append-only: a transition cannot be {what}"

    model = models.ForeignKey(RegisteredModel, on_delete=models.PROTECT, related_name="transitions")
    sequence = models.PositiveIntegerField()
    kind = models.CharField(max_length=10, choices=[(name, name) for name in KINDS])
    from_version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    to_version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    champion = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    alias = models.CharField(max_length=40, blank=True)
    forced = models.BooleanField(default=False)
    by = models.CharField(max_length=150)
    reason = models.TextField(blank=True)
    at = models.DateTimeField()

    class Meta:
        """Newest first; the last one at or before a time is found by index."""

        ordering: ClassVar = ["-id"]
        default_permissions = ("view",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["model", "sequence"], name="registry_transition_sequence"),
            models.CheckConstraint(condition=Q(kind__in=KINDS), name="registry_kind_known"),
        ]
        indexes: ClassVar = [
            models.Index(F("model"), F("at").desc(), F("sequence").desc(), name="registry_as_of"),
            models.Index(fields=["kind", "-id"], name="registry_transition_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} #{self.sequence}"
