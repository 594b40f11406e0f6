"""``zhiheng validate`` for allocations, limits, estimates and unequal probabilities."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from runtime.validate import AGREES, DIFFERS, validate_file

FOLDER = Path(__file__).parents[1] / "vectors" / "estimates"
NAMES = {
    "allocation": "stratallo",
    "limits": "confidence-limits",
    "unequal": "unequal-probabilities",
}
# A made-up sample in the shape of the survey example: 4 of 40 in E, 2 of 10 in H.
# rate (40 * 1/4 + 10 * 1/2) / 50 = 0.3; variance 0.64 * 0.9 * 0.1875/3 + 0.04 * 0.8 * 0.25/1
SURVEY: dict[str, Any] = {
    "provenance": {"tool": "by hand", "note": "apistrat stratified SRS, its shape only"},
    "stratified": {
        "stype": ["E", "E", "H", "E", "H", "E"],
        "fpc": [40, 40, 10, 40, 10, 40],
        "pw": [10.0, 10.0, 5.0, 10.0, 5.0, 10.0],
        "awd": [1, 0, 0, 0, 1, 0],
        "mean": 0.3,
        "se": 0.2097617696340303,  # sqrt(0.036 + 0.008)
        "df": 4,
        "ciprop": {
            # t(0.975, 4) = 2.7764451051977987
            "mean": [0.3, 0.0, 0.8823920385580317],
            # ln(0.3/0.7) -+ t * se / 0.21, back by 1 / (1 + exp(-x))
            "logit": [0.3, 0.026069007825229466, 0.8728057482581207],
            # asin(sqrt(0.3)) + t * se / (2 sqrt(0.21)) = 1.2150815500855663; below 0: 0
            "asin": [0.3, 0.0, 0.8787146351046928],
        },
    },
    "pps": {
        "p": [0.5, 0.5],
        "Bush": [1.0, 3.0],
        "Kerry": [2.0, 2.0],
        # totals 8 and 8; 2/1 * 0.5 * ((2 - 4)**2 + (6 - 4)**2) = 8, and 0
        "brewer": {"total": [8.0, 8.0], "se": [2.8284271247461903, 0.0]},
        "ht": {"total": [8.0, 8.0], "se": [1.0, 1.0]},
    },
}


def typed(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return document


def write(folder: Path, document: Any) -> Path:
    path = folder / "vector.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


@pytest.mark.parametrize("name", NAMES)
def test_typed_figures_agree(name: str) -> None:
    verdict = validate_file(FOLDER / f"{name}.json")

    assert verdict.differences == ()
    assert (verdict.line["method"], verdict.exit_code) == (NAMES[name], AGREES)


def test_a_survey_by_hand_agrees_and_says_what_it_leaves_out(tmp_path: Path) -> None:
    verdict = validate_file(write(tmp_path, SURVEY))

    assert (verdict.exit_code, verdict.differences) == (AGREES, ())
    assert verdict.line["not_recomputed"] == [
        "pps.ht.se: needs joint inclusion probabilities, not in the file"
    ]


@pytest.mark.parametrize(
    ("name", "path", "value"),
    [
        ("allocation", ("cases", 0, "neyman", 1), 68.86),
        ("allocation", ("cases", 0, "proportional", 0), 41.0),
        ("allocation", ("cases", 1, "upper_only", 3), 41),
        ("allocation", ("cases", 0, "box", 2), 60.06),
        ("allocation", ("cases", 0, "lower_only", 2), 60.06),
        ("allocation", ("cases", 0, "box_rounded_oric", 2), 61),
        ("allocation", ("cases", 0, "box_rounded_oric"), [60, 40, 60, 30]),
        ("allocation", ("cases", 0, "var_box"), 4791367151.0),
        ("allocation", ("cases", 0, "lower", 0), 500),
        ("allocation", ("cases", 0, "N", 0), "3000"),
        ("allocation", ("optcost", "x", 0), 36.9),
        ("allocation", ("optcost", "V"), 1_100_001),
        ("allocation", ("pop10", "box", 5), 159.5),
        ("allocation", ("pop10", "data", "S", 6), 191),
        ("limits", ("binomial", 0, "clopper_pearson", 1), 0.0451),
        ("limits", ("binomial", 0, "wilson", 1), 0.0319),
        ("limits", ("binomial", 0, "jeffreys", 0), 0.01),
        ("limits", ("binomial", 0, "upper_one_sided"), None),
        ("limits", ("binomial", 0, "x"), -1),
        ("limits", ("hypergeometric", 0, "D_upper"), 12),
        ("limits", ("hypergeometric", 0, "D_lower"), False),
        ("limits", ("hypergeometric", 2, "D_upper_one_sided"), 17),
        ("unequal", ("inclusionprobabilities", 1, "pik", 2), 0.8),
        ("unequal", ("inclusionprobabilities", 1, "size", 2), 21),
        ("unequal", ("order_pps", 0, "pik", 2), 0.41),
        ("unequal", ("order_pps", 0, "u", 2), 0.99),
        ("unequal", ("order_pps", 0, "u", 2), 1.5),
        ("unequal", ("order_pps", 0, "N"), 21),
        ("unequal", ("order_pps", 0, "selected_by_formula", "uniform", 0), 2),
        ("unequal", ("joint_inclusion", "UPmaxentropypi2", 0, 1), 0.0148),
        ("unequal", ("joint_inclusion", "UPtillepi2", 2, 3), 0.0953),
        ("unequal", ("joint_inclusion", "UPmidzunopi2", 2, 3), 0.0953),
        ("unequal", ("joint_inclusion", "pik", 0), 0.2),
    ],
)
def test_one_changed_value_is_reported(
    tmp_path: Path, name: str, path: tuple[Any, ...], value: Any
) -> None:
    document = typed(name)
    place = document
    for step in path[:-1]:
        place = place[step]
    assert place[path[-1]] != value or type(place[path[-1]]) is not type(value)
    place[path[-1]] = value

    verdict = validate_file(write(tmp_path, document))

    assert verdict.exit_code == DIFFERS
    assert verdict.line["method"] == NAMES[name]


@pytest.mark.parametrize(
    "path",
    [
        ("stratified", "mean"),
        ("stratified", "se"),
        ("stratified", "df"),
        ("stratified", "pw", 0),
        ("stratified", "awd", 1),
        ("stratified", "fpc", 0),
        ("stratified", "ciprop", "mean", 2),
        ("stratified", "ciprop", "logit", 1),
        ("stratified", "ciprop", "asin", 0),
        ("pps", "p", 0),
        ("pps", "Bush", 1),
        ("pps", "brewer", "total", 0),
        ("pps", "brewer", "se", 1),
        ("pps", "ht", "total", 1),
    ],
)
def test_a_changed_estimate_is_reported(tmp_path: Path, path: tuple[Any, ...]) -> None:
    document = copy.deepcopy(SURVEY)
    place = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] += 0.25 if path[-1] != "df" else 1

    verdict = validate_file(write(tmp_path, document))

    assert verdict.exit_code == DIFFERS


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("allocation", "cases"),
        ("allocation", "optcost"),
        ("allocation", "pop10"),
        ("limits", "binomial"),
        ("limits", "hypergeometric"),
        ("unequal", "order_pps"),
        ("unequal", "joint_inclusion"),
    ],
)
def test_a_file_without_a_part_is_damaged(tmp_path: Path, name: str, part: str) -> None:
    document = typed(name)
    del document[part]

    verdict = validate_file(write(tmp_path, document))

    assert verdict.exit_code == DIFFERS
    assert verdict.line["error"].startswith("damaged")


@pytest.mark.shared
@pytest.mark.parametrize(
    "name", ["allocation_stratallo", "confidence_limits", "estimation_survey", "pps_r_sampling"]
)
def test_the_whole_reference_files_agree_and_half_of_one_is_damaged(
    tmp_path: Path, shared_dir: Path, name: str
) -> None:
    file = shared_dir / "vectors" / "sampling" / f"{name}.json"
    half = tmp_path / "half.json"
    half.write_bytes(file.read_bytes()[: file.stat().st_size // 2])

    whole, cut = validate_file(file), validate_file(half)

    assert (whole.exit_code, whole.differences) == (AGREES, ())
    assert cut.exit_code == DIFFERS
    assert cut.line["method"] == whole.line["method"]
