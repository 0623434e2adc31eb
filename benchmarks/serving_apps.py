"""Peers of `bench_serving` that are ASGI applications: nothing at all, only the inference, FastAPI with pydantic.

`AUGURY_BENCH_GRAPH` names the ONNX graph that all of them run, on one thread. They know no keys, limits, records,
versions or checks of finite numbers: what Augury spends beside them is what it does more.
"""

from __future__ import annotations

import os
from typing import Any

import msgspec
import numpy as np
import onnxruntime
from fastapi import FastAPI
from pydantic import BaseModel
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

EMPTY = b'{"probabilities":[0.5,0.5]}'


_opened: list[tuple[onnxruntime.InferenceSession, str]] = []


def open_graph(path: str) -> None:
    """Open the graph that `run` runs."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options)
    _opened[:] = [(session, session.get_inputs()[0].name)]


if "AUGURY_BENCH_GRAPH" in os.environ:
    open_graph(os.environ["AUGURY_BENCH_GRAPH"])


def run(rows: Any) -> list[list[float]]:
    """Probabilities of rows."""
    session, feed = _opened[0]
    found: list[list[float]] = session.run(None, {feed: np.array(rows, dtype=np.float32)})[0].tolist()
    return found


async def floor(scope: Any, receive: Any, send: Any) -> None:
    """The least an application can do: take the body, answer a constant."""
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body"):
        pass
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(EMPTY)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": EMPTY})


class Rows(msgspec.Struct):
    """Body of the minimal application."""

    row: list[float] | None = None
    rows: list[list[float]] | None = None


decoder, encoder = msgspec.json.Decoder(Rows), msgspec.json.Encoder()


async def _predict(request: Request) -> Response:
    asked = decoder.decode(await request.body())
    if asked.row is not None:
        answer: Any = {"probabilities": run([asked.row])[0]}
    else:
        answer = {"probabilities": run(asked.rows)}
    return Response(encoder.encode(answer), media_type="application/json")


minimal = Starlette(routes=[Route("/predict", _predict, methods=["POST"])])


class Body(BaseModel):
    """Body of the FastAPI application."""

    row: list[float] | None = None
    rows: list[list[float]] | None = None


class Answer(BaseModel):
    """What it answers."""

    probabilities: list[float] | list[list[float]]


typical = FastAPI()


@typical.post("/predict")
async def predict(body: Body) -> Answer:
    """The usual way to serve a model."""
    if body.row is not None:
        return Answer(probabilities=run([body.row])[0])
    return Answer(probabilities=run(body.rows))
