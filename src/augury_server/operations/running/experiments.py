"""What the verbs of experiments do."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from augury.operations.operation import Progress
from augury_server.accounts.actor import current_actor
from augury_server.experiments.finding import find_experiment
from augury_server.experiments.listing import standing_of
from augury_server.experiments.plan import ExperimentPlan
from augury_server.experiments.reading import ExperimentRecord, count_variants, read_experiments
from augury_server.experiments.start import start
from augury_server.experiments.stop import stop
from augury_server.operations import experiments as options
from augury_server.operations.running.model_tables import times_text
from augury_server.operations.table import Table
from augury_server.registry.applying import Act

__all__ = ["list_newest", "show", "start_experiment", "stop_experiment"]

_COLUMNS = (
    "number", "experiment", "model", "control", "treatment", "mode", "share", "unit", "state", "started", "ends", "by",
)  # fmt: skip


def start_experiment(spec: options.StartOptions, _: Progress) -> Table:
    """Start one."""
    plan = ExperimentPlan(
        name=spec.name,
        model_name=spec.model,
        treatment=spec.treatment,
        control=spec.control,
        mode=spec.mode,
        unit=spec.unit,
        share=spec.share,
        days=spec.days,
    )
    done = start(plan, Act(by=current_actor(), reason=spec.reason, dry_run=spec.dry_run))
    what = "would be started" if done.new and done.dry_run else "started" if done.new else "runs already"
    facts = {"new": done.new, **_facts(done.experiment, "running")}
    return Table(title=f"Experiment {spec.name} {what}", facts=facts)


def stop_experiment(spec: options.StopOptions, _: Progress) -> Table:
    """Stop one."""
    done = stop(spec.name, Act(by=current_actor(), reason=spec.reason, dry_run=spec.dry_run))
    what = "would be stopped" if done.changed and done.dry_run else "stopped" if done.changed else "is stopped already"
    standing = standing_of(done.experiment, datetime.now(UTC))
    return Table(title=f"Experiment {spec.name} {what}", facts=_facts(done.experiment, standing))


def list_newest(spec: options.ListExperimentsOptions, _: Progress) -> Table:
    """The newest."""
    found = read_experiments(spec.model, state=spec.state, before=spec.before, limit=spec.limit)
    return Table(title="Experiments", columns=_COLUMNS, rows=tuple(_row(one) for one in found))


def show(spec: options.ShowExperimentOptions, _: Progress) -> Table:
    """One, with what was recorded under its name."""
    experiment = find_experiment(spec.name)
    rows = tuple((one.variant, one.version, one.predictions, one.judged) for one in count_variants(experiment.name))
    return Table(
        title=f"Experiment {experiment.name}",
        facts=_facts(experiment, standing_of(experiment, datetime.now(UTC))),
        columns=("variant", "version", "predictions", "with outcome"),
        rows=rows,
        notes=() if rows else ("No prediction was recorded under it so far.",),
    )


def _row(one: ExperimentRecord) -> tuple[Any, ...]:
    return (
        one.number, one.name, one.model, one.control, one.treatment, one.mode, one.share, one.unit, one.standing,
        times_text(one.started_at), times_text(one.ends_at), one.started_by,
    )  # fmt: skip


def _facts(one: Any, standing: str) -> dict[str, Any]:
    return {
        "name": one.name,
        "model": one.model.name,
        "control": one.control.number,
        "treatment": one.treatment.number,
        "mode": one.mode,
        "share": one.share,
        "unit": one.unit,
        "salt": one.salt,
        "state": standing,
        "started": times_text(one.started_at),
        "ends": times_text(one.ends_at),
        "by": one.started_by,
        "why": one.reason,
        "stopped": None if one.stopped_at is None else times_text(one.stopped_at),
        "stopped_by": one.stopped_by or None,
        "stopped_why": one.stop_reason or None,
    }
