"""A study in a folder: a journal that several processes append to, and the out-of-fold returns of every trial."""

from __future__ import annotations

import contextlib
import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from augury.arrays import FloatMatrix, FloatVector
from augury.errors import Conflict, InvalidInput
from augury.extras import require
from augury.learning.data.dataset import Dataset
from augury.learning.search.search_spec import ModelSearchSpec
from augury.learning.search.seeded_sampler import sampler_of
from augury.learning.search.study_lock import StudyLock

__all__ = ["StudyFolder", "quiet_optuna"]

_NAME = "model_search"


class StudyFolder:
    """`journal.log` holds the trials (lines of JSON, locked while one is written), `returns/` an array for each.

    Processes on one machine, or on several that share the folder, may work on the study at the same time.
    """

    def __init__(self, folder: Path) -> None:
        if folder.exists() and not folder.is_dir():
            raise InvalidInput(f"the storage of a search is a folder, {str(folder)!r} is a file; name another")
        self.folder = folder

    def open(self, model: str, dataset: Dataset, spec: ModelSearchSpec) -> Any:
        """The study, created where there is none; Conflict when it belongs to another data set, model or spec."""
        optuna = require("optuna", extra="learn")
        (self.folder / "returns").mkdir(parents=True, exist_ok=True)
        both = spec.objective == "score_and_latency"
        journal = optuna.storages.journal
        path = self.folder / "journal.log"
        lock = StudyLock(path.with_suffix(".lock"))
        _drop_torn_line(path, lock)
        backend = journal.JournalFileBackend(str(path), lock_obj=lock)
        with quiet_optuna():
            study = optuna.create_study(
                storage=journal.JournalStorage(backend),
                study_name=_NAME,
                directions=["maximize", "minimize"] if both else ["maximize"],
                sampler=sampler_of(spec),
                pruner=_pruner(spec),
                load_if_exists=True,
            )
            self._claim(study, _identity(model, dataset, spec))
        return study

    def keep_returns(self, number: int, returns: FloatVector) -> None:
        """Write the out-of-fold returns float64[rows] of a trial."""
        np.save(self._path(number), returns, allow_pickle=False)

    def returns(self, numbers: list[int], rows: int) -> FloatMatrix:
        """Out-of-fold returns float64[rows, trials], NaN for trials that have none."""
        found = np.full((rows, len(numbers)), np.nan)
        for at, number in enumerate(numbers):
            if self._path(number).exists():
                found[:, at] = np.load(self._path(number), allow_pickle=False)
        return found

    def _path(self, number: int) -> Path:
        return self.folder / "returns" / f"trial_{number:06d}.npy"

    def _claim(self, study: Any, identity: dict[str, Any]) -> None:
        known = study.user_attrs
        for name, value in identity.items():
            if name not in known:
                study.set_user_attr(name, value)
            elif known[name] != value:
                raise Conflict(
                    f"the study in {str(self.folder)!r} was begun with another {name.replace('_', ' ')}: "
                    f"{known[name]!r}, now {value!r}; name another folder, or continue it as it was"
                )


@contextlib.contextmanager
def quiet_optuna() -> Iterator[None]:
    """Optuna without its log lines and its warnings of experimental parts."""
    optuna = require("optuna", extra="learn")
    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            yield
    finally:
        optuna.logging.set_verbosity(level)


def _drop_torn_line(path: Path, lock: StudyLock) -> None:
    """Cut off the half line that a process killed while it wrote has left; the next line would be spoilt by it."""
    if not path.exists():
        return
    lock.acquire()
    try:
        lines = path.read_bytes()
        if not lines.endswith(b"\n"):
            os.truncate(path, lines.rfind(b"\n") + 1)
    finally:
        lock.release()


def _identity(model: str, dataset: Dataset, spec: ModelSearchSpec) -> dict[str, Any]:
    opened_at = dataset.inputs.opened_at
    return {
        "model": model,
        "data_set": dataset.fingerprint,
        "range_of_rows": [len(dataset), int(opened_at[0]), int(opened_at[-1])],
        "search_spec": spec.identity,
    }


def _pruner(spec: ModelSearchSpec) -> Any:
    pruners = require("optuna.pruners", extra="learn")
    if spec.pruner == "none" or spec.objective == "score_and_latency":
        return pruners.NopPruner()
    if spec.pruner == "halving":
        return pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=2)
    return pruners.MedianPruner(n_startup_trials=spec.startup_trials)
