"""The import engine: a file and a mapping in, rows or problems out, all or nothing.

A domain says which fields a kind of import has and how its rows are stored; how files are read,
columns matched, cells checked, problems told and repeats recognised is the same for all.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import Index, select, text
from sqlalchemy.orm import Mapped, Session

from core import audit, files, outbox
from core.actors import Actor
from core.clock import now
from core.db import Base, Id
from core.errors import FieldProblem, Invalid
from core.progress import Progress, silent
from core.workbooks import Table, read_table, write_csv, write_xlsx

PROBLEM_COLUMN = "问题"


class MappingFault(Invalid):
    """The columns of the file and the mapping do not fit together."""

    code = "imports/mapping"
    message = "The columns do not fit: {reason}"


class RowsRefused(Invalid):
    """Some rows have problems; nothing was stored."""

    code = "imports/rows-refused"
    message = (
        "{count} rows have problems and nothing was stored; correct the file or drop the rows."
    )


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an import.

    ``parse`` turns a cell into a value or raises ``ValueError`` with words that say what to write.
    """

    name: str
    title: str
    parse: Callable[[str], Any]
    required: bool = False
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ImportedRow:
    """A row that could be read; ``number`` counts as spreadsheet programs do (header = 1)."""

    number: int
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one cell, and how to mend it."""

    row: int
    field: str
    value: str
    message: str


@dataclass(slots=True)
class Report:
    """What an import did or would do."""

    rows: int = 0
    problems: list[Problem] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    progress: Progress = silent
    file_sha256: str = ""

    def problem(self, row: ImportedRow, field_name: str, message: str) -> None:
        """Refuse one row with the reason."""
        value = row.values.get(field_name)
        self.problems.append(
            Problem(row.number, field_name, "" if value is None else str(value), message)
        )


Plan = list[tuple["Field", "Column", int | None]]
Store = Callable[[Session, Actor, list[ImportedRow], Report], None]


@dataclass(frozen=True, slots=True)
class ImportKind:
    """One kind of import. ``key`` names the fields that may not repeat inside one file."""

    name: str
    title: str
    fields: tuple[Field, ...]
    store: Store
    key: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Column:
    """Where a field comes from."""

    header: str | None = None
    values: dict[str, str] | None = None
    default: str | None = None


@dataclass(frozen=True, slots=True)
class Mapping:
    """Field name → column, as a mapping file says it.

    ``distinct``: the file names a thing in many rows (the inspector of each inspection); the first
    row of each key counts, and rows without a key are passed over.
    """

    columns: dict[str, Column]
    distinct: bool = False

    @staticmethod
    def parse(document: dict[str, Any], kind: ImportKind) -> Mapping:
        """Read a mapping file.

        Raises
        ------
        MappingFault
            It is for another kind, or names a field that there is not.
        """
        if document.get("kind", kind.name) != kind.name:
            raise MappingFault(
                reason=f"the mapping is for {document['kind']!r}, the import is {kind.name!r}."
            )
        columns: dict[str, Column] = {}
        for name, entry in document.get("columns", {}).items():
            if isinstance(entry, str):
                columns[name] = Column(header=entry)
            else:
                columns[name] = Column(entry["column"], entry.get("values"), entry.get("default"))
        for name, value in document.get("constants", {}).items():
            columns[name] = Column(default=str(value))
        unknown = sorted(set(columns) - {each.name for each in kind.fields})
        if unknown:
            raise MappingFault(
                reason=f"there is no field {', '.join(unknown)}; the fields of {kind.name} are "
                f"{', '.join(each.name for each in kind.fields)}."
            )
        return Mapping(columns, distinct=bool(document.get("distinct")))

    @staticmethod
    def by_titles(header: list[str], kind: ImportKind) -> Mapping:
        """Match columns by the field's name, title or an alias, without regard to case."""
        found: dict[str, Column] = {}
        # What we wrote into a returned file is no field of it.
        headers = {
            cell.strip().casefold(): cell for cell in header if cell.strip() != PROBLEM_COLUMN
        }
        for each in kind.fields:
            for candidate in (each.title, each.name, *each.aliases):
                if candidate.casefold() in headers:
                    found[each.name] = Column(headers[candidate.casefold()])
                    break
        return Mapping(found)


class ImportRecord(Base):
    """One file that was stored, so that the same file is recognised."""

    __tablename__ = "import_record"
    __table_args__ = (
        Index(
            "uq_import_record_stored",
            "kind",
            "file_sha256",
            "mapping_sha256",
            unique=True,
            postgresql_where=text("state = 'stored'"),
        ),
    )

    id: Mapped[Id]
    kind: Mapped[str]
    file_sha256: Mapped[str]
    file_name: Mapped[str]
    mapping_sha256: Mapped[str]
    state: Mapped[str]
    row_count: Mapped[int]
    problem_count: Mapped[int]
    counts: Mapped[dict[str, Any]]
    good_rows_only: Mapped[bool]
    account_id: Mapped[int | None]
    created_at: Mapped[datetime]
    # Imports asked for through the web: what the job needs, and what it found.
    mapping: Mapped[dict[str, Any] | None]
    message_id: Mapped[int | None]
    grouped_problems: Mapped[list[Any] | None]
    marked_sha256: Mapped[str | None]
    finished_at: Mapped[datetime | None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of an import or of its dry run."""

    kind: str
    rows: int
    problems: list[Problem]
    counts: dict[str, int]
    stored: bool
    dry_run: bool
    known_since: datetime | None = None
    marked_file: bytes | None = None
    marked_name: str | None = None

    @property
    def grouped(self) -> list[tuple[str, str, int]]:
        """(field, problem, how often), the most frequent first."""
        tally = Counter((each.field, each.message) for each in self.problems)
        return [(name, message, count) for (name, message), count in tally.most_common()]


def run(
    session: Session,
    actor: Actor,
    kind: ImportKind,
    content: bytes,
    name: str,
    *,
    mapping: dict[str, Any] | None = None,
    dry_run: bool = False,
    good_rows_only: bool = False,
    progress: Progress = silent,
) -> Outcome:
    """Check a file and, unless it is a dry run, store it: all rows, or none.

    Parameters
    ----------
    mapping : dict, optional
        The mapping file; without it columns are matched by their titles.
    dry_run : bool
        Do everything, then take it back.
    good_rows_only : bool
        Store what can be stored although other rows have problems. The choice is recorded.

    Returns
    -------
    Outcome
        With the same file, marked with a 问题 column, where rows have problems.
    """
    mapping_sha256 = _mapping_digest(mapping)
    file_sha256 = hashlib.sha256(content).hexdigest()
    known = session.execute(
        select(ImportRecord.created_at).where(
            ImportRecord.kind == kind.name,
            ImportRecord.file_sha256 == file_sha256,
            ImportRecord.mapping_sha256 == mapping_sha256,
            ImportRecord.state == "stored",
        )
    ).scalar_one_or_none()
    if known is not None:
        return Outcome(kind.name, 0, [], {}, stored=False, dry_run=dry_run, known_since=known)

    progress("read", 0, 1)
    table = read_table(content, name)
    chosen = _chosen(table, kind, mapping)
    report = Report(rows=len(table.rows), progress=progress, file_sha256=file_sha256)
    rows = _rows(table, kind, chosen, report)
    problem_rows = {each.row for each in report.problems}
    stored = False
    with session.begin_nested() as savepoint:
        if rows and (not report.problems or good_rows_only or dry_run):
            kind.store(session, actor, rows, report)
            problem_rows |= {each.row for each in report.problems}
            stored = not dry_run and (not report.problems or good_rows_only)
        if not stored:
            savepoint.rollback()
    if stored:
        files.store(session, content, name=name, media_type=_media_type(name))
        session.add(
            ImportRecord(
                kind=kind.name,
                file_sha256=file_sha256,
                file_name=name,
                mapping_sha256=mapping_sha256,
                state="stored",
                row_count=report.rows,
                problem_count=len(problem_rows),
                counts=dict(report.counts),
                good_rows_only=good_rows_only,
                account_id=actor.account_id,
                created_at=now(),
            )
        )
        audit.record(
            session,
            actor,
            f"import.{kind.name}",
            file_sha256,
            {"rows": report.rows, "counts": dict(report.counts), "good_rows_only": good_rows_only},
        )
    marked, marked_name = (
        _marked(table, kind, chosen, report, name) if problem_rows else (None, None)
    )
    return Outcome(
        kind=kind.name,
        rows=report.rows,
        problems=report.problems,
        counts=dict(report.counts),
        stored=stored,
        dry_run=dry_run,
        marked_file=marked,
        marked_name=marked_name,
    )


def _mapping_digest(mapping: dict[str, Any] | None) -> str:
    return hashlib.sha256(
        json.dumps(mapping or {}, sort_keys=True, ensure_ascii=False).encode()
    ).hexdigest()


@dataclass(frozen=True, slots=True)
class ImportRequested:
    """Somebody uploaded a file to be checked or stored."""

    topic: ClassVar[str] = "imports.requested"

    import_id: int


def request(
    session: Session,
    actor: Actor,
    kind: ImportKind,
    content: bytes,
    name: str,
    *,
    mapping: dict[str, Any] | None = None,
    dry_run: bool = True,
    good_rows_only: bool = False,
) -> ImportRecord:
    """Take an upload and have it checked, or stored, by a job."""
    record = take(
        session,
        actor,
        kind,
        content,
        name,
        mapping=mapping,
        dry_run=dry_run,
        good_rows_only=good_rows_only,
    )
    record.message_id = outbox.add(session, ImportRequested(record.id))
    return record


def take(
    session: Session,
    actor: Actor,
    kind: ImportKind,
    content: bytes,
    name: str,
    *,
    mapping: dict[str, Any] | None = None,
    dry_run: bool = True,
    good_rows_only: bool = False,
) -> ImportRecord:
    """Take an upload; whoever takes it sees to it that it is carried out.

    The file is read once here, so that one that is no table, or of another kind, is refused at
    once.
    """
    table = read_table(content, name)
    _plan(table, kind, _chosen(table, kind, mapping))
    file = files.store(session, content, name=name, media_type=_media_type(name))
    record = ImportRecord(
        kind=kind.name,
        file_sha256=file.sha256,
        file_name=name,
        mapping_sha256=_mapping_digest(mapping),
        state="to-check" if dry_run else "to-store",
        row_count=len(table.rows),
        problem_count=0,
        counts={},
        good_rows_only=good_rows_only,
        account_id=actor.account_id,
        created_at=now(),
        mapping=mapping,
    )
    session.add(record)
    session.flush()  # whoever carries it out names it
    return record


def carry_out(
    session: Session,
    actor: Actor,
    kind: ImportKind,
    record: ImportRecord,
    progress: Progress = silent,
) -> Outcome:
    """Do what an upload asked for, and keep what was found."""
    content = files.load(session, record.file_sha256).content
    outcome = run(
        session,
        actor,
        kind,
        content,
        record.file_name,
        mapping=record.mapping,
        dry_run=record.state == "to-check",
        good_rows_only=record.good_rows_only,
        progress=progress,
    )
    if outcome.known_since is not None:
        record.state = "known"
    elif outcome.stored:
        record.state = "done"
    else:
        record.state = "checked" if outcome.dry_run else "refused"
    record.problem_count = len({each.row for each in outcome.problems})
    record.counts = outcome.counts
    record.grouped_problems = [list(each) for each in outcome.grouped[:200]]
    if outcome.marked_file is not None and outcome.marked_name is not None:
        record.marked_sha256 = files.store(
            session,
            outcome.marked_file,
            name=outcome.marked_name,
            media_type=_media_type(outcome.marked_name),
        ).sha256
    record.finished_at = now()
    return outcome


def records(session: Session, limit: int = 50) -> list[ImportRecord]:
    """The latest uploads and imports, newest first."""
    return list(
        session.execute(
            select(ImportRecord).order_by(ImportRecord.id.desc()).limit(limit)
        ).scalars()
    )


def _media_type(name: str) -> str:
    if name.lower().endswith(".xlsx"):
        return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return "text/csv"


def _chosen(table: Table, kind: ImportKind, mapping: dict[str, Any] | None) -> Mapping:
    return Mapping.parse(mapping, kind) if mapping else Mapping.by_titles(table.header, kind)


def _plan(table: Table, kind: ImportKind, mapping: Mapping) -> Plan:
    """Which cell each field comes from.

    Raises
    ------
    MappingFault
        The file lacks a column that the mapping names, or one that every row needs.
    """
    positions = {cell: index for index, cell in enumerate(table.header)}
    for name, column in mapping.columns.items():
        if column.header is not None and column.header not in positions:
            raise MappingFault(
                reason=f"the file has no column {column.header!r} for {name}; "
                f"its columns are {', '.join(table.header)}."
            )
    missing = [each for each in kind.fields if each.required and each.name not in mapping.columns]
    if missing:
        raise MappingFault(
            reason="no column was found for "
            + ", ".join(f"{each.title} ({each.name})" for each in missing)
            + f"; the file's columns are {', '.join(table.header)}. Rename one or give a mapping."
        )
    return [
        (each, mapping.columns[each.name], positions.get(mapping.columns[each.name].header or ""))
        for each in kind.fields
        if each.name in mapping.columns
    ]


def _rows(table: Table, kind: ImportKind, mapping: Mapping, report: Report) -> list[ImportedRow]:
    plan = _plan(table, kind, mapping)
    width = len(table.header)
    seen: dict[tuple[Any, ...], int] = {}
    good: list[ImportedRow] = []
    total = len(table.rows)
    for index, cells in enumerate(table.rows):
        number = index + 2
        if index % 2000 == 0:
            report.progress("check", index, total)
        before = len(report.problems)
        values: dict[str, Any] = {}
        if len(cells) > width and any(cell.strip() for cell in cells[width:]):
            report.problems.append(
                Problem(
                    number,
                    "",
                    ", ".join(cells[width:]),
                    f"The row has {len(cells)} cells, the header {width}; a comma inside a cell "
                    "needs quotation marks.",
                )
            )
        if mapping.distinct and _passed_over(kind, plan, cells, seen, report):
            continue
        for each, column, position in plan:
            values[each.name] = _value(each, column, position, cells, number, report)
        if kind.key and len(report.problems) == before:
            key = tuple(values.get(part) for part in kind.key)
            first = seen.setdefault(key, number)
            if first != number:
                report.problems.append(
                    Problem(
                        number,
                        kind.key[0],
                        " / ".join(str(part) for part in key),
                        f"Already in row {first} of this file; keep one of them.",
                    )
                )
        if len(report.problems) == before:
            good.append(ImportedRow(number, values))
    report.progress("check", total, total)
    return good


def _passed_over(
    kind: ImportKind,
    plan: Plan,
    cells: list[str],
    seen: dict[tuple[Any, ...], int],
    report: Report,
) -> bool:
    """True for a row of a distinct mapping whose key is empty or was met before."""
    key = tuple(
        cells[position].strip() if position is not None and position < len(cells) else ""
        for each, _, position in plan
        if each.name in kind.key
    )
    if not all(key):
        report.counts["without a key"] += 1
        return True
    if ("distinct", *key) in seen:
        report.counts["named again"] += 1
        return True
    seen[("distinct", *key)] = 0
    return False


def _value(
    each: Field, column: Column, position: int | None, cells: list[str], number: int, report: Report
) -> Any:
    raw = cells[position].strip() if position is not None and position < len(cells) else ""
    cell = (column.values or {}).get(raw, raw)
    if not cell:
        cell = column.default or ""
    if not cell:
        if each.required:
            report.problems.append(
                Problem(number, each.name, raw, f"{each.title} is missing; every row needs it.")
            )
        return None
    try:
        return each.parse(cell)
    except ValueError as error:
        report.problems.append(Problem(number, each.name, raw, str(error)))
        return None


def _marked(
    table: Table, kind: ImportKind, mapping: Mapping, report: Report, name: str
) -> tuple[bytes, str]:
    by_row: dict[int, list[Problem]] = {}
    for each in report.problems:
        by_row.setdefault(each.row, []).append(each)
    width = len(table.header)
    positions = {cell: index for index, cell in enumerate(table.header)}
    titles = {each.name: each.title for each in kind.fields}
    # A file that was returned before keeps one column of remarks: the new ones.
    kept = [index for index, cell in enumerate(table.header) if cell != PROBLEM_COLUMN]
    header = [*(table.header[index] for index in kept), PROBLEM_COLUMN]
    red: set[tuple[int, int]] = set()
    rows: list[list[str]] = []
    for index, cells in enumerate(table.rows):
        problems = by_row.get(index + 2, [])
        words = "; ".join(
            f"{titles[each.field]}: {each.message}" if each.field in titles else each.message
            for each in problems
        )
        padded = (cells + [""] * width)[:width]
        rows.append([*(padded[index] for index in kept), words])
        for each in problems:
            column = mapping.columns.get(each.field)
            if column is not None and column.header in positions:
                red.add((index, kept.index(positions[column.header])))
    stem, dot, extension = name.rpartition(".")
    marked_name = f"{stem or name}-{PROBLEM_COLUMN}.{extension if dot else 'csv'}"
    if table.encoding == "xlsx":
        return write_xlsx([("Sheet1", header, rows)], red=frozenset(red)), marked_name
    return write_csv(header, rows), marked_name


def problem_fields(problems: Iterable[Problem], limit: int = 50) -> list[FieldProblem]:
    """The first problems as fields of a refusal."""
    return [
        FieldProblem(
            f"row {each.row}.{each.field}" if each.field else f"row {each.row}",
            "{words}",
            {"words": each.message},
        )
        for each in list(problems)[:limit]
    ]
