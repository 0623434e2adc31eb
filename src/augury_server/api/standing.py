"""Whether who opened a stream may go on with it: asked again at every line, frame and event."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from augury_server.api.limits import Verdict
from augury_server.api.problems import ProblemError
from augury_server.api.security import principal_of, token_of

if TYPE_CHECKING:
    from augury_server.api.call import Scope

__all__ = ["Standing", "too_many"]


class Standing:
    """Who opened a stream, and whether their key still opens: a stream may outlive the request's own admission.

    The token itself is looked up again, so that a key counts as gone when it is revoked or expired, when its secret was
    rotated away, and when it is for something else by now. Nothing here waits or asks a database.
    """

    __slots__ = ("_principal", "_state", "_token")

    def __init__(self, scope: Scope) -> None:
        self._state: Any = scope["app"].state.augury
        self._principal = principal_of(scope)
        self._token = token_of(scope["augury"].headers) or ""

    @property
    def holds(self) -> bool:
        """Whether the key still opens what it did."""
        return bool(self._state.keys.find(self._token) == self._principal)

    def admit(self, wanted: int) -> tuple[int, ProblemError | None]:
        """How many of so many lines or frames may be answered, each for a token of the key's limit; why not all."""
        if not self.holds:
            return 0, ProblemError("key-needed", "the key has expired, was revoked or changed; the stream ends here")
        for admitted in range(wanted):
            verdict = self._state.limits.take(self._principal.key_id)
            if not verdict.allowed:
                self._state.metrics.limited += 1
                return admitted, too_many(verdict, f"the key {self._principal.name!r} has")
        return wanted, None


def too_many(verdict: Verdict, whose: str, when: str = "") -> ProblemError:
    """The problem of who is over their limit: `whose` is "an address has", `when` may add to it."""
    detail = f"{whose} {verdict.limit:,} requests a minute{when}; wait {verdict.wait} s"
    return ProblemError("too-many-requests", detail, {"retry-after": str(verdict.wait)})
