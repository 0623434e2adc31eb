"""Answers kept by exact inputs: a repeated question to the same version is not computed again."""

from __future__ import annotations

from collections import OrderedDict
from hashlib import sha256

from augury_server.serving.hosted import HostedModel
from augury_server.serving.one_row import Said
from augury_server.serving.served_predictor import Feeds

__all__ = ["Remembered", "digest_of", "digests_of"]


def digest_of(feeds: Feeds) -> bytes:
    """SHA-256 over the exact bytes that the graph reads, inputs in order, each behind its name and shape."""
    if len(feeds) == 1:
        (array,) = feeds.values()
        if array.ndim == 2:
            return sha256(array.tobytes()).digest()
    digest = sha256()
    for name, array in feeds.items():
        digest.update(f"{name}{array.shape}".encode())
        digest.update(array.tobytes())
    return digest.digest()


def digests_of(feeds: Feeds) -> list[bytes]:
    """`digest_of` each row."""
    if len(feeds) == 1:
        (array,) = feeds.values()
        if array.ndim == 2 and array.shape[1]:
            content, length = array.tobytes(), array.shape[1] * array.itemsize
            return [sha256(content[at : at + length]).digest() for at in range(0, len(content), length)]
    count = len(next(iter(feeds.values())))
    return [digest_of({name: array[at : at + 1] for name, array in feeds.items()}) for at in range(count)]


class Remembered:
    """The last `most` answers, by the content hash of the version and the digest of its inputs; 0 keeps none.

    A version never gets another's answer: its content is part of the key.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._said: OrderedDict[tuple[str, bytes], Said] = OrderedDict()
        self.hits = 0

    @property
    def on(self) -> bool:
        """Whether anything is kept."""
        return self._most > 0

    def get(self, model: HostedModel, digest: bytes) -> Said | None:
        """What this version said about these inputs, if it is known still."""
        key = (model.content_sha256, digest)
        found = self._said.get(key)
        if found is not None:
            self.hits += 1
            self._said.move_to_end(key)
        return found

    def put(self, model: HostedModel, digest: bytes, said: Said) -> None:
        """Keep what it said; the answer that was used longest ago makes room."""
        self._said[(model.content_sha256, digest)] = said
        if len(self._said) > self._most:
            self._said.popitem(last=False)

    def __len__(self) -> int:
        return len(self._said)
