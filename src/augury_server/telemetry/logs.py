"""Logs: one event a line, for people on a terminal and as JSON elsewhere; secrets never appear."""

from __future__ import annotations

import logging
import sys
from typing import Any, Literal

import structlog

__all__ = ["configure_logs", "get_log"]

_HIDDEN = ("password", "secret", "token", "authorization", "api_key", "cookie")


def hide_secrets(_: Any, __: str, event: dict[str, Any]) -> dict[str, Any]:
    """Replace the value of every key that names a secret."""
    return {key: "***" if any(word in key.lower() for word in _HIDDEN) else value for key, value in event.items()}


def configure_logs(level: str, form: Literal["auto", "console", "json"]) -> None:
    """Send structlog's and the standard library's events to standard error, for people or machines (auto: by terminal).

    `level` is the least that is written: debug, info, warning or error.
    """
    machine = form == "json" or (form == "auto" and not sys.stderr.isatty())
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        hide_secrets,
    ]
    if machine:
        last: list[Any] = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    else:
        last = [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last]
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())


def get_log(name: str) -> Any:
    """A logger that takes an event and key-value pairs: `get_log(__name__).info("job ended", job=7)`."""
    return structlog.stdlib.get_logger(name)
