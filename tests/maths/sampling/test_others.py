"""Draws of others: published examples, and logs as people paste them."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime import verify
from runtime.validate import AGREES, validate_file
from sampling.maths import others
from sampling.maths.other_logs import OtherMethod, check_log

SIX = ["A-1", "A-2", "A-3", "B-1", "B-2", "B-3"]
RFC = """\
# the example of RFC 3797, section 6
pool: 25
source: 9319
source: 2 5 12 8 10
source: 9 18 26 34 41 45
selected: 17 7 2 16 25 23 8 24 19 13 22 5 18 9 1 4
"""
CONSISTENT = """\
seed: 314159
ids:
A-1
A-2
A-3
B-1
B-2
B-3
picks:
0.410310858 B-2 1
0.470960291 B-3 1
A-3
"""


def test_the_published_example_of_rfc_3797_is_selected() -> None:
    """RFC 3797, section 6: first hash, key and the sixteen places."""
    key = others.nomcom_key([[9319], [2, 5, 12, 8, 10], [9, 18, 26, 34, 41, 45]])
    steps = others.nomcom_selection(key=key, pool=25, count=16)

    assert key == "9319./2.5.8.10.12./9.18.26.34.41.45./"
    assert steps[0].md5 == "990DD0A5692A029A98B5E01AA28F3459"
    assert [step.position for step in steps] == [
        *(17, 7, 2, 16, 25, 23, 8, 24, 19, 13, 22, 5, 18, 9, 1, 4)
    ]


def test_consistent_tickets_with_replacement_are_those_of_version_1_0_10() -> None:
    """Recomputed with consistent-sampler 1.0.10, seed 314159, 18 figures."""
    picks = others.consistent_picks(seed="314159", ids=SIX, with_replacement=True, digits=18)
    found = [(pick.ticket, pick.id, pick.generation) for pick in islice(picks, 10)]

    assert found[0] == ("0.410310858090729035", "B-2", 1)
    assert found[4] == ("0.659534619443939662", "A-2", 2)
    assert found[9] == ("0.9026656781853206046", "A-3", 2)


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("Fisher-Yates", [8, 97, 37, 58, 69, 81, 70, 60, 85, 64]),
        ("PIKK", [11, 66, 12, 61, 80, 78, 37, 0, 83, 93]),
        ("recursive", [57, 14, 79, 29, 28, 75, 31, 70, 10, 45]),
        ("Waterman_R", [83, 67, 42, 44, 26, 72, 50, 15, 85, 94]),
        ("Vitter_Z", [62, 13, 45, 17, 15, 84, 19, 95, 56, 47]),
        ("sample_by_index", [57, 14, 79, 29, 28, 75, 31, 70, 10, 45]),
    ],
)
def test_samples_of_cryptorandom_are_those_of_version_0_4(method: str, expected: list[int]) -> None:
    """Seed 5, ten of a hundred, cryptorandom 0.4."""
    assert others.SAMPLERS[method](others.CounterPrng("5"), 100, 10) == expected


@given(
    sources=st.lists(
        st.lists(st.integers(0, 9999), min_size=1, max_size=6), min_size=1, max_size=4
    ),
    pool=st.integers(1, 60),
)
def test_a_full_selection_takes_everybody_once(sources: list[list[int]], pool: int) -> None:
    key = others.nomcom_key(sources)
    steps = others.nomcom_selection(key=key, pool=pool, count=pool)

    assert sorted(step.position for step in steps) == list(range(1, pool + 1))
    assert others.nomcom_key([source[::-1] for source in sources]) == key


@given(seed=st.text(max_size=8), ids=st.lists(st.text(max_size=6), unique=True, max_size=12))
def test_consistent_picks_rise_and_do_not_depend_on_the_order(seed: str, ids: list[str]) -> None:
    picks = list(others.consistent_picks(seed=seed, ids=ids, digits=70))
    again = list(others.consistent_picks(seed=seed, ids=ids[::-1], digits=70))

    assert picks == again
    assert sorted(pick.id for pick in picks) == sorted(ids)
    assert [pick.ticket for pick in picks] == sorted(pick.ticket for pick in picks)


@pytest.mark.parametrize(
    ("method", "text"), [(OtherMethod.RFC3797, RFC), (OtherMethod.CONSISTENT_SAMPLER, CONSISTENT)]
)
def test_a_pasted_log_agrees(method: OtherMethod, text: str) -> None:
    assert check_log(method, text).agrees


def test_json_logs_are_read_too() -> None:
    nomcom = {"pool": 25, "seed_lines": ["9319", "2 5 12 8 10", [9, 18, 26, 34, 41, 45]]}
    sample = {"seed": 314159, "ids": SIX, "out": [["0.410310858090729035", "B-2", 1]]}
    number_names = {**nomcom, "names": [f"N{n}" for n in range(25)], "selected": [17, 7]}

    assert check_log(OtherMethod.RFC3797, json.dumps(number_names)).picks[0].published == "17 N16"
    assert check_log(OtherMethod.CONSISTENT_SAMPLER, json.dumps(sample)).agrees


def test_a_changed_pick_is_the_one_that_differs() -> None:
    found = check_log(OtherMethod.RFC3797, RFC.replace(" 16 25 ", " 15 25 "))

    assert [pick.number for pick in found.picks if not pick.agrees] == [4]
    assert (found.picks[3].published, found.picks[3].recomputed) == ("15", "16")
    changed = CONSISTENT.replace("0.470960291", "0.470960292")
    assert [p.agrees for p in check_log(OtherMethod.CONSISTENT_SAMPLER, changed).picks] == [
        *(True, False, True)
    ]


@pytest.mark.parametrize(
    ("method", "text", "words"),
    [
        ("rfc3797", "pool: 25\nsource: 1\n", "selected .* is missing"),
        ("rfc3797", "source: 1\nselected: 1\n", "pool is missing"),
        ("rfc3797", "pool: 25\nselected: 1\n", "source .* is missing"),
        ("rfc3797", "pool: 70000\nsource: 1\nselected: 1\n", r"pool must lie in \[1, 65535\]"),
        ("rfc3797", "pool: 3\nsource: x\nselected: 1\n", "source: 'x' is not a whole number"),
        ("rfc3797", "pool: 3\nsource: 1\nselected: 1 2 3 1\n", r"count must lie in \[0, 3\]"),
        ("rfc3797", "pool: 3\nsource: 1\nkey: 2./\nselected: 1\n", "the sources make the key"),
        ("rfc3797", '{"pool": 3,', "not valid JSON"),
        ("rfc3797", "what is this", "line 1 is neither"),
        ("consistent-sampler", "ids: a b\npicks: a\n", "seed is missing"),
        ("consistent-sampler", "seed: 1\nids: a a\npicks: a\n", "id 'a' occurs twice"),
        ("consistent-sampler", "seed: 1\nids: a b\npicks: a b c\n", "3 picks without"),
        ("consistent-sampler", "seed: 1\ndrop: 99999999\nids: a\npicks: a\n", "drop must lie"),
        ("consistent-sampler", "seed: 1\ndigits: 0\nids: a\npicks: a\n", "digits must be"),
        ("consistent-sampler", '{"seed":1,"ids":["a"],"picks":[["a"]]}', "is neither an id"),
        ("consistent-sampler", "seed: 1\nwith_replacement: x\nids: a\npicks: a\n", "yes or no"),
    ],
)
def test_a_log_that_cannot_be_read_is_refused_in_words(method: str, text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        check_log(OtherMethod(method), text)


def test_the_command_tells_each_pick(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "log.txt"
    file.write_text(RFC, encoding="utf-8")

    assert verify.main(["--rfc3797", str(file)]) == 0
    assert capsys.readouterr().out.count("ok ") == 16
    file.write_text(RFC.replace("source: 9319", "source: 9318"), encoding="utf-8")
    assert verify.main(["--rfc3797", str(file)]) == 1
    file.write_text("nothing", encoding="utf-8")
    assert verify.main(["--rfc3797", str(file)]) == 2


@pytest.mark.shared
@pytest.mark.parametrize("name", ["rfc3797", "consistent_sampler", "cryptorandom"])
def test_the_reference_files_agree_in_every_value(shared_dir: Path, name: str) -> None:
    verdict = validate_file(shared_dir / "vectors" / "sampling" / f"{name}.json")

    assert verdict.exit_code == AGREES
    assert verdict.line["cases"] >= 5
    assert verdict.line["mismatches"] == 0


@pytest.mark.shared
@pytest.mark.parametrize("name", ["rfc3797", "consistent_sampler", "cryptorandom"])
def test_a_changed_value_of_a_reference_file_is_found(
    shared_dir: Path, tmp_path: Path, name: str
) -> None:
    told: Any = json.loads(
        (shared_dir / "vectors" / "sampling" / f"{name}.json").read_text(encoding="utf-8")
    )
    case = told["cases"][-1]
    field = {"rfc3797": "selected", "consistent_sampler": "out"}.get(name, "wsample_Elimination")
    case[field][0], case[field][1] = case[field][1], case[field][0]
    file = tmp_path / f"{name}.json"
    file.write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")

    assert validate_file(file).line["mismatches"] == 1
