"""Is this item in my hands affected by a recall? Yes, no, or cannot be told, and by which field.

There is no fourth answer "safe": where nothing is found, nothing was found (未查到).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from recall.maths.labels import fold, looks_like
from recall.maths.notice import NoticeText
from registry.maths.codes import check_gtin


class Verdict(StrEnum):
    """Answer for one item."""

    AFFECTED = "affected"
    NOT_AFFECTED = "not_affected"
    CANNOT_TELL = "cannot_tell"
    NO_MATCH = "no_match"


class DecidingField(StrEnum):
    """What on the label decided, or would decide."""

    GTIN = "gtin"
    BRAND = "brand"
    LOT = "lot"


@dataclass(frozen=True, slots=True)
class Item:
    """What a person reads on the label.

    Parameters
    ----------
    gtin, brand, model, lot : str
        As typed; empty where not known.
    """

    gtin: str = ""
    brand: str = ""
    model: str = ""
    lot: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """Verdict with its ground.

    Parameters
    ----------
    verdict : Verdict
        The answer.
    deciding : DecidingField or None
        The field that decided, or that must be read on the label to decide.
    recalls : tuple of str
        Numbers of the recalls behind the verdict, in the order given.
    """

    verdict: Verdict
    deciding: DecidingField | None = None
    recalls: tuple[str, ...] = ()


def judge(item: Item, notices: Iterable[NoticeText]) -> Answer:
    """Is the item affected by one of these recalls?

    Parameters
    ----------
    item : Item
        What is known about it.
    notices : iterable of NoticeText
        Published notices that may concern it.

    Returns
    -------
    Answer
        ``affected`` if one recall names product and lot; else ``cannot_tell`` if one names the
        product and the lot is not known, or only the lot is; else ``not_affected`` if recalls of
        the product name other lots; else ``no_match``.

    Notes
    -----
    A product is the same by GTIN; by brand and model only where the GTIN of one side is missing.
    A GTIN with a wrong check digit proves nothing: the answer is ``cannot_tell``; so is a lot that
    only look-alike signs (O and 0) keep apart from a recalled one, because a false "not affected"
    can hurt somebody. Lots that a notice does not name are "not affected" by that notice, which
    says nothing about others.
    """
    gtin = ""
    if item.gtin.strip():
        checked = check_gtin(item.gtin)
        if not checked.valid:
            return Answer(Verdict.CANNOT_TELL, DecidingField.GTIN)
        gtin = checked.normalised
    found: dict[Verdict, list[tuple[str, DecidingField]]] = {verdict: [] for verdict in Verdict}
    for notice in notices:
        verdict, deciding = _judge_one(item, gtin, notice)
        found[verdict].append((notice.number, deciding))
    for verdict in (Verdict.AFFECTED, Verdict.CANNOT_TELL, Verdict.NOT_AFFECTED):
        if hits := found[verdict]:
            return Answer(verdict, hits[0][1], tuple(number for number, _ in hits))
    return Answer(Verdict.NO_MATCH)


def _judge_one(item: Item, gtin: str, notice: NoticeText) -> tuple[Verdict, DecidingField]:
    lot = fold(item.lot)
    model_matches = bool(item.model.strip()) and (
        (fold(item.brand), fold(item.model)) == (fold(notice.brand), fold(notice.model))
    )
    same_product = [
        named
        for named in notice.items
        if (gtin == named.gtin if gtin and named.gtin else model_matches)
    ]
    if not same_product:
        # A model without its brand is no proof, nor is a lot number alone: others use them too.
        if not gtin and not item.brand.strip() and fold(item.model) == fold(notice.model) != "":
            return Verdict.CANNOT_TELL, DecidingField.BRAND
        product_unknown = not gtin and not item.model.strip()
        if product_unknown and lot and any(lot == fold(named.lot) for named in notice.items):
            return Verdict.CANNOT_TELL, DecidingField.GTIN
        return Verdict.NO_MATCH, DecidingField.GTIN
    if not lot:
        return Verdict.CANNOT_TELL, DecidingField.LOT
    if any(lot == fold(named.lot) for named in same_product):
        return Verdict.AFFECTED, DecidingField.LOT
    if any(looks_like(item.lot, named.lot) for named in same_product):
        return Verdict.CANNOT_TELL, DecidingField.LOT
    return Verdict.NOT_AFFECTED, DecidingField.LOT
