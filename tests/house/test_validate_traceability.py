"""``zhiheng validate`` for EPCIS documents: stated hashes, documents to take and to refuse."""

from __future__ import annotations

import hashlib
from pathlib import Path

import orjson
import pytest

from runtime.validate import AGREES, DIFFERS, main, validate_file
from runtime.validation.traceability import DAMAGED_STRING
from tests.maths.traceability.epcis.made import document, shipping
from tests.maths.traceability.epcis.test_hashing import SHIPPING

HASH = f"ni:///sha-256;{hashlib.sha256(SHIPPING.encode()).hexdigest()}?ver=CBV2.0"


def written(folder: Path, content: bytes, *, hashes: str = "", strings: str = "") -> Path:
    path = folder / "made.jsonld"
    path.write_bytes(content)
    if hashes:
        path.with_suffix(".hashes").write_text(hashes, encoding="utf-8")
    if strings:
        path.with_suffix(".prehashes").write_text(strings, encoding="utf-8")
    return path


def test_a_stated_hash_and_its_string_agree(tmp_path: Path) -> None:
    path = written(tmp_path, document(shipping()), hashes=HASH + "\n", strings=SHIPPING + "\n")

    verdict = validate_file(path)

    assert verdict.exit_code == AGREES
    assert verdict.line["method"] == "epcis-document"
    assert (verdict.line["cases"], verdict.line["mismatches"]) == (3, 0)


@pytest.mark.parametrize(
    ("hashes", "strings", "words"),
    [
        (HASH.replace("sha-256;", "sha-256;0")[:-1], SHIPPING, "hash"),
        (HASH + "\n" + HASH, SHIPPING, "number of hashes"),
    ],
)
def test_a_wrong_hash_differs(tmp_path: Path, hashes: str, strings: str, words: str) -> None:
    path = written(tmp_path, document(shipping()), hashes=hashes, strings=strings)

    verdict = validate_file(path)

    assert verdict.exit_code == DIFFERS
    assert words in " ".join(verdict.differences)


def test_a_damaged_string_beside_a_right_hash_is_stated(tmp_path: Path) -> None:
    path = written(tmp_path, document(shipping()), hashes=HASH, strings=SHIPPING[:-1])

    verdict = validate_file(path)

    assert verdict.exit_code == AGREES
    assert verdict.line["stated_differences"] == {DAMAGED_STRING: 1}


def test_a_document_to_refuse_is_known_by_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "epcis-invalid"
    folder.mkdir()
    bad = document(shipping(action="x"))

    refused = validate_file(written(folder, bad))
    taken = validate_file(written(tmp_path, bad))
    too_good = validate_file(written(folder, document(shipping())))

    assert [each.exit_code for each in (refused, taken, too_good)] == [AGREES, DIFFERS, DIFFERS]


def test_a_broken_document_is_known_for_what_it_was(tmp_path: Path) -> None:
    verdict = validate_file(written(tmp_path, document(shipping())[:-1]))

    assert (verdict.exit_code, verdict.line["method"]) == (DIFFERS, "epcis-document")


def test_words_of_a_vocabulary_are_compared(tmp_path: Path) -> None:
    path = tmp_path / "schema.json"
    names = ["bizStep", "disposition", "bizTransaction-type", "source-dest-type"]
    names += ["error-reason", "component"]
    words = {name: {"anyOf": [{"type": "string"}, {"enum": ["x"]}]} for name in names}
    path.write_bytes(orjson.dumps({"definitions": {"epcisDocument": {}, **words}}))

    verdict = validate_file(path)

    assert (verdict.line["method"], verdict.line["mismatches"]) == ("epcis-schema", 6)


def test_a_folder_is_searched_for_documents_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written(tmp_path, document(shipping()), hashes=HASH)

    assert main([str(tmp_path)]) == AGREES
    assert capsys.readouterr().out.count("\n") == 1
