"""Files that the platform keeps for operations: what they read is brought, what they wrote is fetched."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from pathlib import Path

from augury.client.async_transport import AsyncTransport
from augury.client.encoding import decoded
from augury.client.flows import Flows, name_in_path
from augury.client.records import StoredFile
from augury.client.steps import Call, Flow
from augury.client.transport import Transport
from augury.errors import InvalidInput, NotFound, Unavailable

__all__ = ["AsyncFiles", "Files", "digest_of"]

_LONGEST_HOUR = 3600.0
"""Seconds that a file may be under way in all: it is not bound by the timeout of a question."""


def _path(name: str) -> str:
    if "/" in name or "\\" in name:
        raise InvalidInput(f"expected a file's name without folders, got {name!r}")
    return f"/v1/files/{name_in_path(name, 'a file')}"


def _upload(flows: Flows, source: str | Path, name: str, replace: bool) -> Flow[StoredFile]:
    path = Path(source)
    if not path.is_file():
        raise NotFound(f"there is no file {path}; look at the path")
    headers = {"Content-Type": "application/octet-stream", **({} if replace else {"If-None-Match": "*"})}
    target = _path(name or path.name)
    reply = yield from flows.send(
        Call(method="PUT", path=target, body=path, headers=headers, deadline_seconds=_LONGEST_HOUR)
    )
    return decoded(reply, StoredFile, "a stored file")


def _look(flows: Flows, name: str) -> Flow[StoredFile]:
    reply = yield from flows.send(Call(method="HEAD", path=_path(name)))
    size = reply.headers.get("content-length", "0")
    return StoredFile(name=name, bytes=int(size) if size.isdigit() else 0, etag=reply.headers.get("etag"))


def _download(flows: Flows, name: str, target: str | Path) -> Flow[Path]:
    path, into = _path(name), Path(target).absolute()
    if into.is_dir():
        into = into / name
    if not into.parent.is_dir():
        raise NotFound(f"there is no folder {into.parent}; make it first")
    handle, made = tempfile.mkstemp(dir=into.parent, prefix=f".{into.name}.")
    os.close(handle)
    part = Path(made)
    try:
        reply = yield from flows.send(Call(method="GET", path=path, into=part, deadline_seconds=_LONGEST_HOUR))
        tag = reply.headers.get("etag", "").strip('"')
        if re.fullmatch(r"[0-9a-f]{64}", tag) and tag != digest_of(part):
            raise Unavailable(
                f"{name} came altered: its SHA-256 is not the {tag[:12]}... that was told; fetch it again"
            )
        part.replace(into)
    finally:
        part.unlink(missing_ok=True)
    return into


def digest_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _list(flows: Flows, limit: int) -> Flow[tuple[StoredFile, ...]]:
    return (yield from flows.listed("/v1/files", StoredFile, query={}, limit=limit))


def _delete(flows: Flows, name: str) -> Flow[None]:
    yield from flows.send(Call(method="DELETE", path=_path(name)))


class Files:
    """Bring, fetch, list, remove."""

    def __init__(self, flows: Flows, transport: Transport) -> None:
        self._flows, self._transport = flows, transport

    def upload(self, source: str | Path, name: str = "", *, replace: bool = True) -> StoredFile:
        """Bring a file under a name, its own when left out; Conflict where one is that it shall not `replace`."""
        return self._transport.walk(_upload(self._flows, source, name, replace))

    def look(self, name: str) -> StoredFile:
        """Length and tag of a file."""
        return self._transport.walk(_look(self._flows, name))

    def download(self, name: str, target: str | Path) -> Path:
        """Fetch a file into a file or folder; it appears there only when it is whole."""
        return self._transport.walk(_download(self._flows, name, target))

    def list(self, *, limit: int = 1000) -> tuple[StoredFile, ...]:
        """What there is."""
        return self._transport.walk(_list(self._flows, limit))

    def delete(self, name: str) -> None:
        """Remove a file."""
        self._transport.walk(_delete(self._flows, name))


class AsyncFiles:
    """The twin of Files for an event loop."""

    def __init__(self, flows: Flows, transport: AsyncTransport) -> None:
        self._flows, self._transport = flows, transport

    async def upload(self, source: str | Path, name: str = "", *, replace: bool = True) -> StoredFile:
        """Bring a file under a name, its own when left out; Conflict where one is that it shall not `replace`."""
        return await self._transport.walk(_upload(self._flows, source, name, replace))

    async def look(self, name: str) -> StoredFile:
        """Length and tag of a file."""
        return await self._transport.walk(_look(self._flows, name))

    async def download(self, name: str, target: str | Path) -> Path:
        """Fetch a file into a file or folder; it appears there only when it is whole."""
        return await self._transport.walk(_download(self._flows, name, target))

    async def list(self, *, limit: int = 1000) -> tuple[StoredFile, ...]:
        """What there is."""
        return await self._transport.walk(_list(self._flows, limit))

    async def delete(self, name: str) -> None:
        """Remove a file."""
        await self._transport.walk(_delete(self._flows, name))
