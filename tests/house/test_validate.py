"""``zhiheng validate``: agreement, damage, and what is not known."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from runtime.validate import AGREES, DIFFERS, FORMATS, UNKNOWN, main, validate_file
from tests.maths.risk.farrington_vectors import FOLDER

BEACON = {
    "provenance": "drand, published rounds",
    "quicknet": {
        "round": 657413,
        "signature": "b713718a38ae728dfd477991af2822e08d2f305e47718cef9f7848ce4050e7be41076862b98fa"
        "d56e91a6b85b89cd97b",
        "randomness": "fc1873a13f3545aeade8401532ef5519920652eee6b0d2b19ca12643b87b3587",
    },
}
DEADLINES = {
    "rule": "working days",
    "cases": [
        # by hand from the notice for 2024: 10-01..10-07 off, 09-29 and 10-12 worked
        {"event": "2024-09-29", "unit": "workday", "n": 10, "due": "2024-10-17"},
        {
            "event": "2023-10-28",
            "unit": "month",
            "n": 3,
            "nominal": "2024-01-28",
            "due": "2024-01-29",
        },
    ],
}
CODES = {
    "rule": "GB 32100-2015 check character",
    "cases": [
        {"code": "91350100M000100Y43", "kind": "valid", "valid": True},  # example of the standard
        {"code": "91350100M000100Y44", "kind": "bad_check", "valid": False},
    ],
}


def _farrington(file: str = "agona", number: int = 0) -> dict[str, Any]:
    """A vector file made from typed numbers; every week of the range must be typed."""
    typed = json.loads((FOLDER / f"{file}.json").read_text(encoding="utf-8"))
    run = typed["runs"][number]
    rows = run["rows"]
    first, last = rows[0]["week"], rows[-1]["week"]
    names = {
        "upperbound": "upper",
        "alarm": "alarm",
        "expected": "expected",
        "mu0Vector": "mean_of_bound",
        "phiVector": "dispersion",
        "trend": "trend",
        "trendVector": "slope",
        "pvalue": "p_value",
        "score": "score",
    }
    return {
        "tool": "R surveillance::farringtonFlexible",
        "call": run["call"],
        "index_base": 1,
        "control": run["control"],
        "input": {
            "frequency": 52,
            "epoch": list(range(1, len(typed["counts"]) + 1)),
            "epochAsDate": False,
            "observed": typed["counts"],
            "population": None,
        },
        "output": {
            "range_first": first,
            "range_last": last,
            "observed": typed["counts"][first - 1 : last],
            **{theirs: [row[ours] for row in rows] for theirs, ours in names.items()},
        },
    }


def _write(folder: Path, document: Any, name: str = "vector.json") -> Path:
    path = folder / name
    path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    return path


@pytest.mark.parametrize("number", range(5))
def test_typed_farrington_runs_agree(tmp_path: Path, number: int) -> None:
    verdict = validate_file(_write(tmp_path, _farrington(number=number)))

    assert verdict.differences == ()
    assert verdict.exit_code == AGREES
    assert set(verdict.line) == {"file", "method", "cases", "mismatches", "max_rel_error"}
    assert verdict.line["method"] == "farringtonFlexible"
    assert (verdict.line["cases"], verdict.line["mismatches"]) == (31, 0)
    assert verdict.line["max_rel_error"] < 1e-9


@pytest.mark.parametrize(
    ("document", "method"),
    [(BEACON, "drand-randomness"), (DEADLINES, "cn-deadlines"), (CODES, "uscc")],
)
def test_other_methods_agree(tmp_path: Path, document: dict[str, Any], method: str) -> None:
    verdict = validate_file(_write(tmp_path, document))

    assert verdict.differences == ()
    assert (verdict.line["method"], verdict.exit_code) == (method, AGREES)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("output", "upperbound", 3), 11),
        (("output", "alarm", 0), 1),
        (("output", "expected", 5), 2.8),
        (("output", "expected", 5), None),
        (("output", "phiVector", 7), 1.5),
        (("output", "pvalue", 7), 0.5),
        (("output", "trendVector", 2), 0.1),
        (("output", "trend", 2), 0),
        (("output", "score", 2), 0.5),
        (("output", "mu0Vector", 2), 9.5),
        (("output", "observed", 2), 99),
        (("input", "observed", 250), 40),
        (("input", "epoch", 100), 300),
        (("input", "frequency"), 12),
        (("control", "alpha"), 0.01),
        (("control", "noPeriods"), 8),
        (("control", "limit54"), [9, 4]),
        (("control", "range"), [285, 312]),
        (("output", "range_last"), 311),
        (("output", "upperbound", 3), "9"),
        (("output", "alarm", 0), False),
    ],
)
def test_one_changed_value_is_reported(
    tmp_path: Path, path: tuple[Any, ...], value: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    document = _farrington()
    place = document
    for step in path[:-1]:
        place = place[step]
    assert place[path[-1]] != value or type(place[path[-1]]) is not type(value)
    place[path[-1]] = value
    file = _write(tmp_path, document)

    assert main([str(file)]) == DIFFERS

    line = json.loads(capsys.readouterr().out)
    assert line.get("mismatches", 0) > 0 or "damaged" in line["error"]


@pytest.mark.parametrize(
    ("document", "change"),
    [
        (BEACON, lambda d: d["quicknet"].update(randomness="00" * 32)),
        (BEACON, lambda d: d["quicknet"].update(signature="b7")),
        (BEACON, lambda d: d["quicknet"].pop("signature")),
        (BEACON, lambda d: d["quicknet"].update(signature="no hex")),
        (DEADLINES, lambda d: d["cases"][0].update(due="2024-10-16")),
        (DEADLINES, lambda d: d["cases"][1].update(nominal="2024-01-29")),
        (DEADLINES, lambda d: d["cases"][1].pop("due")),
        (CODES, lambda d: d["cases"][0].update(code="91350100M000100Y44")),
        (CODES, lambda d: d["cases"][1].update(valid=True)),
    ],
)
def test_damage_to_other_files_is_reported(tmp_path: Path, document: Any, change: Any) -> None:
    damaged = copy.deepcopy(document)
    change(damaged)

    assert validate_file(_write(tmp_path, damaged)).exit_code == DIFFERS


@pytest.mark.parametrize("part", ["control", "input", "output", "call"])
def test_a_file_without_one_of_its_parts_is_damaged(tmp_path: Path, part: str) -> None:
    document = _farrington()
    del document[part]

    verdict = validate_file(_write(tmp_path, document))

    assert verdict.exit_code == DIFFERS
    assert verdict.line["method"] == "farringtonFlexible"
    assert verdict.line["error"].startswith("damaged")


def test_a_cut_off_file_is_known_by_its_beginning(tmp_path: Path) -> None:
    file = tmp_path / "cut.json"
    file.write_text(json.dumps(_farrington())[:3000], encoding="utf-8")

    verdict = validate_file(file)

    assert verdict.exit_code == DIFFERS
    assert verdict.line["method"] == "farringtonFlexible"
    assert "not valid JSON" in verdict.line["error"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"{", "not valid JSON"),
        (b"[1, 2]", "unknown format"),
        (b'{"a": NaN}', "not valid JSON"),
        (b"\xff\xfe\x00", "codec"),
        (b'{"tool": "R surveillance::earsC"}', "not implemented"),
        (b"[" * 100_000, "not valid JSON"),
    ],
)
def test_what_is_not_known_is_said(tmp_path: Path, content: bytes, words: str) -> None:
    file = tmp_path / "strange.json"
    file.write_bytes(content)

    verdict = validate_file(file)

    assert verdict.exit_code == UNKNOWN
    assert words in verdict.line["error"]


def test_a_missing_file_is_not_silently_right(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "none.json")]) == UNKNOWN
    assert "error" in json.loads(capsys.readouterr().out)
    assert main([str(tmp_path)]) == UNKNOWN  # an empty folder proves nothing


def test_a_folder_gives_one_line_per_file_and_a_mismatch_wins(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "deep").mkdir()
    wrong = copy.deepcopy(CODES)
    wrong["cases"][0]["valid"] = False  # type: ignore[index]
    _write(tmp_path, BEACON, "a.json")
    _write(tmp_path / "deep", wrong, "b.json")
    _write(tmp_path, {"tool": "other"}, "c.json")
    (tmp_path / "README.md").write_text("left alone")

    code = main([str(tmp_path)])

    captured = capsys.readouterr()
    lines = [json.loads(line) for line in captured.out.splitlines()]
    assert code == DIFFERS
    assert [Path(line["file"]).name for line in lines] == ["a.json", "c.json", "b.json"]
    assert [line.get("mismatches") for line in lines] == [0, None, 1]
    assert "case 1" in captured.err


def test_an_unknown_option_of_a_known_method_is_not_ignored(tmp_path: Path) -> None:
    document = _farrington()
    document["control"]["newOption"] = 1
    document["call"] = document["call"].replace("list(b", "list(newOption = 1, b")

    verdict = validate_file(_write(tmp_path, document))

    assert verdict.exit_code == UNKNOWN
    assert "newOption" in verdict.line["error"]


def test_the_help_states_the_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])

    assert ended.value.code == 0
    assert "exit codes" in capsys.readouterr().out


def test_the_command_is_reached_from_zhiheng(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from runtime.cli import main as zhiheng

    assert zhiheng(["validate", str(_write(tmp_path, BEACON))]) == AGREES
    assert json.loads(capsys.readouterr().out)["mismatches"] == 0


@pytest.mark.shared
def test_the_reference_files_of_every_method_agree(shared_dir: Path) -> None:
    vectors = shared_dir / "vectors"
    files = [
        *sorted((vectors / "risk").glob("farringtonFlexible__*.json")),
        *sorted((vectors / "sampling").glob("*.json")),
        vectors / "recall" / "cn_deadlines.json",
        vectors / "recall" / "uscc.json",
        *sorted((vectors / "recall").glob("cn_holidays_*.json")),
        *sorted((vectors / "traceability").glob("e*/*.json*")),
        *sorted((vectors / "traceability" / "foodchainlab").glob("*.json")),
    ]

    verdicts = [validate_file(path) for path in files]

    assert {each.line["method"] for each in verdicts} == {form.method for form in FORMATS}
    assert [each.line["file"] for each in verdicts if each.exit_code != AGREES] == []


@pytest.mark.shared
def test_every_reference_file_gets_a_line(
    shared_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main([str(shared_dir / "vectors")])

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert code == UNKNOWN  # methods of later releases are there too
    every = [*(shared_dir / "vectors").rglob("*.json"), *(shared_dir / "vectors").rglob("*.jsonld")]
    assert len(lines) == len(every)
    assert sum(line.get("mismatches", 0) for line in lines) == 0
