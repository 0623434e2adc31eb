"""`augury server`: start the platform, say how it is, judge the installation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import msgspec

from augury.operations.operation import option
from augury_server.operations.platform import PlatformOptions, Verb, platform_operation

__all__ = ["ServerDoctorOptions", "ServerStatusOptions", "ServerUpOptions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerUpOptions(PlatformOptions):
    """Options of `server up`."""

    host: Annotated[str | None, msgspec.Meta(description="Address to listen on instead of the setting's.")] = option(
        None
    )
    port: Annotated[
        Annotated[int, msgspec.Meta(ge=0, le=65535)] | None,
        msgspec.Meta(description="Port instead of the setting's; 0 takes a free one."),
    ] = option(None, short="-p")
    pair: Annotated[
        bool, msgspec.Meta(description="Start a PostgreSQL and a Redis of its own too (extra 'servers').")
    ] = option(False)
    admin: Annotated[str, msgspec.Meta(description="Name of the first administrator, made when there is none yet.")] = (
        option("admin")
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerDoctorOptions(PlatformOptions):
    """Options of `server doctor`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerStatusOptions(PlatformOptions):
    """Options of `server status`."""


platform_operation(
    Verb(
        name="server.up",
        summary="Start everything on this machine: database, worker, scheduler, web; Ctrl-C stops it cleanly.",
        example="augury server up --port 8000",
        run="server_up:start",
        role="administrator",
        long=True,
        django=False,
        local="it starts a server on the machine where it is called; the one that answers is up",
    ),
    ServerUpOptions,
)
platform_operation(
    Verb(
        name="server.doctor",
        summary="Look whether the platform could run here, and say what to do where it could not.",
        example="augury server doctor",
        run="server_doctor:examine",
        django=False,
    ),
    ServerDoctorOptions,
)
platform_operation(
    Verb(
        name="server.status",
        summary="What the platform holds and does: rows, jobs, workers, watermarks, champions.",
        example="augury server status",
        run="server_status:summarise",
    ),
    ServerStatusOptions,
)
