"""Import of flow ledgers (流向台账): the format, and how its rows are stored."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sqlalchemy.orm import Session

from core import files, imports, outbox
from core.actors import Actor, Role
from core.cells import one_of, words
from core.clock import now
from core.imports import Field, ImportedRow, ImportKind, ImportRecord, Report
from core.progress import Progress, silent
from core.workbooks import read_table
from registry.maths.codes import check_gtin
from traceability.events import LedgerStored, LedgerUploaded
from traceability.maths.units import unit_code
from traceability.models.ledger import LedgerUpload
from traceability.recording import cells
from traceability.recording.drafts import PLACEHOLDER, Drafting
from traceability.recording.goods import lot_ids
from traceability.recording.linking import check_order, find_corrected, link_inputs
from traceability.recording.partners import party_ids
from traceability.recording.plausible import count_oddities
from traceability.recording.writing import digests, known_digests, write
from traceability.service.graphing import refresh_if_free

# Rows a request may carry out itself: about a second. More goes to a job.
ROWS_AT_ONCE = 2000


@lru_cache(maxsize=65536)  # a ledger names few products, many times
def gtin(cell: str) -> str:
    """A GTIN of 8, 12, 13 or 14 digits with its check digit."""
    check = check_gtin(cell)
    if not check.valid:
        raise ValueError("; ".join(problem.message for problem in check.problems))
    return check.normalised


def store_ledger(session: Session, actor: Actor, rows: list[ImportedRow], report: Report) -> None:
    """Add the rows of a ledger to the journal; rows known from earlier files are passed over."""
    drafting = Drafting(session, actor, report)
    drafts = drafting.drafts(rows)
    keys = [key for draft in drafts for key in (draft.source, draft.target) if key is not None]
    parties = party_ids(session, keys)
    link_inputs(drafting, drafts, parties)
    lots = lot_ids(
        session,
        [(draft.product_id, draft.key, draft.number) for draft in drafts]
        + [(use.product_id, use.key, use.number) for draft in drafts for use in draft.uses],
    )
    report.progress("compare", 0, len(drafts))
    hashed = list(zip(drafts, digests(drafts), strict=True))
    known = known_digests(session, [digest for _, digest in hashed])
    fresh = [(draft, digest) for draft, digest in hashed if digest not in known]
    new = [draft for draft, _ in fresh]
    check_order(session, new, lots, report)
    find_corrected(session, new, lots, report)
    refused = {problem.row for problem in report.problems}
    fresh = [(draft, digest) for draft, digest in fresh if draft.row.number not in refused]
    report.progress("store", 0, len(fresh))
    written = write(session, fresh, lots=lots, parties=parties, report=report)
    report.counts["rows added"] += written.events
    report.counts["inputs added"] += written.links
    report.counts["rows known"] += len(known)
    report.counts["receivers not written"] += sum(
        1 for draft, _ in fresh if draft.target is not None and draft.target.kind == "unlisted"
    )
    count_oddities(session, {lots[draft.product_id, draft.key] for draft, _ in fresh}, report)
    if written.events:
        # At once for a small file of staff. A firm sees its own rows only, and edges join those of
        # several; the job that follows in any case makes what was not made here.
        if actor.role is not Role.ENTERPRISE and written.events <= ROWS_AT_ONCE:
            refresh_if_free(session, {lots[draft.product_id, draft.key] for draft, _ in fresh})
        outbox.add(
            session,
            LedgerStored(
                file_sha256=report.file_sha256,
                rows=written.events,
                first_event_id=written.first_event_id,
                last_event_id=written.last_event_id,
            ),
        )
    report.progress("store", len(fresh), len(fresh))


LEDGER = ImportKind(
    name="ledger",
    title="流向台账",
    fields=(
        Field(
            "kind",
            "事件",
            cells.event_kind,
            required=True,
            aliases=("事件类型", "业务类型", "event"),
        ),
        Field(
            "lot_no", "批号", words, required=True, aliases=("生产批号", "产品批号", "批次", "lot")
        ),
        Field("gtin", "商品条码", gtin, aliases=("条码", "产品条码", "GTIN码")),
        Field("product_no", "产品编号", words, aliases=("货号", "产品代码")),
        Field("product_name", "产品名称", words, aliases=("产品", "名称", "品名", "product")),
        Field("maker_code", "生产企业代码", words, aliases=("生产企业统一社会信用代码",)),
        Field("quantity", "数量", cells.quantity, aliases=("件数", "quantity")),
        Field("unit", "单位", unit_code, aliases=("计量单位", "unit")),
        Field(
            "from_code", "发出单位代码", words, aliases=("供货方代码", "供货单位代码", "单位代码")
        ),
        Field("from_name", "发出单位", words, aliases=("供货方", "供货单位", "供货者")),
        Field("to_code", "去向单位代码", words, aliases=("购货方代码", "收货单位代码")),
        Field("to_name", "去向单位", words, aliases=("购货方", "收货单位", "购货者")),
        Field("on", "日期", cells.span, aliases=("时间", "业务日期", "date")),
        Field("document_no", "单据号", words, aliases=("票据号", "凭证号", "document")),
        Field("inputs", "投入批次", cells.inputs, aliases=("原料批次", "inputs")),
        Field("corrects", "更正单据号", words),
        Field("unknown_partners", "未登记单位", one_of("refuse", PLACEHOLDER)),
    ),
    store=store_ledger,
)

KINDS = {LEDGER.name: LEDGER}


def take_upload(
    session: Session,
    actor: Actor,
    content: bytes,
    name: str,
    *,
    mapping: dict[str, Any] | None = None,
    placeholders: bool = False,
    dry_run: bool = False,
    good_rows_only: bool = False,
) -> LedgerUpload:
    """Take a ledger file: a small one is checked or stored at once, a large one by a job.

    Parameters
    ----------
    placeholders : bool
        Keep partners that are not on the register as typed stand-ins instead of refusing the row.

    Raises
    ------
    UnreadableFile, MappingFault
        It is no table, or its columns do not fit.
    """
    if placeholders:
        mapping = with_placeholders(mapping, content, name)
    record = imports.take(
        session,
        actor,
        LEDGER,
        content,
        name,
        mapping=mapping,
        dry_run=dry_run,
        good_rows_only=good_rows_only,
    )
    upload = LedgerUpload(
        import_id=record.id,
        enterprise_id=actor.enterprise_id,
        role=actor.role.value,
        uploaded_at=now(),
    )
    session.add(upload)
    session.flush()  # the message and the answer name it
    if record.row_count <= ROWS_AT_ONCE:
        imports.carry_out(session, actor, LEDGER, record)
    else:
        record.message_id = outbox.add(session, LedgerUploaded(upload.id))
    return upload


def with_placeholders(mapping: dict[str, Any] | None, content: bytes, name: str) -> dict[str, Any]:
    """A mapping (of the file's own titles where none is given) that allows placeholders."""
    if mapping is None:
        found = imports.Mapping.by_titles(read_table(content, name).header, LEDGER)
        mapping = {
            "kind": LEDGER.name,
            "columns": {each: column.header for each, column in found.columns.items()},
        }
    constants = {**mapping.get("constants", {}), "unknown_partners": PLACEHOLDER}
    columns = {k: v for k, v in mapping.get("columns", {}).items() if k not in constants}
    return {**mapping, "columns": columns, "constants": constants}


def carry_out_upload(session: Session, upload_id: int, *, progress: Progress = silent) -> None:
    """Check or store an upload that was too large for its request."""
    upload = session.get_one(LedgerUpload, upload_id)
    record = session.get_one(ImportRecord, upload.import_id)
    actor = Actor(record.account_id, "ledger", Role(upload.role), upload.enterprise_id)
    imports.carry_out(session, actor, LEDGER, record, progress=progress)


def marked_file(session: Session, sha256: str) -> files.StoredFile:
    """The uploaded file with a 问题 column."""
    return files.load(session, sha256)
