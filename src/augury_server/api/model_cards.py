"""What is told of a hosted model: what it reads, what it says, and the evidence for it."""

from __future__ import annotations

from typing import Any

import msgspec

from augury.errors import NotFound
from augury.learning import Manifest
from augury.market.times import iso
from augury_server.registry.lineage import beats_baseline
from augury_server.serving.host import ModelHost
from augury_server.serving.hosted import HostedModel

__all__ = ["Evidence", "ModelCard", "ModelDetail", "ModelList", "cards", "detail_of"]

_VERDICT = ("verdict", "verdict_sentence")


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """Why anybody should believe it: its scores, whether it beat its baseline on held-out time, and the data.

    `beats_baseline` is null where that was never judged. Times are the opens of the first and last training bars, and
    the last bar that a training label looked at: later bars only are out of sample.
    """

    beats_baseline: bool | None
    verdict: str
    scores: dict[str, float]
    trained_from: str | None
    trained_to: str | None
    fit_end: str | None
    symbols: tuple[str, ...]
    data_fingerprint: str


class ModelCard(msgspec.Struct, frozen=True, kw_only=True):
    """A model version in memory, ready to answer; `champion`: it answers for the bare name."""

    name: str
    version: int
    reference: str
    champion: bool
    artefact: str
    family: str
    task: str
    label: str
    classes: tuple[str, ...]
    columns: tuple[str, ...]
    reads: dict[str, tuple[int | None, ...]]
    reads_bars: bool
    reads_nan: bool
    evidence: Evidence


class ModelList(msgspec.Struct, frozen=True, kw_only=True):
    """Every hosted version, and what cannot be hosted as it should."""

    models: tuple[ModelCard, ...]
    problems: dict[str, str]


class ModelDetail(msgspec.Struct, frozen=True, kw_only=True):
    """A version with its manifest, and with what warming measured of it, in microseconds."""

    model: ModelCard
    manifest: dict[str, Any]
    row_us: float
    bars_us: float | None
    why_no_bars: str


def cards(host: ModelHost) -> ModelList:
    """What is hosted now, by name and version."""
    models = host.models()
    champions = {(one.name, one.version) for one in map(host.model, _names(host, models))}
    found = tuple(_card(model, champion=(model.name, model.version) in champions) for model in models)
    return ModelList(models=found, problems=dict(host.problems))


def detail_of(host: ModelHost, reference: str) -> ModelDetail:
    """All about one version; NotFound with the nearest names."""
    model = host.model(reference)
    champions = {host.model(name).version for name in _names(host, (model,))}
    return ModelDetail(
        model=_card(model, champion=model.version in champions),
        manifest=model.manifest.to_dict(),
        row_us=round(model.pace.row_us, 1),
        bars_us=None if model.pace.bars_us is None else round(model.pace.bars_us, 1),
        why_no_bars=model.pace.why_no_bars,
    )


def _names(host: ModelHost, models: tuple[HostedModel, ...]) -> list[str]:
    """Names of those that have a champion."""
    found = []
    for name in sorted({model.name for model in models}):
        try:
            host.model(name)
        except NotFound:
            continue
        found.append(name)
    return found


def _card(model: HostedModel, *, champion: bool) -> ModelCard:
    manifest = model.manifest
    return ModelCard(
        name=model.name,
        version=model.version,
        reference=model.reference,
        champion=champion,
        artefact=model.artefact_id,
        family=manifest.family,
        task=manifest.task,
        label=manifest.label,
        classes=manifest.classes,
        columns=manifest.columns,
        reads={form.name: form.shape for form in manifest.inputs},
        reads_bars=model.pace.bars_us is not None,
        reads_nan=manifest.reads_nan,
        evidence=_evidence(manifest),
    )


def _evidence(manifest: Manifest) -> Evidence:
    return Evidence(
        beats_baseline=beats_baseline(manifest),
        verdict=next((manifest.notes[name] for name in reversed(_VERDICT) if manifest.notes.get(name)), "never judged"),
        scores=dict(manifest.scores),
        trained_from=_told(manifest.first_training_time),
        trained_to=_told(manifest.last_training_time),
        fit_end=_told(manifest.fit_end),
        symbols=manifest.symbols,
        data_fingerprint=manifest.data_fingerprint,
    )


def _told(moment: int | None) -> str | None:
    return None if moment is None else iso(moment)
