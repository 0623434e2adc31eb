"""The peer of `bench_jobs`: Celery alone over the same broker, a task that notes the time and does nothing else."""

from __future__ import annotations

import os
import time

from celery import Celery

app = Celery("bare", broker=os.environ["BARE_BROKER"], fixups=[])
app.conf.update(
    broker_connection_retry_on_startup=True,
    task_acks_late=True,
    task_default_queue="bare",
    task_ignore_result=True,
    worker_hijack_root_logger=False,
    worker_prefetch_multiplier=1,
)
if folder := os.environ.get("BARE_FOLDER"):
    app.conf.broker_transport_options = {
        "control_folder": f"{folder}/control", "data_folder_in": folder, "data_folder_out": folder,
        "polling_interval": 0.1,
    }  # fmt: skip


@app.task(name="bare.note")
def note(number: int) -> None:
    """Append the time in one write."""
    descriptor = os.open(os.environ["BARE_NOTES"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(descriptor, f"{number} {time.time()}\n".encode())
    os.close(descriptor)
