"""Which version answers: the champion, a version by number, or the one that an experiment chose."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from augury.errors import InvalidInput, NotFound, nearest
from augury_server.experiments.running_experiment import RunningExperiment, Variant
from augury_server.serving.hosted import HostedModel

__all__ = ["Choice", "Route", "Subject", "Table", "routing_table"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is asked about, as far as an experiment assigns by it; `opened_at_ns` None: unknown, or several days.

    `reads_rows`: the graph's own inputs were given, which versions with other inputs cannot read.
    """

    symbol: str
    opened_at_ns: int | None
    unit: str
    reads_rows: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Who answers, in which role, and who is asked beside (`shadow`), whose answer is only recorded."""

    model: HostedModel
    experiment: str = ""
    variant: Variant | Literal[""] = ""
    shadow: HostedModel | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """What a reference leads to: a version, and the experiment on it if one runs."""

    model: HostedModel
    experiment: RunningExperiment | None = None
    treatment: HostedModel | None = None
    plain: Choice

    def choose(self, subject: Subject) -> Choice:
        """Who answers about a subject: the same version for the same unit, whatever process is asked.

        What has no unit (no symbol, or no day where symbols' days are assigned) and rows that the treatment cannot read
        are outside the experiment: the champion answers, and nothing is recorded under the experiment's name.
        """
        experiment, treatment = self.experiment, self.treatment
        if experiment is None or treatment is None or (subject.reads_rows and not self._read_alike()):
            return self.plain
        if experiment.mode == "shadow":
            return Choice(model=self.model, experiment=experiment.name, variant="control", shadow=treatment)
        unit = subject.unit or _unit(experiment, subject)
        if not unit:
            return self.plain
        variant = experiment.variant_of(unit)
        return Choice(
            model=treatment if variant == "treatment" else self.model, experiment=experiment.name, variant=variant
        )

    def _read_alike(self) -> bool:
        assert self.treatment is not None
        one, other = self.model.manifest, self.treatment.manifest
        return (one.inputs, one.columns, one.classes) == (other.inputs, other.columns, other.classes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Every reference that can be asked for, and why an experiment takes no part; replaced whole, never changed."""

    routes: Mapping[str, Route] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)

    def find(self, reference: str) -> Route:
        """A plain look-up; NotFound with the nearest names."""
        try:
            return self.routes[reference]
        except KeyError:
            raise NotFound(f"no model {reference!r:.120} is served; {nearest(reference[:200], self.routes)}") from None


def routing_table(
    champions: Mapping[str, HostedModel], hosted: Iterable[HostedModel], running: Iterable[RunningExperiment]
) -> Table:
    """The table of what is hosted: "name" and "name@champion" for `champions` by name, "name@3" for every version.

    An experiment takes part while its control is the version that serves and its treatment is hosted; otherwise the
    champion answers alone, and `problems` says so by "experiment NAME".
    """
    versions = {model.reference: model for model in hosted}
    routes = {reference: _alone(model) for reference, model in versions.items()}
    on: dict[str, RunningExperiment] = {}
    problems: dict[str, str] = {}
    for experiment in running:
        reason = _obstacle(experiment, champions, versions)
        if reason:
            problems[f"experiment {experiment.name}"] = reason
        else:
            on[experiment.model_name] = experiment
    for name, model in champions.items():
        route = _alone(model) if name not in on else _with(on[name], model, versions)
        routes[name] = routes[f"{name}@champion"] = route
    return Table(routes=routes, problems=problems)


def _alone(model: HostedModel) -> Route:
    return Route(model=model, plain=Choice(model=model))


def _with(experiment: RunningExperiment, model: HostedModel, versions: Mapping[str, HostedModel]) -> Route:
    treatment = versions[f"{model.name}@{experiment.treatment}"]
    return Route(model=model, experiment=experiment, treatment=treatment, plain=Choice(model=model))


def _obstacle(
    experiment: RunningExperiment, champions: Mapping[str, HostedModel], versions: Mapping[str, HostedModel]
) -> str:
    """Why an experiment takes no part, or an empty text."""
    name = experiment.model_name
    serving = champions.get(name)
    if serving is None or serving.version != experiment.control:
        served = "nothing" if serving is None else serving.reference
        return f"{served} serves, not its control {name}@{experiment.control}; stop it and start another one"
    if f"{name}@{experiment.treatment}" not in versions:
        return f"its treatment {name}@{experiment.treatment} is not hosted; the control answers alone"
    if experiment.mode == "split":
        try:
            experiment.variant_of("any")
        except InvalidInput as error:
            return str(error)
    return ""


def _unit(experiment: RunningExperiment, subject: Subject) -> str:
    if not subject.symbol or (experiment.unit == "symbol_day" and subject.opened_at_ns is None):
        return ""
    return experiment.unit_of(subject.symbol, subject.opened_at_ns or 0)
