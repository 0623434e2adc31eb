"""The `models` operation: the artefacts in a folder, each verified, with what they were trained on and scored."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from augury import learning
from augury.errors import AuguryError, NotFound
from augury.operations.operation import Operation, Progress, option
from augury.operations.registry import register
from augury.spec import Spec

if TYPE_CHECKING:
    from augury.learning import Manifest

__all__ = ["FoundModel", "ModelsOptions", "ModelsResult"]

_MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelsOptions(Spec):
    """Options of the `models` operation."""

    folder: Annotated[str, msgspec.Meta(description="The folder that holds artefacts, or a single one.")] = option(
        "models", positional=True, path=True
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundModel:
    """One artefact: its manifest when everything about it is in order, else what is wrong."""

    path: str
    manifest: Manifest | None = field(repr=False)
    trouble: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-ready values."""
        manifest = None if self.manifest is None else self.manifest.to_dict()
        return {"path": self.path, "trouble": self.trouble, "manifest": manifest}


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelsResult:
    """The artefacts by name; the exit code is 1 when one of them is damaged."""

    folder: str
    models: tuple[FoundModel, ...]

    @property
    def exit_code(self) -> int:
        """1 when an artefact cannot be trusted, else 0."""
        return int(any(model.trouble for model in self.models))

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-ready values."""
        return {"folder": self.folder, "models": [model.to_dict() for model in self.models]}


def _run(options: ModelsOptions, progress: Progress) -> ModelsResult:
    folder = Path(options.folder)
    if not folder.is_dir():
        raise NotFound(
            f"there is no folder {folder}; name one that holds models, or train the first: "
            "augury train xgboost sample -o models/first"
        )
    alone = (folder / _MANIFEST).exists()
    places = [folder] if alone else sorted(path.parent for path in folder.glob(f"*/{_MANIFEST}"))
    places = [place for place in places if alone or not place.name.startswith(".")]  # drafts of a killed training
    found = [_found(place) for place in progress.track(places, "Verifying", len(places))]
    return ModelsResult(folder=str(folder), models=tuple(found))


def _found(place: Path) -> FoundModel:
    try:
        return FoundModel(path=str(place), manifest=learning.load_artefact(place).manifest)
    except AuguryError as error:
        return FoundModel(path=str(place), manifest=None, trouble=str(error))


register(
    Operation(
        name="models",
        summary="List the models in a folder: each is verified, with its data, scores and size.",
        example="augury models models",
        spec_type=ModelsOptions,
        result="augury.operations.models:ModelsResult",
        run=_run,
    )
)
