"""The settings of each room, typed, with defaults that serve one machine without any server."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

__all__ = [
    "ApiSettings",
    "ArtefactSettings",
    "CacheSettings",
    "DatabaseSettings",
    "IngestSettings",
    "JobSettings",
    "LogSettings",
    "RedisSettings",
    "RetentionSettings",
    "Section",
    "ServingSettings",
    "SignalSettings",
    "StreamSettings",
    "WebSettings",
]

Seconds = Annotated[float, Field(gt=0)]
Days = Annotated[int, Field(ge=1)]


class Section(BaseModel):
    """Frozen, and strict about names: a key that no field has is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


class WebSettings(Section):
    """The web server of pages and administration."""

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: Annotated[int, Field(ge=0, le=65535)] = Field(8000, description="Port to listen on.")
    workers: Annotated[int, Field(ge=1, le=64)] = Field(1, description="Processes that answer requests.")
    allowed_hosts: tuple[str, ...] = Field(
        ("localhost", "127.0.0.1", "[::1]"), description="Host names that requests may name."
    )
    trusted_origins: tuple[str, ...] = Field((), description="Origins, with scheme, whose forms are accepted.")
    https: bool = Field(False, description="Served over TLS: secure cookies, redirects, strict transport security.")
    secret_key: SecretStr | None = Field(None, description="Signs sessions and tokens; made for development only.")


class DatabaseSettings(Section):
    """Where rows are kept."""

    url: str = Field("", description="postgresql://user@host:port/name or sqlite:///file; empty: a file in home.")
    password: SecretStr | None = Field(None, description="Password of the database's user, when the URL has none.")
    pool_min: Annotated[int, Field(ge=0)] = Field(1, description="Connections kept open in each process.")
    pool_max: Annotated[int, Field(ge=1)] = Field(10, description="Most connections of one process.")
    pool_timeout_seconds: Seconds = Field(10.0, description="How long to wait for a free connection.")
    statement_timeout_seconds: Seconds = Field(60.0, description="When a statement is given up.")
    lock_timeout_seconds: Seconds = Field(20.0, description="How long a writer waits for another one.")

    @field_validator("url")
    @classmethod
    def _known_engine(cls, url: str) -> str:
        if url and not url.startswith(("postgresql://", "postgres://", "sqlite:")):
            raise ValueError("should start with postgresql:// or sqlite:///")
        return url


class RedisSettings(Section):
    """The shared store of cache entries and messages; without it everything works on one machine."""

    url: SecretStr | None = Field(None, description="redis://[:password@]host:port/0; none: embedded.")
    timeout_seconds: Seconds = Field(0.5, description="When a command of the cache is given up.")

    @field_validator("url")
    @classmethod
    def _known_scheme(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None and not url.get_secret_value().startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("should start with redis://, rediss:// or unix://")
        return url


class JobSettings(Section):
    """Background work."""

    concurrency: Annotated[int, Field(ge=1, le=256)] = Field(2, description="Processes of a worker.")
    lease_seconds: Seconds = Field(30.0, description="After so long without a heartbeat, a job is run again.")
    heartbeat_seconds: Seconds = Field(5.0, description="How often a running job says that it lives.")
    max_attempts: Annotated[int, Field(ge=1)] = Field(5, description="Times that a job is tried before it has failed.")
    timeout_seconds: Seconds = Field(3600.0, description="When a running job is stopped.")
    grace_seconds: Seconds = Field(10.0, description="How long a job may take to heed a stop before it is killed.")
    stop_seconds: Seconds = Field(10.0, description="How long jobs may go on when their worker is asked to stop.")
    poll_seconds: Seconds = Field(1.0, description="How often due, lost and dead jobs are looked for.")
    resend_seconds: Seconds = Field(30.0, description="After so long unclaimed, a lost message is sent again.")
    backoff_seconds: Seconds = Field(2.0, description="Longest wait before the second try; doubled for each later one.")
    backoff_max_seconds: Seconds = Field(600.0, description="Longest wait between two tries.")
    extra_operations: tuple[str, ...] = Field((), description="Modules that register further operations for jobs.")
    autoscale_min: Annotated[int, Field(ge=1)] = Field(1, description="Fewest worker processes when scaling.")
    autoscale_max: Annotated[int, Field(ge=1)] = Field(4, description="Most worker processes when scaling.")
    autoscale_grow_seconds: Seconds = Field(2.0, description="A need must last so long before workers are added.")
    autoscale_shrink_seconds: Seconds = Field(60.0, description="And its absence, before workers are taken away.")


class CacheSettings(Section):
    """Layered caching."""

    check_seconds: Annotated[float, Field(ge=0)] = Field(
        1.0, description="So long after an invalidation may another process still serve what it knew; 0: never."
    )
    compress_above_bytes: Annotated[int, Field(ge=0)] = Field(4096, description="Larger values are compressed.")
    expired_days: Days = Field(1, description="How long rows of entries, leases and figures stay when they are over.")
    invalidations_days: Annotated[int, Field(ge=31)] = Field(31, description="Longer than any entry may live.")
    lease_seconds: Seconds = Field(10.0, description="After so long, another takes over from one that died computing.")
    memory_megabytes: Annotated[float, Field(ge=0)] = Field(64.0, description="Memory tier of each process.")
    ttl_seconds: Seconds = Field(3600.0, description="How long an entry lives unless its use says otherwise.")
    wait_seconds: Seconds = Field(30.0, description="How long to wait for another's computation before computing.")


class ArtefactSettings(Section):
    """Where model artefacts are kept."""

    url: str = Field("", description="A folder or any fsspec URL (s3://, gs://, ...); empty: a folder in home.")


class RetentionSettings(Section):
    """How long rows are kept; the audit trail is kept for ever."""

    signals_days: Days = Field(730, description="Signals and their outcomes.")
    predictions_days: Days = Field(90, description="Recorded predictions.")
    jobs_days: Days = Field(30, description="Jobs that have ended.")
    dead_letters_days: Days = Field(90, description="Records that ingest refused.")


class IngestSettings(Section):
    """Loading bars and news."""

    source: str = Field("file", description="Where bars come from by default.")
    minimum_quality: Annotated[float, Field(ge=0, le=100)] = Field(60.0, description="Lowest score that is accepted.")
    history_days: Days = Field(3650, description="How far back a vendor is asked for a symbol without stored bars.")
    overlap_bars: Annotated[int, Field(ge=0)] = Field(
        5, description="Stored bars asked for again, to see restatements."
    )
    retry_attempts: Annotated[int, Field(ge=1)] = Field(4, description="Times that a source or the database is asked.")
    retry_wait_seconds: Annotated[float, Field(ge=0)] = Field(
        1.0, description="First wait between them; each is longer."
    )


class SignalSettings(Section):
    """The service that makes signals for a universe."""

    cost_rate: Annotated[float, Field(ge=0, lt=1)] = Field(
        0.0015, description="Costs of an outcome, each way, as a fraction of what is traded."
    )
    horizons: tuple[int, ...] = Field((1, 5, 20), description="Bars after which outcomes are measured.")
    least_outcomes: Annotated[int, Field(ge=2)] = Field(30, description="Fewest outcomes that a figure is given for.")
    prompt_fraction: Annotated[float, Field(ge=0, lt=1)] = Field(
        0.05, description="Known so much of a bar after its close, a signal may still be acted upon at the next open."
    )
    symbols: tuple[str, ...] = Field((), description="The universe; empty: every symbol with bars.")
    symbols_at_once: Annotated[int, Field(ge=1)] = Field(100, description="Symbols read, judged and stored together.")
    timeframe: str = Field("1D", description="Length of the bars that signals are made from.")
    void_after_days: Days = Field(30, description="An outcome without bars for so long can never be measured.")


class LogSettings(Section):
    """What is written to the log and how."""

    level: Literal["debug", "info", "warning", "error"] = Field("info", description="The least level that is written.")
    form: Literal["auto", "console", "json"] = Field("auto", description="For people or machines; auto: by terminal.")


class ServingSettings(Section):
    """Models at work."""

    models: tuple[str, ...] = Field((), description="Names of the models to serve; empty: every one with a champion.")
    refresh_seconds: Seconds = Field(2.0, description="How often the registry is asked which versions should serve.")
    threads: Annotated[int, Field(ge=1, le=64)] = Field(1, description="Threads of one run of a model.")
    batch_rows: Annotated[int, Field(ge=1, le=4096)] = Field(64, description="Most waiting rows run together.")
    record: Literal["off", "buffered", "durable"] = Field(
        "buffered", description="Keep predictions: never; soon after the answer; on disk before the answer."
    )
    buffer_records: Annotated[int, Field(ge=100)] = Field(50_000, description="Most records that wait in memory.")
    flush_seconds: Seconds = Field(1.0, description="How often waiting records are written to the database.")
    writer: Literal["thread", "process"] = Field(
        "thread",
        description="What writes them to the database: a thread of each server process, or a process beside it, which "
        "takes nothing from requests where a core is free for it.",
    )
    spill_megabytes: Annotated[int, Field(ge=1)] = Field(2048, description="Most room for records that wait on disk.")
    cached_predictions: Annotated[int, Field(ge=0)] = Field(
        0, description="Answers kept in memory by exact inputs and version; 0: none."
    )


class StreamSettings(Section):
    """Sessions over values that come one by one."""

    idle_seconds: Seconds = Field(
        604_800.0, description="A session without an update for so long is forgotten; a week bridges daily bars."
    )
    sessions: Annotated[int, Field(ge=1)] = Field(20_000, description="Most open sessions in all.")
    sessions_per_key: Annotated[int, Field(ge=1)] = Field(12_000, description="Most open sessions of one API key.")
    longest_window: Annotated[int, Field(ge=2)] = Field(5_000, description="Longest window of a session, in values.")
    save_seconds: Seconds = Field(1.0, description="With Redis: how often changed sessions are saved there.")


class ApiSettings(Section):
    """The door for machines."""

    docs: bool = Field(True, description="Show the description of the API at /docs and /openapi.json.")
    cors_origins: tuple[str, ...] = Field((), description="Origins whose pages may call; empty: none.")
    body_megabytes: Annotated[float, Field(gt=0)] = Field(8.0, description="Largest body of a request.")
    body_seconds: Seconds = Field(30.0, description="How long a body may take to arrive.")
    rows: Annotated[int, Field(ge=1)] = Field(10_000, description="Most rows of one request.")
    requests_per_minute: Annotated[int, Field(ge=1)] = Field(60_000, description="Requests of one API key a minute.")
    anonymous_per_minute: Annotated[int, Field(ge=1)] = Field(
        120, description="Requests of one address a minute without a key, refused keys included."
    )
    key_refresh_seconds: Seconds = Field(2.0, description="How soon a changed or revoked API key is noticed.")
    log_requests: Literal["none", "failures", "all"] = Field(
        "failures", description="Which requests get a line in the log: none; refused, failed and slow ones; all."
    )
    slow_seconds: Seconds = Field(1.0, description="A request that took so long is slow.")
    files: str = Field("", description="Folder of the files that operations over the network may name; empty: in home.")
    files_megabytes: Annotated[int, Field(ge=1)] = Field(1024, description="Most room for those files.")
    answers_days: Days = Field(1, description="How long answers to requests with an idempotency key are kept.")
