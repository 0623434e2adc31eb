"""The peer MLflow: `python serving_mlflow.py FOLDER` saves a model that `mlflow models serve` then serves."""

from __future__ import annotations

import os
import sys
from typing import Any

import mlflow.pyfunc
import numpy as np


class Predict(mlflow.pyfunc.PythonModel):
    """One model."""

    def load_context(self, context: Any) -> None:
        """Open the graph once."""
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(context.artifacts["graph"], options)
        self.feed = self.session.get_inputs()[0].name

    def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:  # noqa: ARG002
        """Probabilities of rows."""
        return self.session.run(None, {self.feed: np.asarray(model_input, dtype=np.float32)})[0]


if __name__ == "__main__":
    mlflow.pyfunc.save_model(
        sys.argv[1], python_model=Predict(), artifacts={"graph": os.environ["AUGURY_BENCH_GRAPH"]}, pip_requirements=[]
    )
