"""A big universe shared between jobs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from augury.errors import InvalidInput
from augury.market.times import instant, iso
from augury_server.jobs.submit import submit
from augury_server.signals.generate import symbols_of
from augury_server.signals.requests import GenerateRequest
from augury_server.signals.universes import find_universe

__all__ = ["Part", "share_universe"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Symbols that one job judges; `job_id` is empty in a dry run."""

    part: str
    symbols: tuple[str, ...]
    job_id: str


def share_universe(
    request: GenerateRequest,
    jobs: int,
    *,
    by: str = "",
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> tuple[Part, ...]:
    """Submit the jobs that judge a universe together, all as of the same moment; each hears the news of the whole.

    Submitting the same again gives the same jobs: what is asked as of a moment is asked once. The signals are those
    of one run over everything. Raises InvalidInput for fewer than one job, and what `find_universe` raises.
    """
    if jobs < 1:
        raise InvalidInput(f"a universe is shared between at least one job, got {jobs}")
    universe = find_universe(request.universe)
    symbols = request.only or tuple(symbols_of(universe))
    at = iso(instant(now(), what="now") if request.at_ns is None else request.at_ns)
    count = min(jobs, len(symbols))
    parts = []
    for number in range(count):
        some = tuple(symbols[number::count])
        part = f"{number + 1}/{count}"
        options = {
            "name": universe.name, "only": some, "at": at, "last": request.last, "model": request.model, "part": part,
        }  # fmt: skip
        job_id = ""
        if not request.dry_run:
            key = f"universe.generate {universe.pk} {at} {request.last} {request.model} {part}"
            job_id = str(submit("universe.generate", options, by=by, key=key[:200]).pk)
        parts.append(Part(part=part, symbols=some, job_id=job_id))
    return tuple(parts)
