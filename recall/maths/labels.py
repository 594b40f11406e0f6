"""Labels in one comparable form: how words, lots and numbers of a notice are searched."""

from __future__ import annotations

import unicodedata

from recall.maths.notice import NoticeText
from registry.maths.codes import check_gtin

# Signs that a label, worn or stamped, does not keep apart.
_LOOK_ALIKE = str.maketrans("oilsz", "01152")


def fold(text: str) -> str:
    """Form in which labels are compared: half-width, one case, letters and digits only.

    Examples
    --------
    >>> fold("Ｃ-0711 a") == fold("c0711/A")
    True
    """
    return "".join(
        sign for sign in unicodedata.normalize("NFKC", text).casefold() if sign.isalnum()
    )


def looks_like(one: str, other: str) -> bool:
    """Tell whether two labels could be mistaken for each other (O and 0, I, L and 1, …)."""
    return fold(one).translate(_LOOK_ALIKE) == fold(other).translate(_LOOK_ALIKE)


def marks_of(*, gtin: str = "", brand: str = "", model: str = "", lot: str = "") -> set[str]:
    """Marks of the fields that are given, each ``field=value``, and of brand and model together.

    A notice of the item carries every one of them.
    """
    values = {
        "gtin": check_gtin(gtin).normalised if gtin.strip() else "",
        "brand": fold(brand),
        "model": fold(model),
        "lot": fold(lot),
    }
    if values["brand"] and values["model"]:
        values["article"] = f"{values['brand']}/{values['model']}"
    return {f"{name}={value}" for name, value in values.items() if value}


def marks_to_ask(*, gtin: str, brand: str, model: str, lot: str) -> set[str]:
    """Marks of which a notice must carry one to have anything to say about an item.

    The product is asked for by GTIN, and by brand and model; the lot only where neither is known.
    """
    if gtin.strip() or model.strip():
        known = marks_of(gtin=gtin, brand=brand, model=model)
        kinds = ("gtin=", "article=") if brand.strip() else ("gtin=", "model=")
        return {mark for mark in known if mark.startswith(kinds)}
    return marks_of(lot=lot)


def marks_of_notice(text: NoticeText) -> set[str]:
    """Marks of every field of a notice."""
    marks = marks_of(brand=text.brand, model=text.model)
    for item in text.items:
        marks |= marks_of(gtin=item.gtin or "", lot=item.lot)
    return marks


def search_text(text: NoticeText) -> str:
    """All words of a notice in comparable form."""
    words = [text.number, text.enterprise, text.product, text.brand, text.model]
    words += [text.defect, text.hazard, text.consequence]
    for item in text.items:
        words += [item.product, item.lot, item.gtin or ""]
    return " ".join(fold(word) for word in words if word)
