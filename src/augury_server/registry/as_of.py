"""Which version was champion at a time."""

from __future__ import annotations

from datetime import UTC, datetime

from augury.errors import InvalidInput
from augury_server.registry.finding import find_model
from augury_server.registry.models import ModelVersion, Transition

__all__ = ["as_of"]


def as_of(name: str, time: datetime) -> ModelVersion | None:
    """The version that was champion of a model at `time`, a change at that very moment included; None: there was none.

    One row read by index, however long the history. For a time to come it is the champion there is now. Raises
    NotFound for a model that does not exist, and InvalidInput for a time without a zone.
    """
    if time.tzinfo is None:
        raise InvalidInput(f"expected a time with its zone, got {time.isoformat()}; add +00:00 for UTC")
    found = (
        Transition.objects.filter(model__name=name, at__lte=time.astimezone(UTC))
        .select_related("champion__model")
        .order_by("-at", "-sequence")
        .first()
    )
    if found is None:
        find_model(name)
        return None
    return found.champion
