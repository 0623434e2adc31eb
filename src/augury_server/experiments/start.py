"""Start an experiment between two versions of a model."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, timedelta

from django.db import IntegrityError, transaction

from augury.errors import Conflict, Refused, WrongState
from augury_server.database.explaining import explained
from augury_server.experiments.comparing import refuse_unlike
from augury_server.experiments.listing import list_experiments, standing_of
from augury_server.experiments.models import Experiment
from augury_server.experiments.plan import ExperimentPlan
from augury_server.experiments.stop import write_stop
from augury_server.registry.applying import Act
from augury_server.registry.finding import find_model, state_of
from augury_server.registry.models import ModelVersion

__all__ = ["Start", "start"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """An experiment that runs; `new` is False when it ran already. In a dry run its row is not stored."""

    experiment: Experiment
    new: bool
    dry_run: bool = False


def _salt() -> str:
    return secrets.token_hex(8)


def start(plan: ExperimentPlan, act: Act, *, make_salt: Callable[[], str] = _salt) -> Start:
    """Start an experiment: from now until its planned end, or until it is stopped or overtaken.

    The control is the model's champion. Both versions' files are verified, and they read and say the same things. Two
    processes that start one for the same model at once: one of them does. An experiment of the model that is over, but
    was not stopped, is stopped first. Asking again for one that runs as asked changes nothing.

    Raises NotFound for a model or version that does not exist, Refused with the reason, Conflict when the name is
    taken or the model has one that runs.
    """
    with explained(f"start the experiment {plan.name}"):
        model = find_model(plan.model_name)
        state = state_of(model)
        numbers = state.number_of(plan.control), state.number_of(plan.treatment)
        versions = {version.number: version for version in model.versions.filter(number__in=numbers)}
        control, treatment = (versions[number] for number in numbers)
        for version in versions.values():
            version.model = model
        running = _same(plan, act, (control, treatment))
        if running is not None:
            return Start(experiment=running, new=False, dry_run=act.dry_run)
        _refuse_stages(control, treatment)
        refuse_unlike(control, treatment)
        try:
            with transaction.atomic():
                return _write(plan, act, (control, treatment), make_salt)
        except IntegrityError as error:  # of another model's experiment, which no lock of ours holds off
            raise Conflict(f"an experiment {plan.name!r} was started just now by somebody else; look again") from error


def _write(
    plan: ExperimentPlan, act: Act, versions: tuple[ModelVersion, ModelVersion], make_salt: Callable[[], str]
) -> Start:
    """Look again at what may have changed meanwhile, under the lock of the model's row, and add the row."""
    model = find_model(plan.model_name, lock=not act.dry_run)
    control, treatment = versions
    for version in versions:
        version.refresh_from_db(fields=["stage"])
    running = _same(plan, act, versions)
    if running is not None:
        return Start(experiment=running, new=False, dry_run=act.dry_run)
    _refuse_stages(control, treatment)
    _make_room(plan, act)
    at = act.now().astimezone(UTC)
    experiment = Experiment(
        name=plan.name, model=model, control=control, treatment=treatment, mode=plan.mode, unit=plan.unit,
        share=plan.treated, salt=make_salt(), started_at=at, started_by=act.by, started_sequence=model.last_sequence,
        reason=act.reason, ends_at=at + timedelta(days=plan.days),
    )  # fmt: skip
    if not act.dry_run:
        experiment.save(force_insert=True)
    return Start(experiment=experiment, new=True, dry_run=act.dry_run)


def _same(plan: ExperimentPlan, act: Act, versions: tuple[ModelVersion, ModelVersion]) -> Experiment | None:
    """The experiment of that name where it runs as planned; Conflict where the name is another one's."""
    found: Experiment | None = list_experiments().filter(name=plan.name).first()
    if found is None:
        return None
    control, treatment = versions
    standing = standing_of(found, act.now())
    asked = (control.pk, treatment.pk, plan.mode, plan.unit, plan.treated, timedelta(days=plan.days))
    has = (found.control_id, found.treatment_id, found.mode, found.unit, found.share, found.ends_at - found.started_at)
    if standing == "running" and has == asked:
        return found
    raise Conflict(
        f"an experiment {plan.name!r} exists already: {found.treatment} against {found.control}, {standing}; its "
        "record stays, so give this one another name"
    )


def _refuse_stages(control: ModelVersion, treatment: ModelVersion) -> None:
    if control.number == treatment.number:
        raise Refused(f"{control} was given as control and as treatment; an experiment compares two versions")
    if control.stage != "champion":
        raise WrongState(
            f"{control} is no champion ({control.stage}): requests are not answered with it now; the control of an "
            "experiment is the champion"
        )
    if treatment.stage == "archived":
        raise WrongState(f"{treatment} is archived; restore it before it is tried")


def _make_room(plan: ExperimentPlan, act: Act) -> None:
    """Stop what is over; Conflict with what runs."""
    for other in list_experiments(plan.model_name, state="running"):
        standing = standing_of(other, act.now())
        if standing == "running":
            raise Conflict(
                f"{plan.model_name} has an experiment that runs, {other.name}, until {other.ends_at:%Y-%m-%d %H:%M} "
                f"UTC; stop it first: augury experiments stop {other.name}"
            )
        if not act.dry_run:
            why = "its planned end had come" if standing == "ended" else "its versions had changed in the registry"
            write_stop(other, act, f"{why} when {plan.name} was started")
