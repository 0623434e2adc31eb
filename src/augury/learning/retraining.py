"""A model trained again: the same features, label, family, options and evidence, on other bars."""

from __future__ import annotations

from typing import Any

from augury.learning.artefacts.manifest import Manifest
from augury.learning.estimators.estimator import Track
from augury.learning.estimators.families import parse_model
from augury.learning.judging import dataset_for
from augury.learning.recipes import recipe_of
from augury.learning.training import Training, train_model
from augury.validation.seeds import Seed

__all__ = ["train_again"]


def train_again(manifest: Manifest, bars: Any, *, seed: Seed | None = None, track: Track | None = None) -> Training:
    """Train the model that a manifest describes on these bars (a frame, or symbol -> frame), as it was trained then.

    Features, label, windows, family and options are the manifest's; held-out share, folds and evaluation are those it
    was trained with, the seed too unless one is given. The new model is judged on the last share of these bars, which
    nothing before looks at. On the bars of then it gives the graph and the figures of then, to the byte. Raises what
    `dataset_for` and `train_model` raise.
    """
    spec, every_bars = recipe_of(manifest)
    dataset = dataset_for(manifest, bars, every_bars=every_bars)
    chosen = (manifest.seed or 0) if seed is None else seed
    return train_model(dataset, _without_seed(manifest.model), spec, seed=chosen, track=track)


def _without_seed(model: str) -> str:
    """The text of a model without the seed that the last fit gave it."""
    name, options = parse_model(model)
    options.pop("seed", None)
    return f"{name}({', '.join(f'{key}={value!r}' for key, value in options.items())})" if options else name
