"""Finding an experiment by its name."""

from __future__ import annotations

from augury.errors import NotFound, nearest
from augury_server.experiments.listing import list_experiments
from augury_server.experiments.models import Experiment

__all__ = ["find_experiment"]

_SHOWN = 1000


def find_experiment(name: str, *, lock: bool = False) -> Experiment:
    """The experiment of that name with its versions; NotFound with near names.

    `lock`: its row is locked until the transaction ends.
    """
    if lock:
        Experiment.objects.select_for_update().filter(name=name).first()
    found: Experiment | None = list_experiments().filter(name=name).first()
    if found is None:
        known = list(Experiment.objects.values_list("name", flat=True)[:_SHOWN])
        hint = nearest(name, known) if known else "none was started yet: augury experiments start"
        raise NotFound(f"no experiment is named {name!r}; {hint}")
    return found
