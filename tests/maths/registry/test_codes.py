"""Identity codes and their check characters."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.maths.codes import (
    USCC_ALPHABET,
    Flaw,
    check_gln,
    check_gtin,
    check_uscc,
    gtin_check_digit,
    make_uscc,
    organisation_check_character,
    uscc_check_character,
)

ROOT = Path(__file__).resolve().parents[3]
VECTORS: dict[str, Any] = json.loads((ROOT / "tests/vectors/uscc/samples.json").read_text("utf-8"))
EIGHTS = st.text("0123456789ABCDEFGHJKLMNPQRTUWXY", min_size=8, max_size=8)


def flaws(findings: tuple[Any, ...]) -> set[Flaw]:
    return {finding.flaw for finding in findings}


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["code"])
def test_credit_codes_agree_with_the_reference(case: dict[str, Any]) -> None:
    found = check_uscc(case["code"])

    assert found.valid is case["valid"]
    assert found.warnings == ()


@pytest.mark.shared
def test_all_credit_codes_of_the_reference_set_agree(shared_dir: Path) -> None:
    path = shared_dir / "vectors" / "recall" / "uscc.json"
    cases = json.loads(path.read_text("utf-8"))["cases"]

    assert [case for case in cases if check_uscc(case["code"]).valid is not case["valid"]] == []
    assert len(cases) == 180


def test_the_check_character_by_hand() -> None:
    # Only place 1 (weight 1) holds 9 and place 2 (weight 3) holds 1: 9 + 3 = 12, 31 - 12 = 19,
    # and the nineteenth sign counted from 0 is K.
    assert uscc_check_character("91" + "0" * 15) == "K"
    assert uscc_check_character("0" * 17) == "0"


def test_the_organisation_check_character_by_hand() -> None:
    # 3*1 + 7*2 + 9*3 + 10*4 + 5*5 + 8*6 + 4*7 + 2*8 = 201 = 18*11 + 3, 11 - 3 = 8.
    assert organisation_check_character("12345678") == "8"
    # 2 * 6 = 12 = 11 + 1, 11 - 1 = 10, written X.
    assert organisation_check_character("00000006") == "X"


def test_lower_case_spaces_and_full_width_signs_are_normalised() -> None:
    code = VECTORS["cases"][0]["code"].upper()
    wide = "".join(chr(ord(sign) + 0xFEE0) for sign in code[:4]) + code[4:]

    assert check_uscc(f" {code[:8].lower()}-{code[8:]} ").normalised == code
    assert check_uscc(wide).normalised == code


def test_problems_are_named_one_by_one() -> None:
    assert flaws(check_uscc("").problems) == {Flaw.EMPTY}
    assert flaws(check_uscc("9137O").problems) == {Flaw.LENGTH, Flaw.CHARACTER}
    body = "91A7021300000000" + "0"
    assert Flaw.REGION_NOT_DIGITS in flaws(check_uscc(body + uscc_check_character(body)).problems)


def test_a_wrong_check_character_does_not_give_the_right_one_away() -> None:
    wrong = check_uscc("913101151XG612DD2E")

    assert flaws(wrong.problems) == {Flaw.CHECK}
    right = uscc_check_character(wrong.normalised[:-1])
    assert f" {right}" not in wrong.problems[0].message


def test_an_odd_inner_organisation_code_is_a_warning_and_not_a_problem() -> None:
    body = "91370200" + "12345678" + "1"
    found = check_uscc(body + uscc_check_character(body))

    assert found.valid
    assert flaws(found.warnings) == {Flaw.INNER_CHECK}


def test_an_unknown_authority_and_province_are_warnings() -> None:
    body = "00990000" + "12345678" + "8"
    found = check_uscc(body + uscc_check_character(body))

    assert found.valid
    assert flaws(found.warnings) == {Flaw.AUTHORITY, Flaw.PROVINCE}


@given(organisation=EIGHTS)
def test_a_made_code_is_valid_without_warnings(organisation: str) -> None:
    made = make_uscc(authority="91", region="370200", organisation=organisation)

    assert check_uscc(made).valid
    assert check_uscc(made).warnings == ()


@given(organisation=EIGHTS, place=st.integers(0, 16), shift=st.integers(1, len(USCC_ALPHABET) - 1))
def test_every_single_wrong_character_is_caught(organisation: str, place: int, shift: int) -> None:
    made = make_uscc(authority="91", region="370200", organisation=organisation)
    other = USCC_ALPHABET[(USCC_ALPHABET.index(made[place]) + shift) % len(USCC_ALPHABET)]

    assert not check_uscc(made[:place] + other + made[place + 1 :]).valid


@pytest.mark.parametrize(
    ("given_code", "padded"),
    [
        # 73513537: 7*3+3*1+5*3+1*1+3*3+5*1+3*3 = 63, check 7.
        ("73513537", "00000073513537"),
        ("036000291452", "00036000291452"),
        ("4006381333931", "04006381333931"),
        ("10614141000415", "10614141000415"),
        (" 400-6381 333931", "04006381333931"),
    ],
)
def test_every_length_of_a_gtin_is_stored_with_fourteen_digits(
    given_code: str, padded: str
) -> None:
    found = check_gtin(given_code)

    assert found.valid
    assert found.normalised == padded
    assert found.warnings == ()


@pytest.mark.parametrize(
    ("text", "flaw"),
    [
        ("", Flaw.EMPTY),
        ("40063813339ab", Flaw.CHARACTER),
        ("400638133393", Flaw.CHECK),
        ("4006381333930", Flaw.CHECK),
        ("123456", Flaw.LENGTH),
        ("٤006381333931", Flaw.CHARACTER),
    ],
)
def test_a_wrong_gtin_says_what_is_wrong(text: str, flaw: Flaw) -> None:
    assert flaws(check_gtin(text).problems) == {flaw}


def test_numbers_that_name_no_product_everywhere_are_warned_about() -> None:
    in_shop = "2" + "0" * 11
    weighed = "9" + "0" * 12

    assert flaws(check_gtin(in_shop + gtin_check_digit(in_shop)).warnings) == {Flaw.RESTRICTED}
    assert flaws(check_gtin(weighed + gtin_check_digit(weighed)).warnings) == {
        Flaw.VARIABLE_MEASURE
    }


def test_a_location_number_has_thirteen_digits() -> None:
    # 1*3 + 1*1 + 4*3 + 1*1 + 4*3 + 1*1 + 6*3 = 48, check digit 2.
    assert check_gln("0614141000012").valid
    assert flaws(check_gln("12345678").problems) == {Flaw.LENGTH}


@given(body=st.text("0123456789", min_size=13, max_size=13), place=st.integers(0, 12))
def test_every_single_wrong_digit_of_a_gtin_is_caught(body: str, place: int) -> None:
    code = body + gtin_check_digit(body)
    other = str((int(code[place]) + 1) % 10)

    assert check_gtin(code).valid
    assert not check_gtin(code[:place] + other + code[place + 1 :]).valid
