"""Languages of the pages: which one a visitor reads, and words formed below translated here.

Message ids are English. Words that the domains form, such as the reason of a refusal or the
problem of an import row, arrive in English with their facts filled in; ``said`` recognises the
template they were made from and says the same in the visitor's language.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

from babel.support import Translations
from flask import Flask, Response, g, has_request_context, request
from flask_babel import Babel, get_locale, gettext

from api.console.labels import words_of_codes, words_of_reasons
from core.errors import FieldProblem, Refusal

FOLDER = Path(__file__).parent / "translations"
LANGUAGES = {"zh": "中文", "en": "EN"}
DEFAULT = "zh"
COOKIE = "language"
COOKIE_LIFE = 365 * 86400
_PLACE = re.compile(r"\{(\w*)(?:![rsa])?(?::[^{}]*)?\}")


def chosen_language() -> str:
    """``?lang=``, else the cookie, else for programs ``Accept-Language``, else Chinese.

    People read Chinese first, whatever their browser was sold with; a program says what it wants.
    """
    if not has_request_context():
        return DEFAULT
    for given in (request.args.get("lang"), request.cookies.get(COOKIE)):
        if given in LANGUAGES:
            return given
    if request.path.startswith("/api/"):
        return request.accept_languages.best_match(list(LANGUAGES), DEFAULT) or DEFAULT
    return DEFAULT


def keep_choices(response: Response) -> Response:
    """Remember a language or a theme that was asked for in the address."""
    choices = ((COOKIE, request.args.get("lang"), tuple(LANGUAGES)),
               ("theme", request.args.get("theme"), ("light", "dark")))  # fmt: skip
    for name, given, allowed in choices:
        if given in allowed:
            response.set_cookie(name, given, max_age=COOKIE_LIFE, samesite="Lax", path="/")
    if request.endpoint != "static":
        response.headers["Content-Language"] = language_tag()
        response.vary.add("Cookie")
        if request.path.startswith("/api/"):
            response.vary.add("Accept-Language")
    return response


def language_tag() -> str:
    """What stands in ``<html lang>``."""
    return {"zh": "zh-CN"}.get(language(), language())


def language() -> str:
    """The language this request is answered in."""
    locale = get_locale()
    return locale.language if locale else DEFAULT


@cache
def _templates() -> tuple[tuple[re.Pattern[str], tuple[str, ...], str], ...]:
    """Every message id with places, as a pattern that recognises it filled in; longest first."""
    catalogue = Translations.load(str(FOLDER), [DEFAULT])
    ids = sorted(
        {each for each in catalogue._catalog if isinstance(each, str) and _PLACE.search(each)},
        key=len,
        reverse=True,
    )
    found = []
    for each in ids:
        names: list[str] = []
        pattern, last = "", 0
        for number, place in enumerate(_PLACE.finditer(each)):
            pattern += re.escape(each[last : place.start()]) + "(.*?)"
            names.append(place.group(1) or str(number))
            last = place.end()
        found.append((re.compile(pattern + re.escape(each[last:]), re.DOTALL), tuple(names), each))
    return tuple(found)


def filled(template: str, facts: dict[str, Any], domain: str = "") -> str:
    """A template in the visitor's language with facts in it; facts that are words are said too.

    ``domain``: whose refusal it is, because one code is called differently in two of them.
    """
    told = {
        key: _fact(fact, domain) if isinstance(fact, str) else fact for key, fact in facts.items()
    }
    return gettext(template).format(**told) if template else ""


def _fact(fact: str, domain: str) -> str:
    codes, reasons = words_of_codes(fact, domain), words_of_reasons(fact)
    if reasons:
        return reasons
    return ("、" if language() == "zh" else ", ").join(codes) if codes else said(fact)


def said(words: str) -> str:
    """English words formed below, in the visitor's language; unknown words stay as they are."""
    words = words.strip()
    if not words or language() == "en" or not words.isprintable():
        return words
    plain = gettext(words)
    if plain != words:
        return str(plain)
    cache_: dict[str, str] = g.setdefault("said", {})
    if words not in cache_:
        cache_[words] = _recognised(words)
    return cache_[words]


def _recognised(words: str) -> str:
    for pattern, names, template in _templates():
        match = pattern.fullmatch(words)
        if match:
            plain = _PLACE.sub(lambda place: "{" + place.group(1) + "}", gettext(template))
            positional = [gettext(part) for part in match.groups()]
            if all(name.isdigit() for name in names):
                return plain.format(*positional)
            return plain.format(**dict(zip(names, positional, strict=True)))
    return words


def refusal_words(error: Refusal) -> str:
    """Why something was refused, in the visitor's language."""
    return filled(error.message, error.facts, error.code.partition("/")[0])


def problem_words(problem: FieldProblem) -> str:
    """What is wrong with one field, in the visitor's language."""
    return filled(problem.message, problem.facts or {})


def install(app: Flask) -> None:
    """Let the application speak its languages."""
    Babel(
        app,
        default_locale=DEFAULT,
        default_timezone="Asia/Shanghai",
        default_translation_directories=str(FOLDER),
        locale_selector=chosen_language,
    )
    app.after_request(keep_choices)
