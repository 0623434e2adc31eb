"""A model version in memory, ready to answer."""

from __future__ import annotations

from dataclasses import dataclass, field

from augury.learning import Manifest
from augury_server.serving.served_predictor import ServedPredictor
from augury_server.serving.warming import Pace

__all__ = ["HostedModel", "reference_of"]


def reference_of(name: str, version: int) -> str:
    """How a version is named: "trend@3"."""
    return f"{name}@{version}"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, weakref_slot=True)
class HostedModel:
    """One version of a model, its files verified, its graph loaded and warmed; it never changes.

    `artefact_id` is the manifest's model id, `content_sha256` the hash over all files. `pace` is what warming measured.
    """

    name: str
    version: int
    artefact_id: str
    content_sha256: str
    predictor: ServedPredictor = field(repr=False)
    pace: Pace

    @property
    def reference(self) -> str:
        """ "trend@3"."""
        return reference_of(self.name, self.version)

    @property
    def manifest(self) -> Manifest:
        """What is known about the model."""
        return self.predictor.manifest

    @property
    def classes(self) -> tuple[str, ...]:
        """From the most bearish on; none for a regression."""
        return self.predictor.manifest.classes

    @property
    def etag(self) -> str:
        """The entity tag of this version's description, with its quotes: it changes with version and content."""
        return f'"{self.version}-{self.content_sha256[:16]}"'
