"""Canonical writing of single values: numbers, words of vocabularies, keys.

References
----------
GS1 Core Business Vocabulary 2.0, section 8.9.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache

from traceability.maths.epcis.links import parse
from traceability.maths.epcis.vocabulary import URNS, WORDS, Term, bare

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?").fullmatch
_NUMBER_STARTS = frozenset("+-.0123456789")
_CBV_URN = "urn:epcglobal:cbv:"
_SURE = 15  # significant digits that a binary number of 64 bits always keeps
_REMEMBERED = 200  # characters; longer texts are rare and worth no memory


def number(value: float) -> str:
    """A number without idle zeros.

    Examples
    --------
    >>> number(10.0), number(200.50), number(1e21)
    ('10', '200.5', '1000000000000000000000')
    """
    if isinstance(value, int):
        return str(value)
    return str(int(value)) if value.is_integer() else repr(value)


def canonical_value(text: str) -> str:
    """A text value: older CBV names in their web form, GS1 keys as Digital Links, numbers bare.

    Notes
    -----
    A text that reads as a number counts as one, as in the standard's reference. Where it has more
    digits than a binary number keeps, they are all kept: two long numbers never become one.
    """
    return _remembered(text) if len(text) <= _REMEMBERED else _canonical(text)


def _canonical(text: str) -> str:
    text = text.strip()
    link = parse(text)
    return plain_value(text) if link is None else link.uri


def plain_value(text: str) -> str:
    """The canonical writing of a text without blanks around it that is no GS1 key."""
    if text.startswith(_CBV_URN):
        for urn, term in URNS:
            if text.startswith(urn):
                return term + text[len(urn) :]
    elif text[:1] in _NUMBER_STARTS and _NUMBER(text):
        return _number_text(text)
    return text


_remembered = lru_cache(maxsize=1 << 16)(_canonical)


def _number_text(text: str) -> str:
    exact = Decimal(text)
    if len(exact.as_tuple().digits) <= _SURE:
        binary = float(exact)
        if binary - binary == 0:  # finite
            return number(binary)
    return _plain(exact)


def _plain(value: Decimal) -> str:
    text = f"{value:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


def canonical_term(term: Term, text: str) -> str:
    """A word of a vocabulary in its web form.

    Examples
    --------
    >>> canonical_term(Term.STEP, "shipping")
    'https://ref.gs1.org/cbv/BizStep-shipping'
    """
    return _remembered_term(term, text) if len(text) <= _REMEMBERED else _canonical(text)


@lru_cache(maxsize=4096)
def _remembered_term(term: Term, text: str) -> str:
    text = text.strip()
    if ":" not in text and (term is Term.MEASURE or text in WORDS[term]):
        return term + text
    return _canonical(text)


def bare_term(term: Term, text: str) -> str:
    """A word of a vocabulary without its web form, where it has one; else its canonical writing.

    Examples
    --------
    >>> bare_term(Term.STEP, "urn:epcglobal:cbv:bizstep:shipping")
    'shipping'
    """
    if len(text) > _REMEMBERED:
        return _canonical(text)
    return _remembered_word(term, text)


@lru_cache(maxsize=4096)
def _remembered_word(term: Term, text: str) -> str:
    return bare(term, _remembered_term(term, text))
