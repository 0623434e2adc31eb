"""The Open Inference Protocol, version 2, under /v2: clients of KServe and Triton ask models here unchanged."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.routing import Route

from augury.errors import AuguryError
from augury.version import __version__
from augury_server.api.bodies import read_body
from augury_server.api.call import Receive, Scope, Send
from augury_server.api.described_paths import content, described
from augury_server.api.headers import Pair
from augury_server.api.inference import ask_of_infer, decided, model_metadata, referred, reply_of_infer
from augury_server.api.inference_bodies import InferBody, InferReply, read_infer, split_body
from augury_server.api.json_bodies import encoded, send_json
from augury_server.api.problems import ProblemError, problem_of

__all__ = ["openapi", "routes"]

EXTENSIONS = ("binary_tensor_data",)
_BAD_REQUEST = 400
_UNPROCESSABLE = 422

Answer = Callable[[Scope, Receive, Send], Awaitable[None]]


class ProtocolPath:
    """A path of the protocol: errors are told in its own form, `{"error": ...}`, broken rules with status 400."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application of the path."""
        try:
            await self._answer(scope, receive, send)
        except AuguryError as error:
            problem = problem_of(error)
            if not problem.expected:
                raise
            status = _BAD_REQUEST if problem.kind.status == _UNPROCESSABLE else problem.kind.status
            headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in problem.headers.items()]
            await send_json(send, {"error": problem.detail}, status=status, headers=headers)


async def server(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001 - as every path
    """What this server is."""
    await send_json(send, {"name": "augury", "version": __version__, "extensions": EXTENSIONS})


async def live(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001
    """That the process answers."""
    await send_json(send, {"live": True})


async def ready(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001
    """Whether models are loaded and warm."""
    if not scope["app"].state.augury.host.ready:
        raise ProblemError("unavailable", "models are still being loaded")
    await send_json(send, {"ready": True})


async def model_ready(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001
    """Whether a model, or a version of it, answers here."""
    model = scope["app"].state.augury.host.model(_reference(scope))
    await send_json(send, {"name": model.name, "ready": True})


async def metadata(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001
    """What a model reads and gives."""
    await send_json(send, model_metadata(scope["app"].state.augury.host, _reference(scope)))


async def infer(scope: Scope, receive: Receive, send: Send) -> None:
    """Ask a model about rows of tensors."""
    length = scope["augury"].headers.get(b"inference-header-content-length")
    header, binary = split_body(await read_body(scope, receive), None if length is None else length.decode("latin-1"))
    asked = read_infer(header)
    state, reference = scope["app"].state.augury, _reference(scope)
    route = state.host.route(reference)
    ask = ask_of_infer(
        asked, binary, route, reference, request_id=scope["augury"].request_id, most=state.settings.api.rows
    )
    reply, following = reply_of_infer(asked, route.model, await decided(state.desk, ask, asked))
    if any(following):
        await _send_with_bytes(send, encoded(reply), following)
    else:
        await send_json(send, reply)


async def _send_with_bytes(send: Send, header: bytes, following: list[bytes]) -> None:
    body = b"".join((header, *following))
    headers: list[Pair] = [
        (b"content-type", b"application/octet-stream"),
        (b"content-length", b"%d" % len(body)),
        (b"inference-header-content-length", b"%d" % len(header)),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _reference(scope: Scope) -> str:
    given = scope["path_params"]
    return referred(given["name"], given.get("version"))


_MODEL, _VERSION = "/v2/models/{name}", "/v2/models/{name}/versions/{version}"
_READ: dict[str, tuple[Answer, str]] = {
    "/v2": (server, "What this server is and which extensions of the protocol it has."),
    "/v2/health/live": (live, "Whether the process answers."),
    "/v2/health/ready": (ready, "Whether models are loaded."),
    _MODEL: (metadata, "What a model reads and gives."),
    _VERSION: (metadata, "What a version of a model reads and gives."),
    f"{_MODEL}/ready": (model_ready, "Whether a model answers here."),
    f"{_VERSION}/ready": (model_ready, "Whether a version of a model answers here."),
}
_ASKED = {
    f"{_MODEL}/infer": "Ask a model about rows of tensors, in JSON or in JSON followed by bytes.",
    f"{_VERSION}/infer": "Ask a version of a model about rows of tensors.",
}

routes = [
    *(Route(path, ProtocolPath(infer), methods=["POST"]) for path in _ASKED),
    *(Route(path, ProtocolPath(answer), methods=["GET"]) for path, (answer, _) in _READ.items()),
]

_ERRORS = {
    "400": "The request breaks a rule; the message says which.",
    "401": "No valid key.",
    "403": "The key is not for inference.",
    "404": "No such model.",
    "413": "The body is too large.",
    "415": "The body is compressed in a form that is not read.",
    "429": "Too many requests.",
    "503": "Not ready.",
}


def _described(path: str, method: str, summary: str, body: Any = None, reply: Any = None) -> dict[str, Any]:
    name = "v2_" + path.removeprefix("/v2").strip("/").replace("/", "_").replace("{", "").replace("}", "")
    found = described(f"{name.rstrip('_')}_{method}", summary, tag="open inference protocol", body=body, reply=reply)
    error = {"application/json": {"schema": {"type": "object", "properties": {"error": {"type": "string"}}}}}
    problem = content(dict[str, Any])["application/json"]
    told = {
        code: {"description": text, "content": error | {"application/problem+json": problem}}
        for code, text in _ERRORS.items()
    }
    parameters = [
        {"name": part, "in": "path", "required": True, "schema": {"type": "string"}}
        for part in ("name", "version")
        if "{" + part + "}" in path
    ]
    return found | {"parameters": parameters, "responses": {"200": found["responses"]["200"], **told}}


openapi: dict[str, dict[str, Any]] = {
    **{path: {"get": _described(path, "get", text, reply=dict[str, Any])} for path, (_, text) in _READ.items()},
    **{path: {"post": _described(path, "post", text, InferBody, InferReply)} for path, text in _ASKED.items()},
}
