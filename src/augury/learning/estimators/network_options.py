"""Bounds of the options that every neural network's training shares; the defaults stand at the estimators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from msgspec import Meta

from augury.spec import Spec

__all__ = ["Dropout", "TrainingSpec", "training_identity"]

Dropout = Annotated[float, Meta(ge=0.0, lt=1.0)]

_ELSEWHERE = ("device", "checkpoint")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSpec(Spec):
    """How a network is trained; every field is required, since the estimator beside it has the defaults.

    `members` networks are trained from seeds of their own and their predictions averaged. `epochs` bounds the passes
    over the training rows and sets the length of the cosine `schedule`; training ends `patience` epochs after the best
    validation loss. `gradient_clip` bounds the norm of the gradient. `class_weights` weighs every class alike. `device`
    "auto" is a GPU when there is one. `threads` of the processor train and predict: more of them help large networks on
    idle cores, and give other last bits. `checkpoint` names a file that is written after each epoch and resumed from.
    """

    task: Literal["classification", "regression"]
    seed: Annotated[int, Meta(ge=0, le=2**63 - 1)]
    members: Annotated[int, Meta(ge=1, le=50)]
    epochs: Annotated[int, Meta(ge=1, le=10_000)]
    batch_rows: Annotated[int, Meta(ge=2, le=65_536)]
    learning_rate: Annotated[float, Meta(gt=0.0, le=1.0)]
    weight_decay: Annotated[float, Meta(ge=0.0, le=1.0)]
    schedule: Literal["cosine", "constant"]
    patience: Annotated[int, Meta(ge=1, le=10_000)]
    gradient_clip: Annotated[float, Meta(gt=0.0, le=1e6)]
    class_weights: bool
    device: Literal["auto", "cpu", "cuda"]
    threads: Annotated[int, Meta(ge=1, le=1024)]
    checkpoint: Annotated[str, Meta(min_length=1)] | None


def training_identity(family: str, options: TrainingSpec) -> dict[str, Any]:
    """What decides what is learnt, as plain values: the family and all options but where it runs and is kept."""
    plain = options.to_dict()
    return {"family": family} | {name: plain[name] for name in plain if name not in _ELSEWHERE}
