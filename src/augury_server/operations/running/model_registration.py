"""What the verb that registers a model does; apart from the others, since it loads what reads artefacts."""

from __future__ import annotations

from augury.operations.operation import Progress
from augury_server.accounts.actor import current_actor
from augury_server.operations import model_registry as options
from augury_server.operations.running.model_tables import version_facts
from augury_server.operations.table import Table
from augury_server.registry.register import plan_registration, register_model

__all__ = ["register"]


def register(spec: options.RegisterOptions, _: Progress) -> Table:
    """Register an artefact, or say what would be registered."""
    if spec.dry_run:
        plan = plan_registration(spec.folder, name=spec.name, parent=spec.parent)
        facts = {
            "version": f"{spec.name}@{plan.number}",
            "artefact": plan.candidate.artefact.model_id,
            "files": len(plan.candidate.files),
            "bytes": plan.candidate.size_bytes,
            "made from": plan.parent,
            "relation": plan.relation,
        }
        words = "is registered already" if plan.existing else "would be registered"
        return Table(title=f"{spec.name}@{plan.number} {words}; nothing was done", facts=facts)
    version = register_model(spec.folder, name=spec.name, by=current_actor(), reason=spec.reason, parent=spec.parent)
    notes = () if version.beats_baseline else ("It does not say that it beats its baseline: promoting takes --force.",)
    return Table(title=f"{version} is registered", facts=version_facts(version), notes=notes)
