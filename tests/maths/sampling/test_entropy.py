"""Sources of entropy: canonical forms, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sampling.maths.entropy import (
    NETWORKS,
    canonical_dice,
    canonical_text,
    checked_beacon,
    checked_sources,
    differing_dice,
    entropy_bytes,
)

# drand quicknet, round 657413, as published.
VALUE = "fc1873a13f3545aeade8401532ef5519920652eee6b0d2b19ca12643b87b3587"
SIGNATURE = (
    "b713718a38ae728dfd477991af2822e08d2f305e47718cef9f7848ce4050e7be"
    "41076862b98fad56e91a6b85b89cd97b"
)
DICE = {"kind": "dice", "count": 50}
BEACON = {"kind": "beacon", "network": "drand-quicknet", "round": 657413}


@given(st.lists(st.sampled_from("123456"), min_size=50, max_size=60), st.sampled_from(" ,、\n\t"))
def test_how_dice_are_spaced_does_not_matter(faces: list[str], between: str) -> None:
    assert canonical_dice(between.join(faces), len(faces)) == "".join(faces)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("317", "die 3 is '7'; a die shows 1 to 6"),
        ("30", "die 2 is '0'"),
        ("3x1", "die 2 is 'x'"),
        ("31", "2 dice were typed; the plan names 3"),
        ("3161", "4 dice were typed; the plan names 3"),
    ],
)
def test_dice_out_of_range_or_number_are_refused_with_their_place(typed: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        canonical_dice(typed, 3)


def test_the_places_where_two_people_typed_differently_are_named() -> None:
    assert differing_dice("316245", "316425") == (4, 5)


def test_a_published_round_is_accepted_with_its_signature() -> None:
    assert checked_beacon(f" {VALUE.upper()}\n", SIGNATURE) == (VALUE, SIGNATURE)
    assert checked_beacon(VALUE, "") == (VALUE, None)


@pytest.mark.parametrize(
    ("value", "signature", "words"),
    [
        (VALUE[:-1] + "6", SIGNATURE, "not the SHA-256 of the signature"),
        (VALUE, SIGNATURE[:-2], "not the SHA-256 of the signature"),
        (VALUE[:-2], None, "64 hexadecimal digits, got 62"),
        ("xyz", None, "pairs of hexadecimal digits"),
    ],
)
def test_a_value_that_is_not_the_rounds_is_refused(
    value: str, signature: str | None, words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        checked_beacon(value, signature)


def test_rounds_follow_the_timetable_of_their_network() -> None:
    # By hand: 1692803367 + 3 · 657412 = 1694775603 s; 1595431050 + 30 · 3311595 = 1694778900 s.
    quick, default = NETWORKS["drand-quicknet"], NETWORKS["drand-default"]

    assert quick.time_of(657413) == datetime.fromtimestamp(1694775603, UTC)
    assert default.time_of(3311596) == datetime.fromtimestamp(1694778900, UTC)


@given(st.sampled_from(sorted(NETWORKS)), st.floats(1.7e9, 2.5e9))
def test_the_round_after_a_moment_is_the_first_one_later(name: str, seconds: float) -> None:
    network, moment = NETWORKS[name], datetime.fromtimestamp(seconds, UTC)

    number = network.round_after(moment)

    assert network.time_of(number - 1) <= moment < network.time_of(number)


def test_a_text_is_made_canonical_once_and_stays_so() -> None:
    typed = "  03\u3000 09\t14 21 \u00a027 30\n+ 11 e\u0301"

    text = canonical_text(typed)

    assert text == "03 09 14 21 27 30 + 11 \u00e9"
    assert canonical_text(text) == text


@pytest.mark.parametrize("typed", ["", " \u3000\n", "a\u200bb", "a\x00", "x" * 4097])
def test_a_text_that_cannot_be_typed_again_alike_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="source's text"):
        canonical_text(typed)


def test_sources_are_committed_with_the_time_at_which_they_become_known() -> None:
    dice, beacon, text = checked_sources(
        [
            DICE,
            BEACON,
            {"kind": "text", "name": " 双色球  1 期", "due_at": "2026-05-03T21:15+08:00"},
        ]
    )

    assert dice == DICE
    assert beacon["due_at"] == "2023-09-15T11:00:03+00:00"
    assert beacon["chain_hash"].startswith("52db9ba7")
    assert text == {"kind": "text", "name": "双色球 1 期", "due_at": "2026-05-03T13:15:00+00:00"}


@pytest.mark.parametrize(
    ("sources", "words"),
    [
        ([DICE], "at least one source outside the committee"),
        ([BEACON], "a plan names dice, once, and"),
        ([DICE, DICE, BEACON], "a plan names dice, once, and"),
        ([{"kind": "dice", "count": 49}, BEACON], "50 to 500 dice, got 49"),
        ([DICE, {**BEACON, "network": "mine"}], "must be one of drand-quicknet, drand-default"),
        ([DICE, {**BEACON, "round": 0}], "a number from 1, got 0"),
        ([DICE, {"kind": "text", "name": "x", "due_at": "2026-05-03T21:15"}], "needs a time zone"),
        ([DICE, {"kind": "coin"}], "a source's kind is one of dice, beacon, text, demo"),
    ],
)
def test_sources_that_could_be_steered_are_refused(
    sources: list[dict[str, Any]], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        checked_sources(sources)


def test_bytes_of_each_source() -> None:
    dice, beacon = checked_sources([DICE, BEACON])
    entry = {"kind": "beacon", "round": 657413, "value": VALUE, "signature": SIGNATURE}

    assert entropy_bytes(dice, {"kind": "dice", "value": "31" * 25}) == b"31" * 25
    assert entropy_bytes(beacon, entry) == bytes.fromhex(VALUE)


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"kind": "beacon", "round": 1, "value": VALUE, "signature": None}, "names round 657413"),
        ({"kind": "dice", "value": "1"}, "the plan names beacon, got 'dice'"),
        (
            {"kind": "beacon", "round": 657413, "value": VALUE.upper(), "signature": None},
            "not in canonical form",
        ),
    ],
)
def test_an_entry_that_does_not_fit_the_plan_is_refused(entry: dict[str, Any], words: str) -> None:
    beacon = checked_sources([DICE, BEACON])[1]

    with pytest.raises(ValueError, match=words):
        entropy_bytes(beacon, entry)
