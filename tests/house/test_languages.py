"""The pages and refusals speak whole Chinese; English is what the messages are written in."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import read_mo
from flask import Flask

from api.console import catalogue, languages, messages
from core.errors import FieldProblem
from sampling.errors import AlreadyDrawn

CHINESE = re.compile(r"[\u4e00-\u9fff]")
CHINESE_COOKIE = {"Cookie": f"{languages.COOKIE}=zh"}
ENGLISH_COOKIE = {"Cookie": f"{languages.COOKIE}=en"}


def _forms(message: Message) -> list[str]:
    string = message.string
    return [string] if isinstance(string, str) else list(string or ())


@pytest.fixture(scope="module")
def stored() -> Catalog:
    return messages.read()


def test_every_message_has_chinese_words_and_keeps_its_places() -> None:
    assert catalogue.check() == []


def test_the_compiled_catalogue_says_what_the_text_says(stored: Catalog) -> None:
    compiled = read_mo(io.BytesIO(messages.CATALOGUE.with_suffix(".mo").read_bytes()))
    for message in stored:
        if message.id:
            key = message.id if isinstance(message.id, str) else message.id[0]
            found = compiled.get(key)
            assert found is not None, key
            assert _forms(found) == _forms(message), key


def test_bringing_an_unchanged_catalogue_up_to_date_gives_the_same_bytes(stored: Catalog) -> None:
    same: messages.Found = {
        message.id if isinstance(message.id, str) else (message.id[0], message.id[1]): [
            origin for origin, _line in message.locations
        ]
        for message in stored
        if message.id
    }
    merged = messages.merged(stored, same)
    text, _dated = messages.written(merged)
    assert text == messages.CATALOGUE.read_bytes()
    compiled = catalogue.compiled(merged)
    assert compiled == catalogue.compiled(messages.read())
    assert b"Creation-Date" not in text + compiled


def test_chinese_words_are_chinese(stored: Catalog) -> None:
    odd = [
        message.id
        for message in stored
        if message.id
        and re.search(r"[a-z] [a-z]", str(message.id))
        and not CHINESE.search(str(message.string))
    ]
    assert odd == []


def test_chinese_sentences_hold_no_english_sentence(stored: Catalog) -> None:
    sentence = re.compile(r"\b[a-z]{2,} [a-z]{2,} [a-z]{2,}\b")
    assert [each.id for each in stored if each.id and sentence.search(str(each.string))] == []


def test_a_fault_of_each_kind_is_found() -> None:
    wanted: messages.Found = {"Plan {no} is void": ["a"], "Sign in": ["b"], "Not there": ["c"]}
    known = Catalog(locale="zh")
    known.add("Plan {no} is void", "计划 {number} 已作废")
    known.add("Sign in", "")
    known.add("Gone", "已删去")
    kinds = {each.split(":")[0] for each in catalogue.faults(known, wanted)}
    assert {"places differ", "untranslated", "not in the catalogue", "no longer used"} <= kinds
    assert "not extracted" in kinds


def test_english_needs_no_catalogue(app: Flask) -> None:
    assert not (Path(languages.FOLDER) / "en").exists()
    with app.test_request_context("/", headers=ENGLISH_COOKIE):
        error = AlreadyDrawn(plan_no="CC-2026-0001")
        assert languages.refusal_words(error) == str(error)


def test_a_refusal_is_told_in_chinese_with_its_facts(app: Flask) -> None:
    with app.test_request_context("/", headers=CHINESE_COOKIE):
        words = languages.refusal_words(AlreadyDrawn(plan_no="CC-2026-0001"))
    assert "CC-2026-0001" in words
    assert "作废" in words
    assert not re.search(r"[a-z]{3,}", words)


def test_a_problem_formed_in_english_is_recognised_and_told_in_chinese(app: Flask) -> None:
    with app.test_request_context("/", headers=CHINESE_COOKIE):
        told = languages.said("'12x' is not a whole number; write digits only, such as 12.")
        assert "'12x'" in told
        assert "不是整数" in told
        problem = FieldProblem("password", "At least {n} characters.", {"n": 10})
        words = languages.problem_words(problem)
        assert "10" in words
        assert CHINESE.search(words)


def test_the_choice_of_words_by_condition_is_extracted_word_by_word() -> None:
    found = catalogue.found()
    assert {"yes", "no", "possible"} <= set(found)
    assert "yesno" not in found


class _Anything(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "1"


def test_no_translation_of_a_page_trips_over_a_percent_sign(stored: Catalog) -> None:
    """Templates fill every message with %: a bare one in either language ends in an error."""
    tripped = []
    for message in stored:
        if not message.id or not any(name.endswith(".html") for name, _line in message.locations):
            continue
        own = [message.id] if isinstance(message.id, str) else list(message.id)
        for words in (*own, *_forms(message)):
            try:
                words % _Anything()
            except (TypeError, ValueError):
                tripped.append(words)

    assert tripped == []
