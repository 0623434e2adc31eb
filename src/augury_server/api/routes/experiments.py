"""Experiments: list, look, start, stop."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from augury_server.accounts.keyring import Principal
from augury_server.api.idempotency import IDEMPOTENCY_HEADER, answered_once
from augury_server.api.pagination import MOST_ROWS, PageQuery, PlainText, cursor_of, next_link, place_of_cursor
from augury_server.api.problem_responses import problem_responses
from augury_server.api.running_operations import run_verb
from augury_server.api.security import needs, principal_of
from augury_server.api.work_threads import in_database, run_work
from augury_server.experiments.reading import ExperimentRecord, count_variants, read_experiment, read_experiments
from augury_server.operations.table import Table

__all__ = ["router"]

router = APIRouter(prefix="/experiments", tags=["experiments"])

_PROBLEMS = problem_responses("not-found", "conflict")

Viewer = Annotated[Principal, Depends(needs("viewer"))]
Name = Annotated[PlainText, Path(min_length=1, max_length=100, description="The experiment's name.")]
Reason = Annotated[str, Field(min_length=1, max_length=10_000, description="Why; it is kept with the experiment.")]
DryRun = Annotated[bool, Field(description="Show what would be done and do nothing.")]
Version = Annotated[int, Field(ge=1)] | Annotated[str, Field(min_length=1, max_length=100)]


class StartRequest(BaseModel):
    """What to start: a version of a model against its champion."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=100, description="Letters, digits, '.', '_' and '-'; used once.")
    model: str = Field(min_length=1, max_length=100, description="The model's name.")
    treatment: Version = Field(description="The version that is tried: a number, latest or an alias.")
    control: Version = Field("champion", description="What it is compared with, which must be the champion.")
    mode: Literal["split", "shadow"] = Field(
        "split", description="split: each unit is answered by one of both; shadow: all by the control, both run."
    )
    unit: Literal["symbol", "symbol_day"] = Field("symbol", description="What is assigned as one.")
    share: float | None = Field(
        None, gt=0.0, lt=1.0, description="Split: fraction of units that the treatment answers; 0.5 if left out."
    )
    days: float = Field(7.0, gt=0.0, le=366.0, description="Planned length; it ends by itself then.")
    reason: Reason
    dry_run: DryRun = False


class ListQuery(PageQuery):
    """Which experiments, and which page of them."""

    model: PlainText | None = Field(None, max_length=100, description="Only those of this model.")
    state: Literal["running", "stopped"] | None = Field(None, description="Only those in this state.")
    limit: int = Field(50, ge=1, le=MOST_ROWS, description="How many on a page.")


class StopRequest(BaseModel):
    """Why to stop."""

    model_config = ConfigDict(extra="forbid")

    reason: Reason
    dry_run: DryRun = False


class Experiment(BaseModel):
    """An experiment: "running" is in force; "ended" and "overtaken" are out of force and wait for being stopped."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    model: str
    control: int
    treatment: int
    mode: Literal["split", "shadow"]
    unit: Literal["symbol", "symbol_day"]
    share: float
    salt: str
    standing: Literal["running", "ended", "overtaken", "stopped"]
    started_at: datetime
    started_by: str
    reason: str
    ends_at: datetime
    stopped_at: datetime | None
    stopped_by: str
    stop_reason: str


class VariantCount(BaseModel):
    """Recorded predictions of one variant; `judged`: those whose outcome is known."""

    model_config = ConfigDict(from_attributes=True)

    variant: str
    version: int
    predictions: int
    judged: int


class ExperimentWithCounts(Experiment):
    """An experiment with what was recorded under it."""

    variants: list[VariantCount]


class Started(BaseModel):
    """What came of a start: `new` is False where it ran already; `experiment` is null in a dry run."""

    new: bool
    dry_run: bool
    experiment: Experiment | None


class Stopped(BaseModel):
    """What came of a stop."""

    dry_run: bool
    experiment: Experiment


class Experiments(BaseModel):
    """A page of experiments, newest first; `next` is the cursor of the page after this one."""

    experiments: list[Experiment]
    next: str | None


@router.get("", summary="List experiments, newest first", responses=_PROBLEMS)
async def list_experiments(
    request: Request, response: Response, _: Viewer, asked: Annotated[ListQuery, Query()]
) -> Experiments:
    """A page of experiments."""
    limit = asked.limit
    before = place_of_cursor(asked.cursor, lambda parts: min(int(parts[0]), 2**62))
    found = await in_database(read_experiments, asked.model, state=asked.state, before=before, limit=limit + 1)
    more = cursor_of(found[limit - 1].number) if len(found) > limit else None
    response.headers.update(next_link(request.url, more))
    return Experiments(experiments=[_shown(one) for one in found[:limit]], next=more)


@router.get("/{name}", summary="Show an experiment, with what was recorded under it", responses=_PROBLEMS)
async def show_experiment(name: Name, _: Viewer) -> ExperimentWithCounts:
    """One experiment."""

    def read() -> ExperimentWithCounts:
        found = read_experiment(name)
        counts = [VariantCount.model_validate(one) for one in count_variants(found.name)]
        return ExperimentWithCounts(**_shown(found).model_dump(), variants=counts)

    return await in_database(read)


@router.post(
    "",
    summary="Start an experiment",
    status_code=201,
    response_model=Started,
    responses={**_PROBLEMS, 200: {"model": Started, "description": "A dry run, or it runs as asked already"}},
    openapi_extra={"parameters": [IDEMPOTENCY_HEADER]},
)
async def start_experiment(body: StartRequest, request: Request) -> Response:
    """201 with its address for a new one; 200 for a dry run, or where it runs as asked already."""
    principal = principal_of(request.scope)

    def work() -> Started:
        options = body.model_dump(exclude_none=True)
        options |= {"treatment": str(body.treatment), "control": str(body.control)}
        done = run_verb("experiments.start", options, principal)
        assert isinstance(done, Table)
        shown = None if body.dry_run else _shown(read_experiment(body.name))
        return Started(new=bool(done.facts["new"]), dry_run=body.dry_run, experiment=shown)

    async def answer(_: int | None) -> Response:
        started = await run_work("experiments.start", principal.key_id, work)
        made = started.new and not body.dry_run
        headers = {"location": f"{router.prefix}/{body.name}"} if made else {}
        return JSONResponse(started.model_dump(mode="json"), 201 if made else 200, headers)

    return await answered_once(request, await request.body(), answer, repeatable=True)


@router.post(
    "/{name}/stop",
    summary="Stop an experiment; its record stays",
    response_model=Stopped,
    responses=_PROBLEMS,
    openapi_extra={"parameters": [IDEMPOTENCY_HEADER]},
)
async def stop_experiment(name: Name, body: StopRequest, request: Request) -> Response:
    """Stopping a stopped one changes nothing."""
    principal = principal_of(request.scope)

    def work() -> Stopped:
        run_verb("experiments.stop", {"name": name, **body.model_dump()}, principal)
        return Stopped(dry_run=body.dry_run, experiment=_shown(read_experiment(name)))

    async def answer(_: int | None) -> Response:
        stopped = await run_work("experiments.stop", principal.key_id, work)
        return JSONResponse(stopped.model_dump(mode="json"))

    return await answered_once(request, await request.body(), answer, repeatable=True)


def _shown(record: ExperimentRecord) -> Experiment:
    return Experiment.model_validate(record)
