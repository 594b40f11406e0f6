"""Laws are cited by packs once, in one form; a page says it in the visitor's language."""

from __future__ import annotations

from typing import Any

import pytest

from api.console.citing import cited, cited_rule
from registry.maths.packs import UNCONFIRMED, Citation, Mark

ORDER = "产品质量监督抽查管理暂行办法 (SAMR Order 18)"


@pytest.mark.parametrize(
    "words",
    [
        f"{ORDER} art. 46",
        f"{ORDER} arts 17, 20, 21",
        "企业公示信息抽查办法 (SAMR Order 101) arts 4–5",
        f"Project default for 及时 in {ORDER} art. 46",
        f"Project default under {ORDER} art. 19",
        "全国年节及纪念日放假办法 (State Council Order 644; since 2025 Order 795) art. 2 (7)",
    ],
)
def test_english_readers_are_told_it_as_the_pack_says(app: Any, words: str) -> None:
    with app.test_request_context("/?lang=en"):
        assert cited(words) == words


def test_an_article_that_is_not_confirmed_says_so(app: Any) -> None:
    with app.test_request_context("/?lang=en"):
        assert (
            cited("国办发〔2015〕58号 unconfirmed")
            == "国办发〔2015〕58号 (article to be confirmed)"
        )


def test_words_that_are_no_citation_stay(app: Any) -> None:
    with app.test_request_context("/"):
        assert cited("产品质量法") == "产品质量法"
        assert cited("") == ""


@pytest.mark.parametrize(
    ("source", "article", "mark", "told"),
    [
        ("产品质量法", "art. 15", Mark.TEXT, "产品质量法 art. 15"),
        ("产品质量法", "art. 15", Mark.MEMORY, "产品质量法 art. 15 · to be confirmed"),
        ("产品质量法", UNCONFIRMED, Mark.DIGEST, "产品质量法 (article to be confirmed)"),
        ("本局规定", "art. 3", Mark.OWN, "本局规定 art. 3 · own default"),
        (
            "Project default under 产品质量法",
            "art. 15",
            Mark.OWN,
            "Project default under 产品质量法 art. 15",
        ),
    ],
)
def test_how_sure_a_citation_is_stands_behind_it_once(
    app: Any, source: str, article: str, mark: Mark, told: str
) -> None:
    with app.test_request_context("/?lang=en"):
        assert cited_rule(Citation(source, article, mark, "to be confirmed")) == told
