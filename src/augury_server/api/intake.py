"""How much body a request may send, and how slowly: by path, checked while it arrives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from augury_server.settings.model import Settings

__all__ = ["Allowance", "Allowances"]

_MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Allowance:
    """At most `size` bytes (None: any number) within `seconds`: of the whole body, or of each piece when it streams."""

    size: int | None
    seconds: float
    streams: bool = False


@dataclass(frozen=True, slots=True)
class Allowances:
    """What each path may send: bodies as the settings say; streams of rows for as long as they go on; files."""

    plain: Allowance
    rows: Allowance
    files: Allowance

    @classmethod
    def of(cls, settings: Settings) -> Allowances:
        """As the settings say."""
        api = settings.api
        size = int(api.body_megabytes * _MEGABYTE)
        return cls(
            plain=Allowance(size, api.body_seconds),
            rows=Allowance(None, settings.streams.idle_seconds, streams=True),
            files=Allowance(api.files_megabytes * _MEGABYTE, api.body_seconds, streams=True),
        )

    def of_request(self, path: str, headers: Mapping[bytes, bytes]) -> Allowance:
        """The allowance of a request. Rows that stream are NDJSON; everything else is one body."""
        if path.startswith("/v1/files/"):
            return self.files
        if (path == "/predict/stream" or path.startswith("/streams/")) and _is_rows(headers.get(b"content-type", b"")):
            return self.rows
        return self.plain


def _is_rows(content_type: bytes) -> bool:
    return content_type.partition(b";")[0].strip().lower() in (b"application/x-ndjson", b"application/jsonl")
