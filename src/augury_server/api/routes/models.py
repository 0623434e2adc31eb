"""GET /models and /models/{model}: what answers here, with its evidence; POST /models/update: look for changes now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from augury_server.accounts.actor import acting
from augury_server.accounts.audit import audited
from augury_server.api.described_paths import described
from augury_server.api.etags import etag_of, is_unchanged
from augury_server.api.json_bodies import JSON, encoded
from augury_server.api.model_cards import ModelDetail, ModelList, cards, detail_of
from augury_server.api.security import require_role
from augury_server.api.work_threads import in_database
from augury_server.database.explaining import explained
from augury_server.serving.host import ModelHost

__all__ = ["UpdateReply", "openapi", "routes"]


class UpdateReply(msgspec.Struct, frozen=True, kw_only=True):
    """What looking for changes changed: references that are hosted since, those no longer, new champions by name."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    champions: dict[str, str]
    problems: dict[str, str]


async def list_models(request: Request) -> Response:
    """Every hosted version."""
    return _tagged(request, cards(request.app.state.augury.host))


async def show_model(request: Request) -> Response:
    """One version, by "name", "name@champion" or "name@3"."""
    return _tagged(request, detail_of(request.app.state.augury.host, request.path_params["model"]))


async def update_models(request: Request) -> Response:
    """Ask the registry now, instead of within `serving.refresh_seconds`."""
    principal = require_role(request.scope, "operator")
    host: ModelHost = request.app.state.augury.host

    def look() -> UpdateReply:
        with acting(principal.actor), explained("record that models were updated"), audited("models.update"):
            before = _references(host)
            problems = host.refresh()
            return _changes(before, _references(host), problems)

    return Response(encoded(await in_database(look)), media_type=JSON)


def _references(host: ModelHost) -> dict[str, str]:
    """What every reference leads to."""
    found = {}
    for card in cards(host).models:
        found[card.reference] = card.artefact
        if card.champion:
            found[card.name] = card.reference
    return found


def _changes(before: Mapping[str, str], after: Mapping[str, str], problems: Mapping[str, str]) -> UpdateReply:
    def hosted(references: Mapping[str, str]) -> set[str]:
        return {reference for reference in references if "@" in reference}

    return UpdateReply(
        added=tuple(sorted(hosted(after) - hosted(before))),
        removed=tuple(sorted(hosted(before) - hosted(after))),
        champions={name: to for name, to in after.items() if "@" not in name and before.get(name) != to},
        problems=dict(problems),
    )


def _tagged(request: Request, value: Any) -> Response:
    content = encoded(value)
    etag = etag_of(content)
    headers = {"etag": etag, "cache-control": "private, no-cache"}
    if is_unchanged(request.headers, etag):
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=JSON, headers=headers)


routes = [
    Route("/models", list_models),
    Route("/models/update", update_models, methods=["POST"]),
    Route("/models/{model}", show_model),
]


def _described(name: str, summary: str, reply: Any) -> dict[str, Any]:
    found = described(name, summary, reply=reply, problems=("not-found",), tag="models")
    found["responses"]["304"] = {"description": "As it was when the ETag was given."}
    return found


openapi: dict[str, dict[str, Any]] = {
    "/models": {"get": _described("list_models", "What answers here, with its evidence.", ModelList)},
    "/models/{model}": {
        "get": _described("show_model", "One version: its card, its manifest, its pace.", ModelDetail)
        | {"parameters": [{"name": "model", "in": "path", "required": True, "schema": {"type": "string"}}]}
    },
    "/models/update": {
        "post": described(
            "update_models", "Look for promoted versions now (operator).", reply=UpdateReply, tag="models"
        )
    },
}
