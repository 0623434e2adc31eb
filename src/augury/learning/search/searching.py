"""Searching a model's options in one process or several, from scratch or continued."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import BrokenExecutor
from pathlib import Path
from typing import Any

from augury.errors import InvalidInput, Unavailable
from augury.learning.data.dataset import Dataset
from augury.learning.search.fold_scores import search_folds
from augury.learning.search.model_search import ModelSearch, read_search
from augury.learning.search.search_spec import ModelSearchSpec
from augury.learning.search.spaces import search_space
from augury.learning.search.study_folder import StudyFolder
from augury.learning.search.trials import SearchTask, finished_trials, run_trials

__all__ = ["search_model"]

_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def search_model(
    dataset: Dataset,
    model: str,
    spec: ModelSearchSpec | None = None,
    *,
    storage: str | Path | None = None,
    workers: int = 1,
    track: Callable[[Iterable[Any], int], Iterable[Any]] | None = None,
) -> ModelSearch:
    """Search the options of a model (a text; options in it stay as they are) on purged folds of a data set.

    `storage` is a folder that keeps the study: the same call continues it to `spec.trials`, and several processes may
    make that call at once. `workers` processes share the trials here (the last ones may run past `spec.trials` where
    other processes take part too). One process repeats bit for bit by seed, whether or not it was stopped between
    trials and continued; several do not, as each trial learns from those that happen to be over. `track` shows the
    progress over trials, or over workers when there are several.

    Every row used here has been looked at `tried` times: judge the winner on later rows, and deflate its score by
    `tried` and `returns`. Raises InvalidInput for an unknown option or nothing to search, NotEnoughData for too few
    rows, Conflict when the folder holds another study, Refused when no trial could be completed, Unavailable when a
    worker dies, MissingExtra without optuna.
    """
    spec = spec or ModelSearchSpec()
    if workers < 1:
        raise InvalidInput(f"workers should be at least 1, got {workers}")
    search_space(model, spec.space)
    search_folds(dataset, spec)
    if storage is not None:
        return _search(SearchTask(model=model, dataset=dataset, spec=spec, folder=Path(storage)), workers, track)
    with tempfile.TemporaryDirectory(prefix="augury-search-") as folder:
        return _search(SearchTask(model=model, dataset=dataset, spec=spec, folder=Path(folder)), workers, track)


def _search(task: SearchTask, workers: int, track: Callable[[Iterable[Any], int], Iterable[Any]] | None) -> ModelSearch:
    store = StudyFolder(task.folder)
    study = store.open(task.model, task.dataset, task.spec)
    missing = max(task.spec.trials - finished_trials(study), 0)
    if workers == 1 or missing < 2:
        run_trials(task, missing, track)
    else:
        _share_out(task, missing, min(workers, missing), track)
    study = store.open(task.model, task.dataset, task.spec)
    return read_search(study, store, task.model, task.dataset, task.spec)


def _share_out(
    task: SearchTask, missing: int, workers: int, track: Callable[[Iterable[Any], int], Iterable[Any]] | None
) -> None:
    """Hand each worker process its share of the missing trials."""
    from loky import get_reusable_executor

    shares = [missing // workers + (worker < missing % workers) for worker in range(workers)]
    pool = get_reusable_executor(max_workers=workers, env=_ONE_THREAD)
    try:
        waiting = [pool.submit(run_trials, task, share) for share in shares]
        for job in waiting if track is None else track(waiting, workers):
            job.result()
    except BrokenExecutor as error:
        raise Unavailable(
            f"a worker process died ({error}), as a rule for lack of memory; run the same search again to go on, or "
            "with fewer workers"
        ) from error
