"""The sampling record (抽样单) on paper: one sheet of words for the A4 page and for the PDF.

The Chinese names of the fields come first: this is the form that the law knows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import segno
from flask import url_for
from markupsafe import Markup

from api.console.languages import language
from api.console.shell import moment
from sampling.maths.record_cells import plain
from sampling.maths.record_fields import (
    BY_NAME,
    CHANNEL_WORDS,
    GROUPS,
    PURPOSE_WORDS,
    Channel,
    Evidence,
    RecordField,
    SampleKind,
    fields_of,
)
from sampling.queries.record_parts import RecordView

KINDS = {SampleKind.TEST: ("检样", "to test"), SampleKind.RETAINED: ("备样", "retained")}
ROLES = {
    "sampler": ("抽样人员", "Sampler"),
    "unit": ("被抽样单位签字盖章", "Signed and stamped for the unit"),
    "refusal": ("被抽样单位拒绝签字", "The unit refused to sign"),
    "witness": ("见证人", "Witness"),
}
EVIDENCE = {
    Evidence.PLACE: ("抽样现场", "place"),
    Evidence.STORAGE: ("储存状况", "storage"),
    Evidence.LABEL: ("标签标识", "label"),
    Evidence.STOCK: ("库存", "stock"),
    Evidence.PROCESS: ("抽样过程", "process"),
    Evidence.SEAL: ("封样状态", "seal"),
    Evidence.SCREENSHOT: ("网页截图", "screenshot"),
    Evidence.VIDEO: ("录像", "video"),
    Evidence.SIGNATURE: ("签字页", "signed page"),
    Evidence.OTHER: ("其他", "other"),
}
# Fields whose words are long: they take the whole width of the sheet.
WIDE = frozenset({"claimed_quality", "remarks", "shop_url", "delivery_address"})

Words = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Line:
    """A field on paper."""

    title: str
    text: str
    is_wide: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """A group of fields on paper."""

    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A record, ready for paper.

    ``warning`` stands across the head of what is not, or no longer, valid; ``address`` is what the
    QR code leads to, and empty for a draft.
    """

    title: str
    no: str
    warning: str
    blocks: tuple[Block, ...]
    samples: tuple[tuple[str, ...], ...]
    sample_titles: tuple[str, ...]
    files: tuple[tuple[str, ...], ...]
    file_titles: tuple[str, ...]
    signatures: tuple[Line, ...]
    foot: tuple[str, ...]
    address: str


def both(words: Words) -> str:
    """Chinese, with the English after it for readers of English."""
    return words[0] if language() == "zh" else f"{words[0]} {words[1]}"


def title_of(field: RecordField) -> str:
    """The name of a field on the form."""
    return both((field.zh, field.en))


def choice_words(field: RecordField, code: str) -> str:
    """What a choice is called; a code that is none is shown as it is."""
    return next((both((zh, en)) for one, zh, en in field.choices if one == code), code)


def shown(field: RecordField, values: Any) -> str:
    """The text of a field on paper; “/” where nothing is written."""
    text = str(values.get(field.name, "") or "/")
    return choice_words(field, text) if field.choices else text


def check_address(view: RecordView, number: str | None = None) -> str:
    """Where a printed record, or the label of a sample, can be checked; empty for a draft."""
    if view.short is None:
        return ""
    return url_for("record_check.show", no=number or view.no, short=view.short, _external=True)


def sheet_of(view: RecordView) -> Sheet:
    """Put a record into words for paper."""
    channel = Channel(view.channel)
    blocks = []
    for group, zh, en in GROUPS:
        lines = [
            Line(title_of(field), shown(field, view.values), field.name in WIDE)
            for field in fields_of(group, channel)
        ]
        if group == "task":
            lines = [*_head(view), *lines]
        if lines:
            blocks.append(Block(both((zh, en)), _paired(lines)))
    unit = view.values.get("quantity_unit", "")
    return Sheet(
        title=both(("产品质量抽样单", "Sampling record")),
        no=view.no if view.edition == 1 else f"{view.no}（第{view.edition}版）",
        warning=_warning(view),
        blocks=tuple(blocks),
        sample_titles=tuple(
            both(words)
            for words in (
                ("样品编号", "Sample"),
                ("类别", "Kind"),
                ("数量", "Quantity"),
                ("封样编号", "Seal"),
                ("存放地点", "Kept at"),
                ("储存条件", "Storage"),
            )
        ),
        samples=tuple(
            (
                each.no,
                both(KINDS[SampleKind(each.kind)]),
                f"{plain(each.quantity)} {unit}".strip(),
                each.seal_no,
                each.place or view.values.get("retained_place", "/"),
                each.storage or view.values.get("storage", "/"),
            )
            for each in view.samples
        ),
        file_titles=tuple(
            both(words)
            for words in (("证据", "Evidence"), ("收到时间", "Received"), ("SHA-256", ""))
        ),
        files=tuple(
            (both(EVIDENCE[Evidence(each.kind)]), moment(each.added_at), each.sha256)
            for each in view.attachments
        ),
        signatures=_signatures(view),
        foot=_foot(view),
        address=check_address(view),
    )


def _paired(lines: Sequence[Line]) -> tuple[Line, ...]:
    """Lines two by two; one that is left alone takes the whole width."""
    paired: list[Line] = []
    waiting = False
    for line in lines:
        if line.is_wide and waiting:
            paired[-1] = replace(paired[-1], is_wide=True)
        waiting = not line.is_wide and not waiting
        paired.append(line)
    if waiting:
        paired[-1] = replace(paired[-1], is_wide=True)
    return tuple(paired)


def _head(view: RecordView) -> list[Line]:
    lines = [
        Line(both(("抽样类型", "Purpose")), both(PURPOSE_WORDS[view.purpose])),
        Line(both(("抽样领域", "Where")), both(CHANNEL_WORDS[view.channel])),
        Line(both(("计划编号", "Plan")), view.plan_no or "/"),
    ]
    if view.standalone_reason:
        lines.append(
            Line(both(("非抽签抽样事由", "Why outside a draw")), view.standalone_reason, True)
        )
    return lines


def _warning(view: RecordView) -> str:
    return {
        "draft": both(("草稿 · 未签署 · 无效", "Draft, not signed, not valid")),
        "discarded": both(("已作废", "Discarded")),
        "replaced": both(("已被更正版替代", "Replaced by a correction")),
    }.get(view.state, "")


def _signatures(view: RecordView) -> tuple[Line, ...]:
    current = [one for one in view.signatures if one.is_current]
    signed = {one.person_id: one for one in current if one.role == "sampler"}
    lines = []
    for place, sampler in enumerate(view.samplers, start=1):
        signature = signed.get(sampler.person_id)
        title = f"{ROLES['sampler'][0]}{place}"
        words = f"{sampler.name}（证件号 {sampler.certificate_no or '/'}）"
        done = moment(signature.signed_at) if signature else "未签字"
        lines.append(Line(both((title, f"Sampler {place}")), f"{words}　{done}"))
    for role in ("unit", "refusal", "witness"):
        for one in current:
            if one.role == role:
                words = "　".join(
                    part for part in (one.name, one.statement, moment(one.signed_at)) if part
                )
                lines.append(Line(both(ROLES[role]), words, role == "refusal"))
    if not any(one.role in ("unit", "refusal") for one in current):
        lines.append(Line(both(ROLES["unit"]), ""))
    if view.correction_reason:
        words = f"第{view.edition}版：{view.correction_reason}"
        lines.append(Line(both(("修改记录", "Correction")), words, True))
    return _paired(lines)


def _foot(view: RecordView) -> tuple[str, ...]:
    lines = ["本单一式四份：组织单位、被抽样单位、检验机构、标称生产者各执一份。"]
    if view.sha256:
        lines.append(f"单据哈希 SHA-256 {view.sha256}，存证序号 {view.journal_sequence}。")
        lines.append("扫描右上角二维码可核验本单真伪；核验页不显示内容。")
    return tuple(lines)


def qr_picture(address: str) -> Markup:
    """An address as a QR picture: SVG elements only, no style."""
    picture = segno.make(address, error="m").svg_inline(
        omitsize=True, svgclass="qr", lineclass=None, border=2
    )
    return Markup(picture)  # noqa: S704 - made of our own address by the library


def field_title(name: str) -> str:
    """What a field, a sample's field or a kind of evidence is called, for the words of problems."""
    head, _, rest = name.partition(".")
    if head == "samples" and rest:
        place, _, part = rest.partition(".")
        parts = {
            "kind": ("类别", "kind"),
            "quantity": ("数量", "quantity"),
            "seal_no": ("封样编号", "seal number"),
            "place": ("存放地点", "kept at"),
            "storage": ("储存条件", "storage"),
        }
        number = int(place) + 1 if place.isdigit() else place
        return both((f"样品{number}", f"sample {number}")) + " " + both(parts.get(part, ("", "")))
    if head == "attachments":
        return both(EVIDENCE.get(Evidence(rest), ("", ""))) if rest in list(Evidence) else ""
    named: dict[str, Words] = {
        "standalone_reason": ("非抽签抽样事由", "Why outside a draw"),
        "samplers": ("抽样人员", "Samplers"),
    }
    if name in BY_NAME:
        return title_of(BY_NAME[name])
    return both(named[name]) if name in named else ""
