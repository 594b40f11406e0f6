"""Tables in and out of CSV and XLSX files: rows, not meaning."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from core.errors import Invalid

# What spreadsheet programs take for a formula at the start of a cell.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


class UnreadableFile(Invalid):
    """The file is not a table this house can read."""

    code = "imports/unreadable-file"
    message = "{name} cannot be read: {reason}. {advice}"


@dataclass(frozen=True, slots=True)
class Table:
    """A header and rows of text, as wide as the header or wider."""

    header: list[str]
    rows: list[list[str]]
    encoding: str


def read_table(content: bytes, name: str) -> Table:
    """Read the first sheet of a workbook, or a CSV file in UTF-8 or GB 18030 (GBK).

    Raises
    ------
    UnreadableFile
        Empty, of another kind, in another encoding, or broken; says where and what to do.
    """
    if not content.strip():
        raise UnreadableFile(name=name, reason="it is empty", advice="Choose the right file.")
    if content[:4] == b"PK\x03\x04":
        return _read_xlsx(content, name)
    if content[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        raise UnreadableFile(
            name=name, reason="it is an old .xls workbook", advice="Save it as .xlsx or CSV UTF-8."
        )
    return _read_csv(content, name)


def _decoded(content: bytes, name: str) -> tuple[str, str]:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text, "utf-8" if encoding == "utf-8-sig" else encoding
    raise UnreadableFile(
        name=name,
        reason="its text is neither UTF-8 nor GBK",
        advice="Save it as CSV UTF-8 or as .xlsx.",
    )


def _read_csv(content: bytes, name: str) -> Table:
    text, encoding = _decoded(content, name)
    first_line = text.split("\n", 1)[0]
    delimiter = max(",\t;", key=first_line.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[list[str]] = []
    begins_at = 1
    try:
        for row in reader:
            begins_at = reader.line_num + 1
            if any(cell.strip() for cell in row):
                rows.append(row)
    except csv.Error as error:
        # The reader stands where it gave up; the fault is where the row began.
        raise UnreadableFile(
            name=name,
            reason=f"the row that begins at line {begins_at} is broken ({error})",
            advice="Look for a quotation mark that is not closed, and save the file again.",
        ) from error
    return _table(rows, name, encoding)


def _read_xlsx(content: bytes, name: str) -> Table:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
        cells = workbook.get_sheet_by_index(0).to_python(skip_empty_area=False)
    except (CalamineError, IndexError) as error:
        raise UnreadableFile(
            name=name, reason="the workbook is damaged", advice="Open and save it again as .xlsx."
        ) from error
    rows = [[_cell_text(cell) for cell in row] for row in cells]
    return _table([row for row in rows if any(row)], name, "xlsx")


def _cell_text(cell: Any) -> str:
    if isinstance(cell, bool):
        return "1" if cell else "0"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    return "" if cell is None else str(cell).strip()


def _table(rows: list[list[str]], name: str, encoding: str) -> Table:
    if not rows:
        raise UnreadableFile(name=name, reason="it has no rows", advice="Choose the right file.")
    header = [cell.strip() for cell in rows[0]]
    while header and not header[-1]:
        header.pop()
    doubled = sorted({cell for cell in header if cell and header.count(cell) > 1})
    if doubled:
        raise UnreadableFile(
            name=name,
            reason=f"the column {', '.join(doubled)} stands there twice",
            advice="Remove or rename one of them.",
        )
    return Table(header=header, rows=rows[1:], encoding=encoding)


def safe_cell(value: Any) -> Any:
    """A cell no spreadsheet program will run: text that looks like a formula is quoted."""
    if isinstance(value, str) and value.startswith(FORMULA_STARTS):
        return "'" + value
    return value


def write_csv(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """CSV in UTF-8 with a byte-order mark, which spreadsheet programs need for Chinese."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(header)
    writer.writerows([safe_cell(cell) for cell in row] for row in rows)
    return b"\xef\xbb\xbf" + buffer.getvalue().encode()


@dataclass(frozen=True, slots=True)
class Choices:
    """What a column of the first sheet offers; ``strict`` refuses anything else."""

    title: str
    values: Sequence[str]
    strict: bool = True


def write_xlsx(
    sheets: Sequence[tuple[str, Sequence[str], Iterable[Sequence[Any]]]],
    *,
    red: frozenset[tuple[int, int]] = frozenset(),
    choices: Sequence[Choices] = (),
    choice_rows: int = 1000,
) -> bytes:
    """A workbook of (title, header, rows); ``red`` marks (row, column) of the first sheet, from 0.

    Row 0 is the first row under the header. ``choices`` become drop-downs of the first
    ``choice_rows`` rows of the first sheet; their values stand in a sheet of their own at the end.
    """
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font, PatternFill

    workbook = Workbook(write_only=True)
    bold, fill = Font(bold=True), PatternFill("solid", start_color="FFF8D7DA")
    for index, (title, header, rows) in enumerate(sheets):
        sheet = workbook.create_sheet(title[:31])
        head = []
        for cell in header:
            styled = WriteOnlyCell(sheet, value=cell)
            styled.font = bold
            head.append(styled)
        sheet.append(head)
        for row_number, row in enumerate(rows):
            out: list[Any] = []
            for column, value in enumerate(row):
                cell = safe_cell(value)
                if index == 0 and (row_number, column) in red:
                    marked = WriteOnlyCell(sheet, value=cell)
                    marked.fill = fill
                    out.append(marked)
                else:
                    out.append(cell)
            sheet.append(out)
    if choices:
        _offer(workbook, sheets[0][1], choices, choice_rows)
    buffer = io.BytesIO()
    workbook.save(buffer)
    return buffer.getvalue()


def _offer(workbook: Any, header: Sequence[str], choices: Sequence[Choices], rows: int) -> None:
    """Drop-downs; a list in the rule itself may have 255 characters only, hence the sheet."""
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    first = workbook.worksheets[0]
    title = "选项"
    offered = [each for each in choices if each.values]
    sheet = workbook.create_sheet(title)
    sheet.append([each.title for each in offered])
    for row in range(max((len(each.values) for each in offered), default=0)):
        sheet.append(
            [safe_cell(each.values[row]) if row < len(each.values) else None for each in offered]
        )
    for place, each in enumerate(offered, start=1):
        column = get_column_letter(place)
        rule = DataValidation(
            type="list",
            formula1=f"'{title}'!${column}$2:${column}${len(each.values) + 1}",
            allow_blank=True,
            showErrorMessage=each.strict,
        )
        letter = get_column_letter(list(header).index(each.title) + 1)
        rule.add(f"{letter}2:{letter}{rows + 1}")
        first.data_validations.append(rule)
