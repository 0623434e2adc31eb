"""Running a graph: ONNX Runtime on the processor, one thread unless asked, rows alone or together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from augury.errors import InvalidArtefact, InvalidInput
from augury.learning.artefacts.arrays import GraphInput, Probabilities
from augury.learning.artefacts.graph_facts import graph_facts

__all__ = ["GraphSession"]

_TOGETHER = 1024
_ROW_BY_ROW_OPERATORS = {"TreeEnsembleRegressor", "Gather", "Reshape", "Identity", "Concat", "Constant"}
_ROW_BY_ROW_OPERATORS |= {"Add", "Sub", "Mul", "Div", "Sum", "Mean", "Unsqueeze"}
"""Operators that compute each row's numbers in the same order whatever else is in the batch (with one thread)."""


class GraphSession:
    """A graph ready to run on `threads` threads. Safe to call from several threads.

    `batches_are_exact` says that a row's bits are the same alone and in a batch, so that `exact` runs may use batches:
    true of trees, not of matrix products, whose kernels differ with the number of rows.
    """

    def __init__(self, graph: bytes, *, threads: int = 1) -> None:
        if not isinstance(threads, int) or threads < 1:
            raise InvalidInput(f"expected at least 1 thread, got {threads!r}")
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 4
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._failures = _failures()
        try:
            self._session = onnxruntime.InferenceSession(
                graph, options, providers=["CPUExecutionProvider"], enable_fallback=0
            )
        except self._failures as error:
            raise InvalidArtefact(
                f"ONNX Runtime {onnxruntime.__version__} cannot run the graph: {str(error)[:200]}; export it again, "
                "or upgrade with pip install --upgrade onnxruntime"
            ) from error
        self.batches_are_exact = threads == 1 and graph_facts(graph).operators <= _ROW_BY_ROW_OPERATORS
        self.inputs: dict[str, tuple[int | None, ...]] = {
            item.name: tuple(length if isinstance(length, int) else None for length in item.shape)
            for item in self._session.get_inputs()
        }
        self.outputs = tuple(item.name for item in self._session.get_outputs())
        self._first = list(self.outputs[:1])
        self._run = _core_run(self._session)

    def run(self, feeds: Mapping[str, GraphInput], *, exact: bool) -> Probabilities:
        """The first output as float64[m, columns] for inputs of m rows each.

        `exact`: each row has the bits that it has alone, at the price of a call a row where batches are not exact.
        """
        rows = len(next(iter(feeds.values())))
        step = 1 if exact and not self.batches_are_exact else _TOGETHER
        parts = [
            self._call({name: array[start : start + step] for name, array in feeds.items()})
            for start in range(0, rows, step)
        ]
        if not parts:
            return np.empty((0, 1))
        found = np.concatenate(parts).astype(np.float64)
        return found[:, None] if found.ndim == 1 else found

    def _call(self, feeds: Mapping[str, GraphInput]) -> Any:
        try:
            return self._run(self._first, feeds, None)[0]
        except self._failures as error:
            raise InvalidArtefact(f"the graph failed on an input of its own form: {str(error)[:200]}") from error


def _core_run(session: Any) -> Callable[..., Any]:
    """What `InferenceSession.run` calls once it has compared names, a fifth of the time of a small graph.

    Names are right here: feeds are made from the manifest, and a wrong one is refused below as well.
    """
    core = getattr(session, "_sess", None)
    run: Callable[..., Any] = session.run if core is None else core.run
    return run


def _failures() -> tuple[type[Exception], ...]:
    """What ONNX Runtime raises about a graph that it cannot read or run."""
    from onnxruntime.capi import onnxruntime_pybind11_state as errors

    return (
        errors.Fail,
        errors.InvalidArgument,
        errors.InvalidGraph,
        errors.InvalidProtobuf,
        errors.NotImplemented,
        errors.RuntimeException,
        UnicodeDecodeError,  # of names in a damaged graph
    )
