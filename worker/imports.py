"""Uploads, carried out in the background: the kinds of import of every domain."""

from __future__ import annotations

from core import imports
from core.actors import Actor, Role
from core.errors import NotFound
from core.outbox import Run, effect
from registry.catalogues import KINDS as CATALOGUES
from registry.imports import KINDS as REGISTRY
from risk.imports import KINDS as RISK
from sampling.imports import KINDS as SAMPLING
from traceability.imports import KINDS as TRACEABILITY

KINDS: dict[str, imports.ImportKind] = {
    **REGISTRY,
    **CATALOGUES,
    **SAMPLING,
    **RISK,
    **TRACEABILITY,
}


class UnknownUpload(NotFound):
    """The upload or its kind is gone."""

    code = "imports/unknown-upload"
    message = "Upload {import_id} or its kind of import does not exist."


def carry_out(run: Run, *, import_id: int) -> None:
    """Check or store one upload, telling how far it is."""
    with effect(run) as session:
        record = session.get(imports.ImportRecord, import_id)
        if record is None or record.kind not in KINDS:
            raise UnknownUpload(import_id=import_id)
        actor = Actor(record.account_id, "import", Role.SYSTEM)
        imports.carry_out(session, actor, KINDS[record.kind], record, progress=run.progress)
