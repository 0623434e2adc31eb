"""A wanted version made ready: its files opened and verified, its graph loaded, warmed and measured."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from augury.errors import InvalidArtefact
from augury.learning import Manifest, load_artefact
from augury_server.serving.hosted import HostedModel
from augury_server.serving.served_predictor import ServedPredictor
from augury_server.serving.wanted import WantedVersion
from augury_server.serving.warming import warm

__all__ = ["Opener", "load_version"]

Opener = Callable[[WantedVersion], Path]
"""Gives the folder of a version, its files verified."""

_LONGEST_CLASS = 50


def load_version(wanted: WantedVersion, open_folder: Opener, *, threads: int = 1) -> HostedModel:
    """Everything that must be done before a version may answer.

    Raises what opening raises (Unavailable, InvalidArtefact), and InvalidArtefact for files that are not the version's
    artefact or whose graph does not run.
    """
    artefact = load_artefact(open_folder(wanted))
    if artefact.model_id != wanted.artefact_id:
        raise InvalidArtefact(
            f"the files of {wanted.reference} are those of {artefact.model_id}, not of {wanted.artefact_id}; register "
            "the artefact again"
        )
    _refuse_long_classes(artefact.manifest)
    predictor = ServedPredictor(artefact, threads=threads)
    return HostedModel(
        name=wanted.name,
        version=wanted.version,
        artefact_id=wanted.artefact_id,
        content_sha256=wanted.content_sha256,
        predictor=predictor,
        pace=warm(predictor),
    )


def _refuse_long_classes(manifest: Manifest) -> None:
    """What could not be recorded is not served."""
    for name in manifest.classes:
        if len(name) > _LONGEST_CLASS or not name.isprintable():
            raise InvalidArtefact(
                f"{manifest.model_id} has a class {name!r:.80}; names of classes should be printable, at most "
                f"{_LONGEST_CLASS} characters: export the model with shorter ones"
            )
