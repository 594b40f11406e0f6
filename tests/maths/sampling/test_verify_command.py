"""``zhiheng verify-draw``: zip, JSON and folder; what it prints and how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from runtime import verify
from sampling.maths import bundle

VECTORS = Path(__file__).parents[2] / "vectors" / "draw-v1"


def parts_of(name: str) -> dict[str, bytes]:
    told = json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"))["parts"]
    return {part: text.encode() for part, text in told.items()}


def zipped(path: Path, parts: dict[str, bytes]) -> Path:
    file = path / "draw.zip"
    file.write_bytes(bundle.packed(parts))
    return file


def test_a_good_bundle_is_told_so_with_its_commitment(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parts = parts_of("plain")

    status = verify.main([str(zipped(tmp_path, parts))])

    told = capsys.readouterr().out
    assert status == 0
    assert told.count("ok ") == len(bundle.PARTS)
    assert json.loads(parts["commitment.json"])["commitment"] in told
    assert "only you can say" in told


def test_json_and_folder_are_verified_too(tmp_path: Path) -> None:
    folder = tmp_path / "parts"
    folder.mkdir()
    for name, content in parts_of("plain").items():
        (folder / name).write_bytes(content)

    assert verify.main([str(VECTORS / "plain.json")]) == 0
    assert verify.main([str(folder)]) == 0


def test_a_changed_part_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parts = parts_of("plain")
    parts["entropy.json"] = parts["entropy.json"].replace(b"30 + 11", b"30 + 12")

    status = verify.main([str(zipped(tmp_path, parts))])

    assert status == 1
    assert "DIFFERS  entropy.json" in capsys.readouterr().out


def test_every_changed_byte_of_the_zip_itself_is_noticed(tmp_path: Path) -> None:
    content = bundle.packed(parts_of("no-inspector"))
    file = tmp_path / "draw.zip"

    for place in range(0, len(content), len(content) // 300):
        changed = bytearray(content)
        changed[place] ^= 1
        file.write_bytes(bytes(changed))
        try:
            agrees = verify.verify(file).agrees
        except ValueError:
            agrees = False
        assert not agrees, place


def test_another_commitment_than_the_noted_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = verify.main([str(zipped(tmp_path, parts_of("plain"))), "--commitment", "00" * 32])

    assert status == 1
    assert "not the commitment you noted" in capsys.readouterr().out


def test_a_void_draw_and_a_blocked_one_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    verify.main([str(zipped(tmp_path, parts_of("mixed-sm3-replaced-void")))])
    verify.main([str(zipped(tmp_path, parts_of("no-inspector")))])

    told = capsys.readouterr().out
    assert "VOID: 名录有误" in told
    assert "in the way: 913700000000000005" in told


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b'{"parts": 3}', b"{", b"hello"])
def test_what_is_no_bundle_is_refused_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    file = tmp_path / "file"
    file.write_bytes(content)

    assert verify.main([str(file)]) == 2
    assert str(file) in capsys.readouterr().err


def test_a_missing_file_is_refused_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert verify.main(["/nowhere/draw.zip"]) == 2
    assert "No such file" in capsys.readouterr().err
