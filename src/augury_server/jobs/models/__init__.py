"""The rows of the room: jobs with their history, schedules, workers and how their number changed, kept answers."""

from __future__ import annotations

from augury_server.jobs.models.job import ENDED, Job, JobEvent, State
from augury_server.jobs.models.kept_answer import KeptAnswer
from augury_server.jobs.models.schedule import CatchUp, Schedule
from augury_server.jobs.models.worker import ScalingBounds, ScalingEvent, Worker, WorkerState

__all__ = [
    "ENDED",
    "CatchUp",
    "Job",
    "JobEvent",
    "KeptAnswer",
    "ScalingBounds",
    "ScalingEvent",
    "Schedule",
    "State",
    "Worker",
    "WorkerState",
]
