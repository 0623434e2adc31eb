"""Which versions should serve, as the registry says, and their files."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from augury_server.caching.borrowed import borrowed_connection
from augury_server.database.explaining import explained
from augury_server.serving.hosted import reference_of

__all__ = ["WantedVersion", "open_wanted", "wanted_versions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedVersion:
    """A registered version that should be in memory; `champion`: it answers for the model's bare name."""

    name: str
    version: int
    content_sha256: str
    artefact_id: str
    champion: bool

    @property
    def reference(self) -> str:
        """ "trend@3"."""
        return reference_of(self.name, self.version)


def wanted_versions(names: Collection[str], others: Collection[tuple[str, int]] = ()) -> tuple[WantedVersion, ...]:
    """The champions of the models named, or of every model where none is, and `others` by name and number.

    One query; call it from a thread without an event loop. What does not exist is left out. Raises Unavailable when the
    database is away.
    """
    from django.db.models import Q

    from augury_server.registry.models import ModelVersion

    which = Q(stage="champion", model__name__in=names) if names else Q(stage="champion")
    for name, number in others:
        which |= Q(model__name=name, number=number)
    columns = ("model__name", "number", "content_sha256", "artefact_id", "stage")
    with borrowed_connection(), explained("read which models should serve"):
        rows = list(ModelVersion.objects.filter(which).order_by("model__name", "number").values_list(*columns))
    return tuple(
        WantedVersion(
            name=name, version=number, content_sha256=sha256, artefact_id=artefact, champion=stage == "champion"
        )
        for name, number, sha256, artefact, stage in rows
    )


def open_wanted(version: WantedVersion) -> Path:
    """The folder of a version, every byte verified (see `augury_server.registry.opening.open_version`)."""
    from augury_server.registry.models import ModelVersion
    from augury_server.registry.opening import open_version

    with borrowed_connection(), explained(f"open {version.reference}"):
        row = ModelVersion.objects.select_related("model").get(
            model__name=version.name, number=version.version, content_sha256=version.content_sha256
        )
        return open_version(row)
