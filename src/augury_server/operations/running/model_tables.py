"""Model versions and changes of them as tables."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from augury_server.operations.table import Table
from augury_server.registry.applying import Change
from augury_server.registry.models import ModelVersion

__all__ = ["change_table", "times_text", "version_facts"]


def version_facts(version: ModelVersion) -> dict[str, Any]:
    """All that is known of a version, as facts of a table."""
    made_from = str(version.parent or version.parent_artefact_id)
    return {
        "version": str(version),
        "stage": version.stage,
        "artefact": version.artefact_id,
        "model": version.specification,
        "label": version.label,
        "timeframe": version.timeframe,
        "symbols": ", ".join(version.symbols),
        "made from": f"{version.relation.replace('_', ' ')} {made_from}".strip() if made_from else None,
        "trained on": _span(version),
        "data": version.data_fingerprint,
        "verdict": version.notes.get("verdict"),
        **dict(sorted(version.metrics.items())),
        "content": version.content_sha256,
        "stored at": version.storage_url,
        "bytes": version.size_bytes,
        "registered": f"{times_text(version.registered_at)} by {version.registered_by}",
    }


def change_table(change: Change) -> Table:
    """What a change did, or would do."""
    before, after, record = change.before, change.after, change.record
    if record is None:
        return Table(title=f"{after.name} is already as asked; nothing was changed", facts=_champions(change))
    moved = tuple(
        (number, before.versions[number].stage, version.stage)
        for number, version in sorted(after.versions.items())
        if before.versions[number] != version
    )
    ending = "nothing was changed (dry run)" if change.dry_run else "done"
    facts = _champions(change)
    if record.alias:
        facts |= {"alias": record.alias, "alias before": record.from_version, "alias now": record.to_version}
    return Table(
        title=f"{record.kind} {after.name}: {ending}", facts=facts, columns=("version", "before", "after"), rows=moved
    )


def times_text(at: datetime) -> str:
    """A time in UTC, to the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _champions(change: Change) -> dict[str, Any]:
    return {"champion before": change.before.champion, "champion now": change.after.champion}


def _span(version: ModelVersion) -> str | None:
    first, last = version.first_training_ns, version.last_training_ns
    return None if first is None or last is None else f"{_day(first)} to {_day(last)}"


def _day(at_ns: int) -> str:
    return datetime.fromtimestamp(at_ns // 10**9, UTC).date().isoformat()
