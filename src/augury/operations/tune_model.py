"""The `tune-model` operation: the options of a model family searched on purged folds, shared by several processes."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from augury import learning
from augury.operations.model_inputs import DatasetOptions, Files, dataset_of, nested_track, read_universe, reads_of
from augury.operations.operation import Operation, Progress, option
from augury.operations.places import BARS, WRITTEN
from augury.operations.registry import register

if TYPE_CHECKING:
    from augury.learning import Dataset, ModelSearch

__all__ = ["TuneModelOptions", "TuneModelResult"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TuneModelOptions(DatasetOptions):
    """Options of the `tune-model` operation."""

    model: Annotated[
        str, msgspec.Meta(description="A model family; options given here stay as they are: 'xgboost(max_depth=4)'.")
    ] = option(positional=True)
    files: Files = option(positional=True, path=BARS)
    trials: Annotated[int, msgspec.Meta(ge=1, le=100_000, description="Settings to try in all.")] = option(30)
    workers: Annotated[int, msgspec.Meta(ge=1, le=256, description="Processes that share the trials.")] = option(1)
    storage: Annotated[
        str | None,
        msgspec.Meta(
            description="A folder that keeps the study: run again to continue it, from several processes too."
        ),
    ] = option(None, path=WRITTEN)
    latency: Annotated[
        bool, msgspec.Meta(description="Minimise the latency of a row too: shows the best trades between both.")
    ] = option(False)
    holdout: Annotated[
        float,
        msgspec.Meta(ge=0.0, lt=0.9, description="Last share of the time that the search does not see, for `train`."),
    ] = option(0.2)
    seed: Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1, description="Seed of the search and of every fit.")] = option(
        0
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TuneModelResult:
    """The search, the data set it was made on, and the command that trains what it found.

    `held_back` is the last share of the time, which the search did not see.
    """

    search: ModelSearch
    dataset: Dataset = field(repr=False)
    next_command: str
    held_back: float
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-ready values."""
        search = self.search
        shown = search.trials.drop(columns=["fold_scores"])
        pareto = (
            None if search.pareto is None else search.pareto.drop(columns=["fold_scores"]).to_dict(orient="records")
        )
        return {
            "model": search.model,
            "best_model": search.best_model,
            "best_value": search.best_value,
            "tried": search.tried,
            "trials": shown.astype(object).where(shown.notna(), None).to_dict(orient="records"),
            "importance": search.importance,
            "pareto": pareto,
            "hypervolume": search.hypervolume,
            "rows": len(self.dataset),
            "fingerprint": self.dataset.fingerprint,
            "held_back": self.held_back,
            "next": self.next_command,
            "notes": [*self.notes, *search.notes],
        }


def _run(options: TuneModelOptions, progress: Progress) -> TuneModelResult:
    reads = reads_of(options.model)
    learning.make_model(options.model).checked_options()
    universe = read_universe(options.files, options)
    dataset = dataset_of(universe, options, reads)
    seen = dataset.rows(learning.holdout(dataset, options.holdout).train) if options.holdout > 0.0 else dataset
    spec = learning.ModelSearchSpec(
        trials=options.trials, objective="score_and_latency" if options.latency else "score", seed=options.seed
    )
    search = learning.search_model(
        seen,
        options.model,
        spec,
        storage=options.storage,
        workers=options.workers,
        track=nested_track(progress, "Searching"),
    )
    return TuneModelResult(
        search=search,
        dataset=seen,
        next_command=_command(search.best_model, options),
        held_back=options.holdout,
        notes=universe.notes,
    )


def _command(model: str, options: TuneModelOptions) -> str:
    """The command that trains this model on the same data set, and judges it on the time that the search left out."""
    words = ["augury", "train", model, *options.files, "-o", "models/tuned"]
    for item in fields(DatasetOptions):
        value = getattr(options, item.name)
        flag = f"--{item.name.replace('_', '-')}"
        if value == item.default:
            continue
        if isinstance(value, tuple):
            words += [word for one in value for word in (flag, one)]
        else:
            words += [flag] if value is True else [flag, str(value)]
    if options.holdout > 0.0:
        words += ["--held-out", f"{options.holdout:g}"]
    return shlex.join(words)


register(
    Operation(
        name="tune-model",
        summary="Search the options of a model on purged folds, one objective or score against latency; continuable.",
        example="augury tune-model xgboost sample --trials 30 --workers 2 --storage studies/first",
        spec_type=TuneModelOptions,
        result="augury.operations.tune_model:TuneModelResult",
        run=_run,
        changes_state=True,
        role="operator",
        long=True,
    )
)
