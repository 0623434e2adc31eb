"""What ingest keeps: instruments, their series of bars with revisions, news, watermarks, dead letters."""

from __future__ import annotations

from augury_server.ingest.models.bar import Bar, BarRevision
from augury_server.ingest.models.dead_letter import DeadLetter
from augury_server.ingest.models.instrument import Instrument
from augury_server.ingest.models.news import News
from augury_server.ingest.models.series import Series
from augury_server.ingest.models.watermark import Watermark

__all__ = ["Bar", "BarRevision", "DeadLetter", "Instrument", "News", "Series", "Watermark"]
