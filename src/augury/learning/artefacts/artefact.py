"""Artefact: a model's graph with its manifest, checked."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from augury.errors import InvalidArtefact
from augury.learning.artefacts.graph_facts import graph_facts
from augury.learning.artefacts.manifest import Manifest

__all__ = ["Artefact", "check_graph"]

_DOMAINS = {"", "ai.onnx", "ai.onnx.ml", "com.microsoft"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Artefact:
    """A model as one ONNX graph (`graph`, serialised, preprocessing included) and what is known about it.

    `folder` is where it was read from or written to; None for one that was only built in memory.
    """

    manifest: Manifest
    graph: bytes = field(repr=False)
    folder: Path | None = field(default=None, compare=False)

    @property
    def model_id(self) -> str:
        """Family and content hash: what signals and predictions are stamped with."""
        return self.manifest.model_id

    def to_dict(self) -> dict[str, Any]:
        """The manifest as plain values."""
        return self.manifest.to_dict()


def check_graph(graph: bytes, manifest: Manifest) -> None:
    """Refuse a graph that is not the manifest's, refers to other files or asks for operators of its own.

    Raises InvalidArtefact.
    """
    if len(graph) != manifest.graph_bytes:
        raise InvalidArtefact(
            f"model.onnx of {manifest.model_id} holds {len(graph):,} bytes, its manifest says "
            f"{manifest.graph_bytes:,}: it was cut short or altered; copy or export the artefact again"
        )
    if hashlib.sha256(graph).hexdigest() != manifest.graph_sha256:
        raise InvalidArtefact(
            f"model.onnx of {manifest.model_id} does not have the SHA-256 in its manifest: it was altered; copy or "
            "export the artefact again"
        )
    facts = graph_facts(graph)
    if facts.external_data:
        raise InvalidArtefact(
            f"the graph of {manifest.model_id} refers to files outside itself, which are never read; export it with "
            "its weights inside"
        )
    unknown = sorted(facts.domains - _DOMAINS)
    if unknown or facts.functions:
        named = f"operators of {', '.join(map(repr, unknown))}" if unknown else "functions of its own"
        raise InvalidArtefact(
            f"the graph of {manifest.model_id} uses {named}; only the standard operators of ONNX, ONNX-ML and ONNX "
            "Runtime are run: export the model again with Augury"
        )
