"""What stands in an uploaded file: which columns were understood, its first rows, its bad cells.

Only the beginning of a large file is read: these are examples; the check itself reads all of it.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from core import files
from core.errors import Refusal
from core.imports import PROBLEM_COLUMN, ImportKind, ImportRecord, Mapping
from core.workbooks import Table, read_table

ROWS_SHOWN = 20
MOST_BYTES = 1024 * 1024
ZIP = b"PK"  # a workbook: it can be read whole only


@dataclass(frozen=True, slots=True)
class Matched:
    """One field of the import: where it was found, and what its first cells say."""

    title: str
    required: bool
    header: str | None
    constant: str | None
    samples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """The beginning of a file as the import understands it."""

    columns: tuple[Matched, ...]
    unused: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]  # number as in a spreadsheet, cells

    @property
    def found(self) -> tuple[Matched, ...]:
        """The fields that have a column; the cells of ``rows`` stand in their order."""
        return tuple(each for each in self.columns if each.header is not None)


@dataclass(frozen=True, slots=True)
class BadCell:
    """One problem: the row, the column, what stands there, and the words (in English)."""

    row: int
    title: str
    value: str
    words: str


def preview(session: Session, record: ImportRecord, kind: ImportKind) -> Preview | None:
    """The beginning of an upload; None where it cannot be shown."""
    table = _beginning(session, record.file_sha256)
    if table is None:
        return None
    mapping = _mapping(record, kind, table)
    places = {cell: index for index, cell in enumerate(table.header)}
    columns = []
    for each in kind.fields:
        column = mapping.columns.get(each.name)
        header = column.header if column and column.header in places else None
        samples: list[str] = []
        for cells in table.rows[:ROWS_SHOWN] if header is not None else ():
            cell = _cell(cells, places[header or ""])
            if cell and cell not in samples:
                samples.append(cell)
        columns.append(
            Matched(
                title=each.title,
                required=each.required,
                header=header,
                constant=column.default if column and header is None else None,
                samples=tuple(samples[:3]),
            )
        )
    used = {each.header for each in columns}
    shown = [places[each.header] for each in columns if each.header is not None]
    return Preview(
        columns=tuple(columns),
        unused=tuple(cell for cell in table.header if cell and cell not in used),
        rows=tuple(
            (index + 2, tuple(_cell(cells, place) for place in shown))
            for index, cells in enumerate(table.rows[:ROWS_SHOWN])
        ),
    )


def bad_cells(session: Session, record: ImportRecord, kind: ImportKind) -> list[BadCell]:
    """The first problems of an upload, from the file that goes back to its sender."""
    table = _beginning(session, record.marked_sha256) if record.marked_sha256 else None
    if table is None or table.header[-1] != PROBLEM_COLUMN:
        return []
    last = len(table.header) - 1
    places = {cell: index for index, cell in enumerate(table.header[:last])}
    mapping = _mapping(record, kind, table)
    headers = {
        each.title: mapping.columns[each.name].header or ""
        for each in kind.fields
        if each.name in mapping.columns
    }
    found: list[BadCell] = []
    for index, cells in enumerate(table.rows):
        for title, words in told(_cell(cells, last), {each.title for each in kind.fields}):
            header = headers.get(title, "")
            value = _cell(cells, places[header]) if header in places else ""
            found.append(BadCell(index + 2, header or title, value, words))
        if len(found) >= ROWS_SHOWN:
            break
    return found[:ROWS_SHOWN]


def told(cell: str, titles: set[str]) -> list[tuple[str, str]]:
    """The (title, words) that the engine joined in one cell."""
    found: list[tuple[str, str]] = []
    for piece in cell.split("; ") if cell else ():
        title, mark, words = piece.partition(": ")
        if mark and title in titles:
            found.append((title, words))
        elif found:
            found[-1] = (found[-1][0], f"{found[-1][1]}; {piece}")
        else:
            found.append(("", piece))
    return found


def _beginning(session: Session, sha256: str) -> Table | None:
    try:
        file = files.load(session, sha256)
        content = bytes(file.content)
        if len(content) > MOST_BYTES:
            if content.startswith(ZIP):
                return None
            content = content[: content.rfind(b"\n", 0, MOST_BYTES) + 1]
        return read_table(content, file.name)
    except Refusal:
        return None


def _mapping(record: ImportRecord, kind: ImportKind, table: Table) -> Mapping:
    if record.mapping:
        return Mapping.parse(record.mapping, kind)
    return Mapping.by_titles(table.header, kind)


def _cell(cells: list[str], place: int) -> str:
    return cells[place].strip() if place < len(cells) else ""
