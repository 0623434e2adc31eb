"""One computation for all processes: a lease in Redis, or in the database without one, kept up while computing."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Protocol

__all__ = ["Lease", "LeaseStore", "Leases"]


class LeaseStore(Protocol):
    """Where leases are kept; what each method means is told in the tiers."""

    def acquire(self, name: str, holder: str, seconds: float) -> bool | None: ...  # noqa: D102
    def extend(self, name: str, holder: str, seconds: float) -> None: ...  # noqa: D102
    def release(self, name: str, holder: str) -> None: ...  # noqa: D102


class Lease:
    """A lease that is asked for and, once `store` is known, ours until it is given back.

    A thread of this process extends it while its holder computes.
    """

    __slots__ = ("holder", "name", "over", "seconds", "store")

    def __init__(self, name: str, holder: str, seconds: float) -> None:
        self.name, self.holder, self.seconds = name, holder, seconds
        self.store: LeaseStore | None = None
        self.over = False

    def give_back(self) -> None:
        """Release it, unless that was done already together with something else."""
        if self.store is not None and not self.over:
            self.over = True
            self.store.release(self.name, self.holder)


class Leases:
    """The leases of one process. A process that dies leaves its leases to run out, after `seconds` at the latest.

    A holder that was stopped for longer and goes on finds its lease gone; then two compute, and both store what is
    true. The thread that extends what is held ends when it finds nothing held.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._process = uuid.uuid4().hex[:20]
        self._count = count(1)
        self._lock = threading.Lock()
        self._held: dict[str, Lease] = {}
        self._keeper: threading.Thread | None = None

    def wanted(self, name: str) -> Lease:
        """A lease to ask for, under a holder's name that nobody else has."""
        return Lease(name, f"{self._process}{next(self._count):x}", self._seconds)

    @contextmanager
    def kept(self, lease: Lease | None) -> Iterator[None]:
        """Extend the lease within, and give it back at the end."""
        if lease is None:
            yield
            return
        self._hold(lease)
        try:
            yield
        finally:
            with self._lock:
                self._held.pop(lease.holder, None)
            lease.give_back()

    def _hold(self, lease: Lease) -> None:
        with self._lock:
            self._held[lease.holder] = lease
            if self._keeper is None:
                self._keeper = threading.Thread(target=self._keep, name="cache leases", daemon=True)
                self._keeper.start()

    def _keep(self) -> None:
        while True:
            time.sleep(self._seconds / 3)
            with self._lock:
                held = list(self._held.values())
                if not held:
                    self._keeper = None
                    return
            for lease in held:
                if lease.store is not None and not lease.over:
                    lease.store.extend(lease.name, lease.holder, self._seconds)
