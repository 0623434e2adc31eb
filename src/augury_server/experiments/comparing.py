"""Whether two versions can be compared at all: verified files, the same inputs, the same answers."""

from __future__ import annotations

from collections.abc import Iterable

from augury.errors import Refused
from augury.learning import Manifest, load_artefact
from augury_server.registry.models import ModelVersion
from augury_server.registry.opening import open_version

__all__ = ["differences", "refuse_unlike"]

_SHOWN = 8


def refuse_unlike(control: ModelVersion, treatment: ModelVersion) -> None:
    """Open both versions, every byte verified, and refuse two that do not read and say the same things.

    Raises Refused with each difference, InvalidArtefact for a damaged version, Unavailable when the store is away.
    """
    ours, theirs = (load_artefact(open_version(version)).manifest for version in (control, treatment))
    found = differences(ours, theirs)
    if found:
        raise Refused(
            f"{control} and {treatment} cannot be compared: {'; '.join(found)}. An experiment needs two versions with "
            "the same inputs and classes"
        )


def differences(control: Manifest, treatment: Manifest) -> tuple[str, ...]:
    """In what two models' inputs and answers differ, in words; empty where they are alike."""
    found = []
    for what in ("columns", "feature_ids", "classes"):
        ours, theirs = getattr(control, what), getattr(treatment, what)
        if ours != theirs:
            found.append(f"{what.replace('_', ' ')}: {_between(ours, theirs)}")
    shapes = [[(form.kind, *form.shape) for form in manifest.inputs] for manifest in (control, treatment)]
    if shapes[0] != shapes[1]:
        found.append(f"inputs: {_forms(shapes[0])} against {_forms(shapes[1])}")
    for what in ("task", "label", "sequence_bars", "chart"):
        ours, theirs = getattr(control, what), getattr(treatment, what)
        if ours != theirs:
            found.append(f"{what.replace('_', ' ')}: {ours!r:.120} against {theirs!r:.120}")
    return tuple(found)


def _between(ours: tuple[str, ...], theirs: tuple[str, ...]) -> str:
    lacking = [name for name in ours if name not in theirs]
    added = [name for name in theirs if name not in ours]
    if not lacking and not added:
        return f"the same in another order, {_listed(ours)} against {_listed(theirs)}"
    parts = [f"the treatment lacks {_listed(lacking)}"] if lacking else []
    parts += [f"the control lacks {_listed(added)}"] if added else []
    return " and ".join(parts)


def _listed(names: Iterable[str]) -> str:
    every = list(names)
    return ", ".join(every[:_SHOWN]) + (f" and {len(every) - _SHOWN} more" if len(every) > _SHOWN else "")


def _forms(shapes: Iterable[tuple[str | int | None, ...]]) -> str:
    return ", ".join(f"{kind}[{', '.join('any' if size is None else str(size) for size in shape)}]"
                     for kind, *shape in shapes)  # fmt: skip
