"""What is kept of an experiment: its plan, when it ran, who started and stopped it and why."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from augury.experiments import UNIT_KINDS
from augury_server.experiments.running_experiment import MODES, STATES
from augury_server.registry.models import ModelVersion, RegisteredModel

__all__ = ["Experiment"]


class Experiment(models.Model):
    """Two versions of a model at work side by side; the row stays when it is stopped.

    `control` was the champion at the start, and `started_sequence` the newest of the model's transitions then: a later
    one that changes the champion, or archives the treatment, ends the experiment, whatever `state` says. `share` is the
    fraction of units that the treatment answers, 0 in mode "shadow". `ends_at` is the planned end.
    """

    name = models.CharField(max_length=100, unique=True)
    model = models.ForeignKey(RegisteredModel, on_delete=models.PROTECT, related_name="experiments")
    control = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="+")
    treatment = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="+")
    mode = models.CharField(max_length=10, choices=[(name, name) for name in MODES])
    unit = models.CharField(max_length=10, choices=[(name, name) for name in UNIT_KINDS])
    share = models.FloatField()
    salt = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=[(name, name) for name in STATES], default="running")
    started_at = models.DateTimeField()
    started_by = models.CharField(max_length=150)
    started_sequence = models.PositiveIntegerField()
    reason = models.TextField()
    ends_at = models.DateTimeField()
    stopped_at = models.DateTimeField(null=True, blank=True)
    stopped_by = models.CharField(max_length=150, blank=True)
    stop_reason = models.TextField(blank=True)

    class Meta:
        """Newest first; a model has one that runs at most."""

        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["model"], condition=Q(state="running"), name="experiments_one_running"),
            models.CheckConstraint(condition=Q(state__in=STATES), name="experiments_state_known"),
            models.CheckConstraint(condition=Q(mode__in=MODES), name="experiments_mode_known"),
            models.CheckConstraint(condition=Q(unit__in=UNIT_KINDS), name="experiments_unit_known"),
            models.CheckConstraint(
                condition=Q(mode="split", share__gt=0.0, share__lt=1.0) | Q(mode="shadow", share=0.0),
                name="experiments_share_of_mode",
            ),
            models.CheckConstraint(condition=Q(ends_at__gt=F("started_at")), name="experiments_end_later"),
            models.CheckConstraint(condition=~Q(control=F("treatment")), name="experiments_two_versions"),
            models.CheckConstraint(
                condition=Q(state="running", stopped_at__isnull=True) | Q(state="stopped", stopped_at__isnull=False),
                name="experiments_stopped_when",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["state", "-id"], name="experiments_by_state"),
            models.Index(fields=["ends_at"], condition=Q(state="running"), name="experiments_in_force"),
        ]

    def __str__(self) -> str:
        return self.name
