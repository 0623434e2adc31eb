"""How much body a request may send, and how slowly; checked while it arrives."""

from __future__ import annotations

from dataclasses import dataclass

from augury_server.settings.model import Settings

__all__ = ["LINES", "Allowance", "Allowances", "are_lines"]

_MEGABYTE = 1_000_000
_LINES_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Allowance:
    """At most `size` bytes (None: any number) within `seconds`: of the whole body, or of each piece when it streams."""

    size: int | None
    seconds: float
    streams: bool = False


LINES = Allowance(None, _LINES_SECONDS, streams=True)
"""Lines that are answered while they arrive: any number of them, for as long as one comes every five minutes."""


@dataclass(frozen=True, slots=True)
class Allowances:
    """What each path may send: one body, or a file. Who answers lines lifts it to `LINES`, and nobody else does."""

    plain: Allowance
    files: Allowance

    @classmethod
    def of(cls, settings: Settings) -> Allowances:
        """As the settings say."""
        api = settings.api
        size = int(api.body_megabytes * _MEGABYTE)
        return cls(
            plain=Allowance(size, api.body_seconds),
            files=Allowance(api.files_megabytes * _MEGABYTE, api.body_seconds, streams=True),
        )

    def of_path(self, path: str) -> Allowance:
        """The allowance that a request begins with."""
        return self.files if path.startswith("/v1/files/") else self.plain


def are_lines(content_type: bytes) -> bool:
    """Whether a content type is that of JSON line by line."""
    return content_type.partition(b";")[0].strip().lower() in (b"application/x-ndjson", b"application/jsonl")
