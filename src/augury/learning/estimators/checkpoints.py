"""Checkpoints of a training run: one file, written whole or not at all, checked before anything of it is read.

The file is a line of text with a SHA-256, then tensors and plain values, read with PyTorch's `weights_only`: opening
one never runs code.
"""

from __future__ import annotations

import hashlib
import io
import os
import pickle
import tempfile
from pathlib import Path
from typing import Any

from augury.errors import InvalidInput, NotFound
from augury.extras import require

__all__ = ["CheckpointFile"]

torch: Any = require("torch", extra="deep")

_MARK = b"augury-checkpoint-1 "
_HEADER = len(_MARK) + 64 + 1


class CheckpointFile:
    """The checkpoint of one run, known by the options that decide it and by the fingerprint of its data.

    `read` gives the state written last, None when there is no file yet. Raises InvalidInput for a damaged file and for
    one of other options or other data, NotFound when the folder is missing.
    """

    def __init__(self, path: str, identity: dict[str, Any], data: str) -> None:
        self.path = Path(path)
        self._identity = identity
        self._data = data
        if self.path.is_dir():
            raise InvalidInput(
                f"a checkpoint is a file, but {path!r} is a folder; name a file in it, such as lstm.ckpt"
            )
        if not self.path.parent.is_dir():
            raise NotFound(f"the folder {str(self.path.parent)!r} for the checkpoint does not exist; create it first")

    def write(self, state: dict[str, Any]) -> None:
        """Put this state in place of the one before; a failure leaves the old file as it was."""
        packed = io.BytesIO()
        torch.save({"options": self._identity, "data": self._data, "state": state}, packed)
        body = packed.getvalue()
        handle, draft = tempfile.mkstemp(prefix=f".{self.path.name}.", suffix=".part", dir=self.path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(_MARK + hashlib.sha256(body).hexdigest().encode() + b"\n" + body)
                file.flush()
                os.fsync(file.fileno())
            Path(draft).replace(self.path)
        except BaseException:
            Path(draft).unlink(missing_ok=True)
            raise

    def read(self) -> dict[str, Any] | None:
        """The state to go on from, on the CPU."""
        if not self.path.exists():
            return None
        content = self.path.read_bytes()
        header, body = content[:_HEADER], content[_HEADER:]
        sound = header == _MARK + hashlib.sha256(body).hexdigest().encode() + b"\n"
        kept = _unpacked(body) if sound else None
        if kept is None:
            raise InvalidInput(
                f"{str(self.path)!r} is no checkpoint of this version, or a damaged one; remove it to train from the "
                "start, or name another file"
            )
        self._same_run(kept)
        state: dict[str, Any] = kept["state"]
        return state

    def _same_run(self, kept: dict[str, Any]) -> None:
        theirs, mine = kept["options"], self._identity
        other = [
            f"{name} {theirs.get(name)!r} there, {mine.get(name)!r} here"
            for name in sorted(theirs.keys() | mine.keys())
            if theirs.get(name) != mine.get(name)
        ]
        if kept["data"] != self._data:
            other.append("the training data differ")
        if other:
            raise InvalidInput(
                f"the checkpoint {str(self.path)!r} belongs to another run: {'; '.join(other)}. Remove it to train "
                "from the start, or name another file"
            )


def _unpacked(body: bytes) -> dict[str, Any] | None:
    """What was packed, None when it holds anything but tensors and plain values."""
    try:
        kept: dict[str, Any] = torch.load(io.BytesIO(body), map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:
        return None
    return kept
