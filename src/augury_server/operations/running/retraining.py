"""What the verbs of retraining do."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pandas as pd

from augury import learning, market
from augury.operations.model_inputs import UniverseOptions, nested_track, read_universe, timeframe_notes
from augury.operations.operation import Progress
from augury_server.accounts.actor import current_actor
from augury_server.database.explaining import explained
from augury_server.operations.retraining import StartOptions
from augury_server.operations.running.model_tables import version_facts
from augury_server.operations.table import Table
from augury_server.registry.finding import find_version
from augury_server.registry.opening import open_version
from augury_server.registry.register import register_model

__all__ = ["start"]


def start(spec: StartOptions, progress: Progress) -> Table:
    """Train a version again and register the result under the same name, made from that version."""
    with explained(f"open {spec.name}"):
        version = find_version(spec.name, spec.version)
        manifest = learning.load_artefact(open_version(version)).manifest
    universe = read_universe(spec.files, UniverseOptions(zone=spec.zone, splits=spec.splits))
    notes = (*timeframe_notes(manifest, universe), *universe.notes)
    if spec.dry_run:
        dataset = learning.dataset_for(manifest, universe.bars)
        facts = {
            "version": str(version),
            "model": manifest.model,
            "rows": len(dataset),
            "symbols": ", ".join(dataset.symbols),
            "first": market.iso(int(dataset.inputs.opened_at.min())),
            "last": market.iso(int(dataset.inputs.opened_at.max())),
            "trained to": None if manifest.fit_end is None else market.iso(manifest.fit_end),
        }
        return Table(title=f"{version} would be trained again; nothing was done", facts=facts, notes=notes)
    training = learning.train_again(manifest, universe.bars, track=nested_track(progress, f"Training {version} again"))
    if training.artefact.manifest.model_id == manifest.model_id:
        title = f"these bars give {version} again; nothing was registered"
        return Table(title=title, facts=version_facts(version), notes=notes)
    training = training.dated(pd.Timestamp.now("UTC").floor("s"))
    with tempfile.TemporaryDirectory(prefix="augury-retraining-") as place:
        folder = Path(place) / "model"
        training.write(folder)
        made = register_model(folder, name=spec.name, by=current_actor(), reason=spec.reason, parent=version.number)
    sentence = training.held_out.verdict.sentence
    title = f"{made} is registered, {version} trained again"
    return Table(title=title, facts=version_facts(made), notes=(sentence, *notes, _next(str(made), training)))


def _next(reference: str, training: learning.Training) -> str:
    if training.better:
        return f"{reference} is a candidate: augury experiments start, or augury registry promote, decides on it."
    return f"{reference} is a candidate without evidence that it beats its baseline; promoting it takes --force."
