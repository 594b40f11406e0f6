"""Where a rule stands, in the visitor's language: packs cite "产品质量法 art. 15", once for all."""

from __future__ import annotations

import re
from collections.abc import Callable

from flask_babel import gettext as _

from api.console.languages import language
from registry.maths.packs import UNCONFIRMED, Citation, Mark

_DEFAULT = re.compile(r"Project default (?:for (?P<word>\S+) in|under) (?P<law>.+)")

_Say = Callable[[re.Match[str]], str]


def cited(words: str) -> str:
    """Law and article of a rule; the names of laws are Chinese and stay as they are."""
    words = words.strip()
    own = _DEFAULT.fullmatch(words)
    if own and own["word"]:
        told = _("Project default for %(word)s in %(law)s", word=own["word"], law=cited(own["law"]))
        return str(told)
    if own:
        return str(_("Project default under %(law)s", law=cited(own["law"])))
    plain = str(_(words)) if words else words
    if plain != words:
        return plain
    for pattern, say in _PARTS:
        words = pattern.sub(say, words)
    return words


def cited_rule(citation: Citation) -> str:
    """Law and article of a rule, and how sure that is: a default, or still to be confirmed."""
    words = cited(f"{citation.source} {citation.article}")
    if citation.mark is Mark.OWN and not _DEFAULT.fullmatch(citation.source):
        return f"{words} · {_('own default')}"
    if citation.mark in (Mark.TEXT, Mark.OWN) or citation.article == UNCONFIRMED:
        return words
    return f"{words} · {_('to be confirmed')}"


def _listed(numbers: str) -> str:
    """Several articles; a range keeps its dash."""
    return "、".join(numbers.split(", ")) if language() == "zh" else numbers


_PARTS: tuple[tuple[re.Pattern[str], _Say], ...] = (
    (
        re.compile(r"Set by the authority when it returned the plan return"),
        lambda _found: _("set by the authority when it returned the plan"),
    ),
    (
        re.compile(r"State Council Order (\d+)"),
        lambda found: _("State Council Order %(number)s", number=found[1]),
    ),
    (
        re.compile(r"SAMR Order (\d+)"),
        lambda found: _("SAMR Order %(number)s", number=found[1]),
    ),
    (
        re.compile(r"since (\d{4}) Order (\d+)"),
        lambda found: _("since %(year)s Order %(number)s", year=found[1], number=found[2]),
    ),
    (
        re.compile(r"\barts (\d[\d, –-]*)"),
        lambda found: _("arts %(numbers)s", numbers=_listed(found[1])),
    ),
    (
        re.compile(r"\bart\. (\d+)"),
        lambda found: _("art. %(number)s", number=found[1]),
    ),
    (
        re.compile(r"\bunconfirmed$"),
        lambda _found: _("(article to be confirmed)"),
    ),
)
