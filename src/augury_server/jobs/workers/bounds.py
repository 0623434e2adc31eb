"""Between how many worker processes the supervisor may choose: the settings' bounds, or those that somebody set."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from augury.errors import InvalidInput
from augury_server.accounts.actor import current_actor
from augury_server.jobs.models import ScalingBounds
from augury_server.settings import current_settings

__all__ = ["Bounds", "bounds_of", "reset_bounds", "set_bounds"]

MOST = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Fewest and most worker processes of one machine; `by` is empty when they are the settings'."""

    minimum: int
    maximum: int
    by: str = ""


def bounds_of(queue: str) -> Bounds:
    """The bounds in force for the workers of a queue."""
    row = ScalingBounds.objects.filter(queue=queue).first()
    if row is not None:
        return Bounds(minimum=row.minimum, maximum=row.maximum, by=row.by or "unknown")
    settings = current_settings().jobs
    return Bounds(minimum=settings.autoscale_min, maximum=max(settings.autoscale_max, settings.autoscale_min))


def set_bounds(
    minimum: int, maximum: int, *, queue: str = "default", by: str = "", now: datetime | None = None
) -> None:
    """Let supervisors, running ones at their next look, keep between so many workers. Raises InvalidInput."""
    if not 1 <= minimum <= maximum <= MOST:
        raise InvalidInput(f"expected 1 <= fewest <= most <= {MOST} workers, got {minimum} and {maximum}")
    values = {"minimum": minimum, "maximum": maximum, "by": by or current_actor(), "at": now or datetime.now(UTC)}
    ScalingBounds.objects.update_or_create(queue=queue, defaults=values)


def reset_bounds(*, queue: str = "default") -> None:
    """Go back to the bounds of the settings."""
    ScalingBounds.objects.filter(queue=queue).delete()
