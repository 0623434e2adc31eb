"""POST /predict, /predict/batch and /predict/stream: questions to models, answered without touching the database.

Plain ASGI: Starlette's request and its frame for errors cost as much as a small model does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.routing import Route

from augury_server.api.answering import BatchReply, ask_of, ask_of_rows, batch_reply
from augury_server.api.call import Receive, Scope, Send
from augury_server.api.described_paths import content, described
from augury_server.api.json_bodies import decoded, encoded, read_record, send_json
from augury_server.api.line_stream import NDJSON, answer_lines, answering
from augury_server.api.predict_bodies import BATCH, PREDICT, BatchBody, PredictBody
from augury_server.serving.asking import Answer
from augury_server.serving.many_rows import FEW

if TYPE_CHECKING:
    from augury_server.api.state import State

__all__ = ["LONGEST_LINE", "openapi", "routes"]

LONGEST_LINE = 1 << 20
"""Bytes of one line of /predict/stream; a history of bars has room in it."""


_MOST_LISTS = FEW + 3
"""More lists than this are many rows (or many columns): decoding them would be for nothing."""


class Predict:
    """POST /predict: answer one question."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application of the path."""
        asked = await read_record(scope, receive, PREDICT)
        state = scope["app"].state.augury
        ask = ask_of(asked, state.host, request_id=scope["augury"].request_id, most=state.settings.api.rows)
        await send_json(send, await state.desk.decide(ask))

    def now(self, state: State, body: bytes, request_id: str) -> bytes | None:
        """The answer where nothing has to be waited for; see `RouteNow`."""
        if state.desk.waits or body.count(b"[") > 1:  # bars
            return None
        asked = PREDICT.decode(body)
        answer = state.desk.decide_now(ask_of(asked, state.host, request_id=request_id, most=state.settings.api.rows))
        return None if answer is None else encoded(answer)


class PredictBatch:
    """POST /predict/batch: answer many questions to one model."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application of the path."""
        asked = await read_record(scope, receive, BATCH)
        state = scope["app"].state.augury
        ask = ask_of_rows(asked, state.host, request_id=scope["augury"].request_id, most=state.settings.api.rows)
        await send_json(send, batch_reply(await state.desk.decide_rows(ask)))

    def now(self, state: State, body: bytes, request_id: str) -> bytes | None:
        """The answers where nothing has to be waited for; see `RouteNow`."""
        if state.desk.waits or body.count(b"[") > _MOST_LISTS:
            return None
        ask = ask_of_rows(BATCH.decode(body), state.host, request_id=request_id, most=state.settings.api.rows)
        found = state.desk.decide_rows_now(ask)
        return None if found is None else encoded(batch_reply(found))


class PredictStream:
    """POST /predict/stream: answer one question a line, while they still arrive; a wrong one is answered as such."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application of the path."""
        state, request_id = scope["app"].state.augury, scope["augury"].request_id
        most = state.settings.api.rows

        async def predict(line: bytes) -> bytes:
            asked = decoded(PREDICT, line, what="the line")
            return encoded(await state.desk.decide(ask_of(asked, state.host, request_id=request_id, most=most)))

        await answer_lines(scope, receive, send, answering(predict, longest=LONGEST_LINE), longest=LONGEST_LINE)


routes = [
    Route("/predict", Predict(), methods=["POST"]),
    Route("/predict/batch", PredictBatch(), methods=["POST"]),
    Route("/predict/stream", PredictStream(), methods=["POST"]),
]

_LINES = {
    "description": "A line each, in order: an answer, or the line's number and what is wrong with it.",
    "content": {NDJSON: {"schema": {"type": "string"}}},
}

openapi: dict[str, dict[str, Any]] = {
    "/predict": {
        "post": described(
            "predict",
            "Ask a model about one bar: its features, or the history up to it.",
            body=PredictBody,
            reply=Answer,
            problems=("not-found",),
            tag="predictions",
        )
    },
    "/predict/batch": {
        "post": described(
            "predict_batch",
            "Ask a model about many rows.",
            body=BatchBody,
            reply=BatchReply,
            problems=("not-found",),
            tag="predictions",
        )
    },
    "/predict/stream": {
        "post": described(
            "predict_stream",
            "Ask line by line, and read answers while asking; the body of each line is that of /predict.",
            tag="predictions",
        )
        | {
            "requestBody": {"required": True, "content": {NDJSON: {"schema": {"type": "string"}}}},
            "x-line": content(PredictBody),
        }
    },
}
openapi["/predict/stream"]["post"]["responses"]["200"] = _LINES
