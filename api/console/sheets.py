"""The sheet of a sampling record as a PDF file.

It is set in a font that readers of PDF bring themselves (docs/decisions/0003), so that its text
can be searched and copied; the same record gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any

import segno
from flask import Response

from api.console.prints import Block, Sheet, both, sheet_of
from sampling.queries.record_parts import RecordView

FONT = "STSong-Light"
MARGIN = 34.0  # points, 12 mm
SIDE = 595.2756 - 2 * MARGIN
SAMPLE_WIDTHS = (96.0, 48.0, 62.0, 84.0, 130.0, SIDE - 420)
FILE_WIDTHS = (70.0, 90.0, SIDE - 160)


def pdf_answer(view: RecordView) -> Response:
    """The record as a PDF file."""
    response = Response(pdf_of(sheet_of(view)), mimetype="application/pdf")
    name = f"{view.no}-{view.edition}.pdf" if view.edition > 1 else f"{view.no}.pdf"
    response.headers["Content-Disposition"] = f'inline; filename="{name}"'
    return response


def pdf_of(sheet: Sheet) -> bytes:
    """A sheet on A4 pages, with text that can be searched, the QR code and page numbers."""
    # Heavy, and needed by this one answer only.
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer

    pdfmetrics.registerFont(UnicodeCIDFont(FONT))
    small = ParagraphStyle("small", fontName=FONT, fontSize=7.6, leading=9.2, wordWrap="CJK")
    head = ParagraphStyle("head", parent=small, fontSize=16, leading=22)
    warn = ParagraphStyle("warn", parent=small, fontSize=11, leading=15, textColor="#b31b18")

    def say(text: str, style: Any = small) -> Any:
        escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        return Paragraph(escaped.replace("\n", "<br/>"), style)

    story: list[Any] = [_head_table(sheet, say, head, warn), Spacer(1, 4)]
    for block in sheet.blocks:
        story += [_block_table(block, say), Spacer(1, 3)]
    if sheet.samples:
        story += [_rows_table(sheet.sample_titles, sheet.samples, SAMPLE_WIDTHS, say), Spacer(1, 3)]
    title = both(("签字", "Signatures"))
    story += [_block_table(Block(title, sheet.signatures), say), Spacer(1, 3)]
    if sheet.files:
        story += [_rows_table(sheet.file_titles, sheet.files, FILE_WIDTHS, say), Spacer(1, 3)]
    story += [say(line) for line in sheet.foot]
    buffer = BytesIO()
    document = SimpleDocTemplate(
        buffer,
        pagesize=A4,
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=28,
        bottomMargin=36,
        title=f"{sheet.title} {sheet.no}",
        author="质衡 Zhiheng",
        invariant=1,  # the same record gives the same bytes
    )
    document.build(story, canvasmaker=_numbered(sheet.no))
    return buffer.getvalue()


def _head_table(sheet: Sheet, say: Any, head: Any, warn: Any) -> Any:
    from reportlab.platypus import Table

    left = [say(sheet.title, head), say(f"抽样单编号 {sheet.no}")]
    if sheet.warning:
        left.append(say(sheet.warning, warn))
    right = _qr_flowable(sheet.address) if sheet.address else ""
    table = Table([[left, right]], colWidths=(SIDE - 70, 70))
    table.setStyle(
        [
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("ALIGN", (1, 0), (1, 0), "RIGHT"),
            *((side, (0, 0), (-1, -1), 0) for side in ("LEFTPADDING", "RIGHTPADDING")),
            *((side, (0, 0), (-1, -1), 0) for side in ("TOPPADDING", "BOTTOMPADDING")),
        ]
    )
    return table


def _block_table(block: Block, say: Any) -> Any:
    from reportlab.platypus import Table

    rows: list[list[Any]] = []
    spans = []
    waiting: list[Any] = []
    for line in block.lines:
        if line.is_wide:
            if waiting:
                rows.append([*waiting, "", ""])
                waiting = []
            spans.append(("SPAN", (1, len(rows)), (3, len(rows))))
            rows.append([say(line.title), say(line.text), "", ""])
            continue
        waiting += [say(line.title), say(line.text)]
        if len(waiting) == 4:
            rows.append(waiting)
            waiting = []
    if waiting:
        spans.append(("SPAN", (1, len(rows)), (3, len(rows))))
        rows.append([*waiting, "", ""])
    heading = [say(block.title), "", "", ""]
    spans = [
        (name, (first[0], first[1] + 1), (last[0], last[1] + 1)) for name, first, last in spans
    ]
    labels = 92
    value = (SIDE - 2 * labels) / 2
    table = Table([heading, *rows], colWidths=(labels, value, labels, value), repeatRows=1)
    table.setStyle([*_lines(), ("SPAN", (0, 0), (3, 0)), *spans])
    return table


def _rows_table(
    titles: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[float], say: Any
) -> Any:
    from reportlab.platypus import Table

    body = [[say(cell) for cell in row] for row in (titles, *rows)]
    table = Table(body, colWidths=widths, repeatRows=1)
    table.setStyle(_lines())
    return table


def _lines() -> list[Any]:
    return [
        ("GRID", (0, 0), (-1, -1), 0.5, "#444444"),
        ("BACKGROUND", (0, 0), (-1, 0), "#eef1f6"),
        ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
        ("TOPPADDING", (0, 0), (-1, -1), 0.8),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 1.8),
        ("LEFTPADDING", (0, 0), (-1, -1), 3),
        ("RIGHTPADDING", (0, 0), (-1, -1), 3),
    ]


def _qr_flowable(address: str) -> Any:
    from reportlab.graphics.shapes import Drawing, Rect

    matrix = [list(row) for row in segno.make(address, error="m").matrix]
    side = 68.0
    dot = side / (len(matrix) + 4)  # two modules of white around
    drawing = Drawing(side, side)
    for y, row in enumerate(matrix):
        for x, dark in enumerate(row):
            if dark:
                left, bottom = (x + 2) * dot, side - (y + 3) * dot
                drawing.add(Rect(left, bottom, dot, dot, fillColor="#000000", strokeColor=None))
    return drawing


def _numbered(no: str) -> Any:
    from reportlab.pdfgen.canvas import Canvas

    class Numbered(Canvas):  # type: ignore[misc]
        """A canvas that knows how many pages there are before it writes their numbers."""

        def __init__(self, *arguments: Any, **facts: Any) -> None:
            super().__init__(*arguments, **facts)
            self.pages: list[dict[str, Any]] = []

        def showPage(self) -> None:  # noqa: N802 - the library's name
            self.pages.append(dict(self.__dict__))
            self._startPage()

        def save(self) -> None:
            for place, page in enumerate(self.pages, start=1):
                self.__dict__.update(page)
                self.setFont(FONT, 8)
                words = f"{no}　第 {place} 页 共 {len(self.pages)} 页"
                self.drawRightString(MARGIN + SIDE, 20, words)
                super().showPage()
            super().save()

    return Numbered
