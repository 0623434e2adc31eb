"""Stop an experiment: its row, and every prediction under its name, stay."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC

from django.db import transaction

from augury_server.database.explaining import explained
from augury_server.experiments.finding import find_experiment
from augury_server.experiments.models import Experiment
from augury_server.registry.applying import Act

__all__ = ["Stop", "stop", "write_stop"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """An experiment that is stopped; `changed` is False when it was so already, and nothing is stored in a dry run."""

    experiment: Experiment
    changed: bool
    dry_run: bool = False


def stop(name: str, act: Act) -> Stop:
    """Stop an experiment; from now on the champion answers every unit. Stopping it again changes nothing.

    Raises NotFound with near names.
    """
    with explained(f"stop the experiment {name}"), transaction.atomic():
        experiment = find_experiment(name, lock=not act.dry_run)
        changed = experiment.state == "running"
        if changed and not act.dry_run:
            write_stop(experiment, act, act.reason)
    return Stop(experiment=experiment, changed=changed, dry_run=act.dry_run)


def write_stop(experiment: Experiment, act: Act, reason: str) -> None:
    """Write that an experiment is stopped; its row is locked by whoever asks, or by its model's."""
    experiment.state = "stopped"
    experiment.stopped_at = act.now().astimezone(UTC)
    experiment.stopped_by, experiment.stop_reason = act.by, reason
    experiment.save(update_fields=["state", "stopped_at", "stopped_by", "stop_reason"])
