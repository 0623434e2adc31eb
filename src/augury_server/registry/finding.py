"""Finding models and versions by name and reference."""

from __future__ import annotations

from typing import cast

from augury.errors import NotFound, nearest
from augury_server.registry.models import Alias, ModelVersion, RegisteredModel
from augury_server.registry.state import ModelState, Stage, VersionState

__all__ = ["champion", "find_model", "find_version", "state_of"]

_SHOWN = 1000


def find_model(name: str, *, lock: bool = False) -> RegisteredModel:
    """The model of that name, its row locked until the transaction ends where asked; NotFound with near names."""
    models = RegisteredModel.objects.select_for_update() if lock else RegisteredModel.objects.all()
    model = models.filter(name=name).first()
    if model is None:
        known = list(RegisteredModel.objects.values_list("name", flat=True)[:_SHOWN])
        hint = nearest(name, known) if known else "none is registered yet: augury registry register"
        raise NotFound(f"no model is named {name!r}; {hint}")
    return model


def state_of(model: RegisteredModel) -> ModelState:
    """What transitions are computed on, as the database has it now: two queries."""
    rows = ModelVersion.objects.filter(model=model).order_by("number")
    versions = {
        number: VersionState(number=number, stage=cast(Stage, stage), beats_baseline=beats)
        for number, stage, beats in rows.values_list("number", "stage", "beats_baseline")
    }
    aliases = dict(Alias.objects.filter(model=model).values_list("alias", "version__number"))
    return ModelState(name=model.name, versions=versions, aliases=aliases, former=tuple(model.former))


def find_version(name: str, reference: int | str = "champion") -> ModelVersion:
    """The version of a model that is meant: a number, "latest", "champion" or an alias; NotFound with what there is."""
    model = find_model(name)
    number = state_of(model).number_of(reference)
    return ModelVersion.objects.select_related("model", "parent__model").get(model=model, number=number)


def champion(name: str) -> ModelVersion | None:
    """The version that serves under this name, or None; NotFound for a name that does not exist."""
    found = ModelVersion.objects.select_related("model").filter(model__name=name, stage="champion").first()
    if found is None:
        find_model(name)
    return found
