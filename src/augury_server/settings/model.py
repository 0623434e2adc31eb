"""All settings of the platform as one frozen record."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from augury_server.settings.sections import (
    ApiSettings,
    ArtefactSettings,
    CacheSettings,
    DatabaseSettings,
    IngestSettings,
    JobSettings,
    LogSettings,
    RedisSettings,
    RetentionSettings,
    Section,
    ServingSettings,
    SignalSettings,
    StreamSettings,
    WebSettings,
)

__all__ = ["Settings"]


class Settings(Section):
    """Everything that can be set: a section a room.

    `home` holds what an embedded platform keeps: the database, messages, artefacts and the development key.
    """

    environment: Literal["development", "staging", "production"] = Field(
        "development", description="Staging and production refuse to start without secrets."
    )
    home: Path = Field(Path(".augury"), description="Folder of everything that is kept on this machine.")
    web: WebSettings = WebSettings()
    database: DatabaseSettings = DatabaseSettings()
    redis: RedisSettings = RedisSettings()
    jobs: JobSettings = JobSettings()
    cache: CacheSettings = CacheSettings()
    artefacts: ArtefactSettings = ArtefactSettings()
    retention: RetentionSettings = RetentionSettings()
    ingest: IngestSettings = IngestSettings()
    signals: SignalSettings = SignalSettings()
    serving: ServingSettings = ServingSettings()
    streams: StreamSettings = StreamSettings()
    api: ApiSettings = ApiSettings()
    logs: LogSettings = LogSettings()
