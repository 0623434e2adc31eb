"""The Celery application: messengers that carry a job's id, and nothing that would have to be believed.

Celery is imported by the first message: many commands send none.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from augury_server.settings import Settings, current_settings

if TYPE_CHECKING:
    from celery import Celery

__all__ = ["TASK", "broker_queue", "celery_app", "declare_queues", "messages_folder"]

TASK = "augury.run_job"
FOREIGN = ("CELERY_BROKER_URL", "CELERY_BROKER_READ_URL", "CELERY_BROKER_WRITE_URL", "CELERY_RESULT_BACKEND",
           "CELERY_LOADER")  # fmt: skip
"""Variables of the environment that Celery obeys before its configuration; another project's must not redirect us."""


def messages_folder(settings: Settings) -> Path:
    """Where messages lie when there is no Redis."""
    return settings.home / "messages"


def broker_queue(name: str) -> Any:
    """The broker's queue of a queue of jobs."""
    from kombu import entity

    kombu: Any = entity
    return kombu.Queue(f"augury-{name}", kombu.Exchange("augury", type="direct", durable=True), routing_key=name)


def declare_queues(app: Celery, names: Sequence[str]) -> None:
    """Make queues of jobs known to the application, as a worker that serves them needs."""
    for name in names:
        app.amqp.queues.add(broker_queue(name))


def celery_app() -> Celery:
    """The application of this process's settings; the same one as long as they are the same."""
    settings = current_settings()
    url = settings.redis.url.get_secret_value() if settings.redis.url else None
    return _app(url, messages_folder(settings))


@lru_cache(maxsize=8)
def _app(redis_url: str | None, folder: Path) -> Celery:
    from celery import Celery

    for name in FOREIGN:
        os.environ.pop(name, None)
    app = Celery("augury", set_as_current=False, fixups=[], loader="app")
    app.conf.update(_CONFIGURATION)
    app.conf.update(_redis(redis_url) if redis_url else _files(folder))
    app.task(name=TASK, ignore_result=True, acks_late=True, max_retries=0)(_run)
    return app


def _run(job_id: str) -> None:
    from augury_server.jobs.worker_process import run_message  # only workers execute

    run_message(job_id)


_CONFIGURATION: dict[str, Any] = {
    "accept_content": ["json"],
    "broker_connection_retry_on_startup": True,
    "broker_connection_max_retries": None,
    "broker_heartbeat": 0,
    "enable_utc": True,
    "event_serializer": "json",
    "result_backend": None,
    "task_acks_late": True,
    "task_create_missing_queues": True,
    "task_default_queue": "augury-default",
    "task_ignore_result": True,
    "task_publish_retry": False,
    "task_serializer": "json",
    "task_store_errors_even_if_ignored": False,
    "timezone": "UTC",
    "worker_cancel_long_running_tasks_on_connection_loss": False,
    "worker_hijack_root_logger": False,
    "worker_lost_wait": 1.0,  # a child that is killed makes room for the next one after so many seconds
    "worker_prefetch_multiplier": 1,
    "worker_redirect_stdouts": False,
    "worker_send_task_events": False,
}


def _redis(url: str) -> dict[str, Any]:
    return {
        "broker_url": url,
        "broker_transport_options": {
            "global_keyprefix": "augury:",
            "health_check_interval": 10,
            "socket_connect_timeout": 2.0,
            "socket_keepalive": True,
            "socket_timeout": 5.0,
            "visibility_timeout": 3600,
        },
        "worker_enable_remote_control": True,
    }


def _files(folder: Path) -> dict[str, Any]:
    for place in (folder, folder / "control"):
        place.mkdir(parents=True, exist_ok=True)
    return {
        "broker_url": "filesystem://localhost",
        "broker_transport": "augury_server.jobs.file_messages:Transport",
        "broker_transport_options": {
            "control_folder": str(folder / "control"),
            "data_folder_in": str(folder),
            "data_folder_out": str(folder),
            "polling_interval": 0.1,
        },
        "worker_enable_remote_control": False,  # answers of workers that are gone would pile up as files
    }
