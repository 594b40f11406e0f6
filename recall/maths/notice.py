"""The public notice of a recall: structured text, its hash, and what keeps it from the public.

A notice is text in named fields, never a picture: a blind reader, a marketplace and a search all
read the same bytes, and the page shows the approved version unchanged.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import asdict, dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from core.chain import canonical_json
from registry.maths.codes import check_gtin


class Remedy(StrEnum):
    """What the consumer gets."""

    REPAIR = "repair"
    REPLACE = "replace"
    REFUND = "refund"
    LABEL = "label"
    STOP_USE = "stop_use"
    DISPOSE = "dispose"


class Slip(StrEnum):
    """What keeps a notice from being published."""

    EMPTY = "empty"
    SOFTENER = "softener"
    SAME_AS_DEFECT = "same-as-defect"
    NO_PHONE = "no-phone"
    NOT_FREE = "not-free"
    NO_STOP_USE = "no-stop-use"
    GTIN = "gtin"


@dataclass(frozen=True, slots=True)
class NoticeProblem:
    """One slip.

    Parameters
    ----------
    field : str
        Field of the notice.
    slip : Slip
        Which one, for programs.
    message : str
        English template, filled by `word`.
    word : str
        The offending word, where there is one.
    """

    field: str
    slip: Slip
    message: str
    word: str = ""


@dataclass(frozen=True, slots=True)
class NoticeItem:
    """One lot of one product that is called back.

    Parameters
    ----------
    gtin : str or None
        Fourteen digits.
    product : str
        Name of the product.
    lot : str
        Lot number as on the label.
    """

    gtin: str | None
    product: str
    lot: str


@dataclass(frozen=True, slots=True)
class NoticeText:
    """Everything the public reads about a recall.

    Parameters
    ----------
    number : str
        Public number of the recall.
    enterprise, product, brand, model : str
        Who calls back what; brand and model may be empty.
    items : tuple of NoticeItem
        Lots called back, sorted.
    quantity, unit : str
        Affected units as a decimal number, and their unit; empty where nobody knows.
    defect, hazard, consequence : str
        What is wrong, what can happen, what that does to people or things.
    instruction : str
        What the holder of the product does now.
    remedies : tuple of str
        Values of `Remedy`.
    measures : str
        How the defect is removed, and at whose cost.
    contact : str
        Telephone first.
    starts_on : str
        Day the remedy begins, ISO 8601. It never ends.
    """

    number: str
    enterprise: str
    product: str
    brand: str
    model: str
    items: tuple[NoticeItem, ...]
    quantity: str
    unit: str
    defect: str
    hazard: str
    consequence: str
    instruction: str
    remedies: tuple[str, ...]
    measures: str
    contact: str
    starts_on: str

    def __post_init__(self) -> None:
        date.fromisoformat(self.starts_on)
        for remedy in self.remedies:
            Remedy(remedy)

    def document(self) -> dict[str, Any]:
        """Write the notice as JSON."""
        written = asdict(self)
        written["items"] = [asdict(item) for item in self.items]
        written["remedies"] = list(self.remedies)
        return written

    def sha256(self) -> str:
        """Hash of the canonical JSON (RFC 8785), hexadecimal."""
        return hashlib.sha256(canonical_json(self.document())).hexdigest()

    @classmethod
    def read(cls, document: dict[str, Any]) -> NoticeText:
        """Read a notice from the JSON that `document` writes."""
        parts = dict(document)
        parts["items"] = tuple(NoticeItem(**item) for item in parts["items"])
        parts["remedies"] = tuple(parts["remedies"])
        return cls(**parts)


NEEDED = (
    "enterprise",
    "product",
    "defect",
    "hazard",
    "consequence",
    "instruction",
    "measures",
    "contact",
)
# Words that make a danger sound like a courtesy. OECD (2021), policy guidance on maximising
# product recall effectiveness, advises against them.
SOFTENERS = (
    "自愿",
    "预防性",
    "预防起见",
    "极少数情况",
    "极个别",
    "可能存在轻微",
    "voluntary",
    "precautionary",
    "abundance of caution",
)
FREE = ("免费", "无偿", "全额退款", "不收取", "free of charge", "full refund", "at no cost")
STOP = ("停止使用", "停止食用", "停用", "勿使用", "勿再使用", "请勿", "stop using", "do not use")
WORDED = ("defect", "hazard", "consequence", "instruction", "measures")
# Seven digits in a row, hyphens and spaces aside: the shortest Chinese telephone number.
_PHONE = re.compile(r"(?:\d[\s\-‐–—()（）]*){7,}")


def lint(text: NoticeText) -> tuple[NoticeProblem, ...]:
    """What in this notice would leave a reader uninformed or falsely calm?

    Parameters
    ----------
    text : NoticeText
        The notice as it would be published.

    Returns
    -------
    tuple of NoticeProblem
        Every slip, in the order of the fields; empty for a notice that may be published.

    Notes
    -----
    It reads words, not sense: a text that passes can still be bad. Photographs are not yet
    asked for. "In rare cases" and the like are refused even where true; say the number instead.
    """
    problems = [
        NoticeProblem(name, Slip.EMPTY, "This field is empty.")
        for name in NEEDED
        if not getattr(text, name).strip()
    ]
    for name in ("items", "remedies"):
        if not getattr(text, name):
            problems.append(NoticeProblem(name, Slip.EMPTY, "This field is empty."))
    for name in WORDED:
        words = getattr(text, name).casefold()
        problems += [
            NoticeProblem(
                name, Slip.SOFTENER, "“{word}” plays the danger down: leave it out.", softener
            )
            for softener in SOFTENERS
            if softener in words
        ]
    if text.defect.strip() and text.defect.strip() == text.consequence.strip():
        problems.append(
            NoticeProblem(
                "consequence",
                Slip.SAME_AS_DEFECT,
                "The consequence repeats the defect: say what can happen to people or things.",
            )
        )
    if text.instruction.strip() and not _mentions(text.instruction, STOP):
        problems.append(
            NoticeProblem(
                "instruction", Slip.NO_STOP_USE, "Tell the holder to stop using the product."
            )
        )
    if text.measures.strip() and not _mentions(text.measures, FREE):
        problems.append(
            NoticeProblem("measures", Slip.NOT_FREE, "Say that the remedy is free of charge.")
        )
    if text.contact.strip() and not _PHONE.search(text.contact):
        problems.append(NoticeProblem("contact", Slip.NO_PHONE, "Give a telephone number."))
    problems += [
        NoticeProblem("items", Slip.GTIN, "{word} is not a valid GTIN.", item.gtin)
        for item in text.items
        if item.gtin is not None and not check_gtin(item.gtin).valid
    ]
    return tuple(problems)


def _mentions(text: str, words: tuple[str, ...]) -> bool:
    folded = text.casefold()
    return any(word in folded for word in words)
