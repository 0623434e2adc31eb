"""The peer BentoML: `bentoml serve serving_bento:Predict`, in an environment of its own."""

from __future__ import annotations

import os

import bentoml
import numpy as np
import onnxruntime


@bentoml.service(workers=1)
class Predict:
    """One model."""

    def __init__(self) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(os.environ["AUGURY_BENCH_GRAPH"], options)
        self.feed = self.session.get_inputs()[0].name

    @bentoml.api
    def predict(self, rows: list[list[float]]) -> list[list[float]]:
        """Probabilities of rows."""
        return self.session.run(None, {self.feed: np.array(rows, dtype=np.float32)})[0].tolist()
