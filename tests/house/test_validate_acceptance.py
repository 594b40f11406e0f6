"""``zhiheng validate`` on files of acceptance sampling: agreement, damage, stated differences."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runtime.validate import AGREES, DIFFERS, validate_file
from runtime.validation.acceptance import EDITION, LETTER_A
from sampling.maths.acceptance_tables import AQLS, LETTERS, LEVELS, State
from tests.maths.sampling.acceptance_vectors import VECTORS

CELLS = {(state, letter, aql): plan for state, letter, aql, *plan in VECTORS["cells"]}


def _doubles() -> dict[str, Any]:
    return {
        "provenance": "R AQLSchemes 1.7-2 AAZ14Double; cross-check",
        "columns": ["state", "level", "lot_size", "aql", "n1", "n2", "Ac1", "Re1", "Ac2", "Re2"],
        "rows": copy.deepcopy(VECTORS["double"]),
    }


def _schemes() -> dict[str, Any]:
    return {
        "provenance": "exact stationary Markov chain of ISO 2859-1:1999 9.3 switching rules",
        "cases": copy.deepcopy(VECTORS["schemes"]),
    }


def _curves() -> dict[str, Any]:
    typed = copy.deepcopy(VECTORS["curves"])
    return {
        "provenance": {"tool": "AcceptanceSampling 1.0.11"},
        "single": typed["single"],
        "hypergeometric": typed["hypergeometric"],
        "double_multiple": typed["double"],
        "find_plan": typed["find_plan"],
        "variables": typed["variables"],
    }


def _write(folder: Path, document: Any) -> Path:
    path = folder / "vector.json"
    path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("make", "method", "cases"),
    [
        (_doubles, "double-plans", 12),
        (_schemes, "iso2859-1-switching", 10),
        (_curves, "operating-characteristics", 102),  # 24 + 23 + 16 + 24 points, 15 plans
    ],
)
def test_typed_values_agree(
    tmp_path: Path, make: Callable[[], Any], method: str, cases: int
) -> None:
    verdict = validate_file(_write(tmp_path, make()))

    assert verdict.differences == ()
    assert verdict.exit_code == AGREES
    assert (verdict.line["method"], verdict.line["cases"]) == (method, cases)


def test_known_differences_between_sources_are_counted_by_reason(tmp_path: Path) -> None:
    """Two of the typed rows hold numbers that the 1999 edition changed; one is letter A."""
    verdict = validate_file(_write(tmp_path, _doubles()))

    assert verdict.line["stated_differences"] == {EDITION: 2, LETTER_A: 1}
    assert verdict.line["mismatches"] == 0


def test_files_without_known_differences_have_no_such_line(tmp_path: Path) -> None:
    assert "stated_differences" not in validate_file(_write(tmp_path, _schemes())).line


@pytest.mark.parametrize(
    ("make", "path", "value"),
    [
        (_doubles, ("rows", 1, 4), 81),  # a size
        (_doubles, ("rows", 1, 6), 3),  # a number that both editions have
        (_doubles, ("rows", 1, 9), 8),  # a rejection number
        (_doubles, ("rows", 8, 8), 10),  # the number of the 1999 edition, in a file of the earlier
        (_doubles, ("rows", 6, 4), 8),  # the one cell known to differ, differing otherwise
        (_doubles, ("rows", 0, 3), 1.1),  # no AQL
        (_doubles, ("rows", 0, 0), "reduced"),
        (_doubles, ("rows", 0), ["normal"]),
        (_schemes, ("cases", 0, "scheme_pa"), 0.8215),
        (_schemes, ("cases", 1, "asn"), 114.5),
        (_schemes, ("cases", 1, "frac", "R"), 0.1406),
        (_schemes, ("cases", 1, "states"), 25),
        (_schemes, ("cases", 0, "pa_tightened"), 0.7),
        (_schemes, ("cases", 0, "p"), 0.0150001),
        (_schemes, ("cases", 0, "letter"), "L"),
        (_schemes, ("cases", 0, "aql"), None),
        (_curves, ("single", 0, "pa", 1), 0.97),
        (_curves, ("single", 0, "Ac"), 2),
        (_curves, ("single", 0, "type"), "normal"),
        (_curves, ("hypergeometric", 1, "D", 2), 11),
        (_curves, ("double_multiple", 0, "r", 1), 8),
        (_curves, ("variables", 0, "k"), 1.5001),
        (_curves, ("variables", 0, "s_type"), "guessed"),
        (_curves, ("find_plan", 0, "n"), 131),
        (_curves, ("find_plan", 0, "Re"), 5),
        (_curves, ("find_plan", 2, "k"), 1.953),
        (_curves, ("find_plan", 4, "n"), 17),
        (_curves, ("find_plan", 1, "N"), 900),
    ],
)
def test_one_changed_value_is_reported(
    tmp_path: Path, make: Callable[[], Any], path: tuple[Any, ...], value: Any
) -> None:
    document = make()
    place = document
    for step in path[:-1]:
        place = place[step]
    assert place[path[-1]] != value
    place[path[-1]] = value

    verdict = validate_file(_write(tmp_path, document))

    assert verdict.exit_code == DIFFERS
    assert verdict.line.get("mismatches", 0) > 0 or "damaged" in verdict.line["error"]


@pytest.mark.parametrize(("make", "part"), [(_doubles, "rows"), (_schemes, "cases")])
def test_a_file_without_its_main_part_is_damaged(
    tmp_path: Path, make: Callable[[], Any], part: str
) -> None:
    document = make()
    del document[part]

    assert validate_file(_write(tmp_path, document)).exit_code == DIFFERS


def test_a_cut_off_file_is_known_by_its_beginning(tmp_path: Path) -> None:
    for make in (_doubles, _schemes, _curves):
        file = tmp_path / "cut.json"
        file.write_text(json.dumps(make(), ensure_ascii=False)[:-9], encoding="utf-8")

        verdict = validate_file(file)

        assert verdict.exit_code == DIFFERS
        assert "not valid JSON" in verdict.line["error"]


@pytest.fixture
def tables(shared_dir: Path) -> dict[str, Any]:
    path = shared_dir / "vectors" / "sampling" / "iso2859_1_single.json"
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


@pytest.mark.shared
def test_all_cells_of_the_tables_agree(tmp_path: Path, tables: dict[str, Any]) -> None:
    verdict = validate_file(_write(tmp_path, tables))

    # Axes, 7 × 15 letters, three rows of letters, 16 + 17 + 16 rows of 26 cells.
    assert verdict.line["cases"] == 1 + 7 * 15 + 3 + 49 * 26
    assert (verdict.line["mismatches"], verdict.exit_code) == (0, AGREES)
    for (state, letter, aql), plan in CELLS.items():
        assert tables["single"][state][letter][AQLS.index(aql)] == plan


@pytest.mark.shared
@pytest.mark.parametrize(
    "change",
    [
        lambda d: d["single"]["normal"]["K"].__setitem__(10, ["K", 125, 4, 5]),
        lambda d: d["single"]["reduced"]["A"].__setitem__(0, ["Q", 501, 0, 1]),
        lambda d: d["single"]["tightened"]["S"].__setitem__(0, ["S", 3150, 1, 2]),
        lambda d: d["single"]["tightened"]["S"].__setitem__(2, None),
        lambda d: d["single"]["normal"]["K"].pop(),
        lambda d: d["single"]["normal"].pop("R"),
        lambda d: d["single"].pop("reduced"),
        lambda d: d["code_letters"]["II"].__setitem__(9, "L"),
        lambda d: d["code_letters"].pop("S-4"),
        lambda d: d["lot_upper"].__setitem__(3, 51),
        lambda d: d["aql"].__setitem__(3, 0.041),
        lambda d: d.pop("lot_upper"),
    ],
)
def test_one_change_in_the_tables_is_reported(
    tmp_path: Path, tables: dict[str, Any], change: Callable[[Any], Any]
) -> None:
    change(tables)

    verdict = validate_file(_write(tmp_path, tables))

    assert verdict.exit_code == DIFFERS
    assert verdict.line["method"] == "iso2859-1-single"


@pytest.mark.shared
def test_the_reference_files_agree(shared_dir: Path) -> None:
    folder = shared_dir / "vectors" / "sampling"
    names = {
        "iso2859_1_switching_markov": ("iso2859-1-switching", 30),
        "z14_double_aqlschemes": ("double-plans", 265),
        "oc_acceptancesampling": ("operating-characteristics", 330),
    }

    for name, (method, cases) in names.items():
        verdict = validate_file(folder / f"{name}.json")

        assert verdict.differences == ()
        assert (verdict.line["method"], verdict.line["cases"]) == (method, cases)
        assert verdict.exit_code == AGREES

    doubles = validate_file(folder / "z14_double_aqlschemes.json").line
    assert doubles["stated_differences"] == {EDITION: 44, LETTER_A: 1}


def test_the_axes_are_the_whole_standard() -> None:
    assert (len(AQLS), len(LETTERS), len(LEVELS), len(State)) == (26, 16, 7, 3)
