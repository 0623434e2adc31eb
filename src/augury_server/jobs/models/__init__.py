"""The rows of the room: jobs with their history, schedules, workers and how their number changed."""

from __future__ import annotations

from augury_server.jobs.models.job import ENDED, Job, JobEvent, State
from augury_server.jobs.models.schedule import CatchUp, Schedule
from augury_server.jobs.models.worker import ScalingBounds, ScalingEvent, Worker, WorkerState

__all__ = [
    "ENDED",
    "CatchUp",
    "Job",
    "JobEvent",
    "ScalingBounds",
    "ScalingEvent",
    "Schedule",
    "State",
    "Worker",
    "WorkerState",
]
