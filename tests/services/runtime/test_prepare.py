"""What a database is born as, and how commands meet it."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from core import meta
from core.unit_of_work import read_only
from runtime import prepare
from runtime.cli import main


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ZHIHENG_HOME", str(tmp_path))
    return tmp_path


@pytest.mark.usefixtures("committed")
def test_a_database_is_furnished_once_and_again_without_harm() -> None:
    with prepare.alone():
        first = prepare.furnish("production")
        second = prepare.furnish("production")

    assert (first, second) == ("production", "production")
    with read_only() as session:
        assert meta.get(session, meta.BORN_AS) == "production"


@pytest.mark.usefixtures("committed")
def test_real_data_never_become_a_demo() -> None:
    prepare.furnish("production")

    with pytest.raises(prepare.NotADemo, match="made for real data"):
        prepare.furnish("demo")


@pytest.mark.usefixtures("committed")
def test_a_demo_stays_one_when_started_for_real_data() -> None:
    prepare.furnish("demo")

    assert prepare.furnish("production") == "demo"


@pytest.mark.usefixtures("committed")
def test_a_refused_preparation_ends_with_words_and_code_two(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    prepare.furnish("production")
    report = home / "report"
    monkeypatch.setattr("sys.argv", ["prepare", "demo", "--report", str(report)])

    assert prepare.main() == 2
    assert "cannot become a demo" in capsys.readouterr().err
    assert not report.exists()


@pytest.mark.usefixtures("committed")
def test_a_preparation_reports_what_a_start_must_know(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = home / "report"
    monkeypatch.setattr("sys.argv", ["prepare", "production", "--report", str(report)])

    assert prepare.main() == 0
    assert json.loads(report.read_text(encoding="utf-8")) == {"born": "production", "accounts": []}


@pytest.mark.usefixtures("committed")
def test_an_account_is_added_once(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["account", "add", "li", "--role", "administrator", "--password-stdin"]

    monkeypatch.setattr("sys.stdin", io.StringIO("correct horse battery\n"))
    assert main(command) == 0
    monkeypatch.setattr("sys.stdin", io.StringIO("correct horse battery\n"))
    assert main(command) == 2

    said = capsys.readouterr()
    assert "account li added (administrator)" in said.out
    assert "The login li is taken" in said.err


@pytest.mark.usefixtures("committed")
def test_an_import_with_problems_stores_nothing_and_marks_every_row(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    roster = home / "名录.csv"
    roster.write_text("code,code_scheme,name\nA1,licence,甲\n,licence,乙\n", encoding="utf-8")

    assert main(["import", "roster", str(roster)]) == 1
    said = capsys.readouterr().out
    assert "1 of 2 rows have problems" in said
    assert "nothing was stored" in said
    marked = (home / "名录-问题.csv").read_text(encoding="utf-8-sig").splitlines()
    assert marked[0].endswith(",问题")
    assert marked[1].endswith(",")

    assert main(["import", "roster", str(roster), "--good-rows-only"]) == 0
    assert "stored 1 of 2 rows" in capsys.readouterr().out

    assert main(["import", "roster", str(roster), "--good-rows-only"]) == 0
    assert "already imported" in capsys.readouterr().out


@pytest.mark.usefixtures("committed")
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["import", "teapots", "x.csv"], "There is no import 'teapots'"),
        (["import", "roster", "x.csv", "--mapping", "none"], "There is no mapping none"),
    ],
)
def test_a_wrong_wish_is_refused_in_words(
    home: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    assert main(arguments) == 2
    assert words in capsys.readouterr().err


@pytest.mark.usefixtures("committed")
def test_a_file_that_is_not_there_fails_in_words(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["import", "roster", str(home / "none.csv")]) == 1
    assert "none.csv" in capsys.readouterr().err


def test_what_can_be_imported_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", "--list"]) == 0

    said = capsys.readouterr().out
    assert "roster" in said
    assert "chicago-roster" in said
