"""How far each source has been read, moved only together with what was stored."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from augury_server.ingest.models import Watermark

__all__ = ["Mark", "move_watermark", "watermark"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What a watermark is about; `timeframe` is empty for news."""

    source: str
    kind: str
    subject: str
    timeframe: str = ""

    def filters(self) -> dict[str, str]:
        """The fields that find its row."""
        return {"source": self.source, "kind": self.kind, "subject": self.subject, "timeframe": self.timeframe}


def watermark(mark: Mark) -> Watermark | None:
    """The watermark, None when nothing was loaded yet."""
    return Watermark.objects.filter(**mark.filters()).first()


def move_watermark(
    mark: Mark, *, last_opened_at_ns: int, last_known_at_ns: int, now: Callable[[], datetime] = timezone.now
) -> None:
    """Note that records up to these times are stored; neither time ever goes back.

    Call it inside the transaction that stores them, which holds the lock of the series or source.
    """
    row, made = Watermark.objects.select_for_update().get_or_create(
        **mark.filters(),
        defaults={
            "last_opened_at_ns": last_opened_at_ns, "last_known_at_ns": last_known_at_ns, "updated_at": now(),
        },
    )  # fmt: skip
    opened, known = (row.last_opened_at_ns, row.last_known_at_ns)
    further = opened is None or last_opened_at_ns > opened or known is None or last_known_at_ns > known
    if made or not further:
        return
    row.last_opened_at_ns = last_opened_at_ns if opened is None else max(opened, last_opened_at_ns)
    row.last_known_at_ns = last_known_at_ns if known is None else max(known, last_known_at_ns)
    row.updated_at = now()
    row.save(update_fields=["last_opened_at_ns", "last_known_at_ns", "updated_at"])
