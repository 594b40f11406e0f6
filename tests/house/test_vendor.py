"""Code of others in the static folder: what it is, where it is from, and that nobody changed it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

VENDOR = Path(__file__).resolve().parents[2] / "api" / "console" / "static" / "vendor"
PACKAGES: list[dict[str, Any]] = json.loads((VENDOR / "manifest.json").read_text(encoding="utf-8"))[
    "packages"
]
# Licences that let us pass the files on unchanged, and the papers each asks for.
PAPERS = {"0BSD": {"LICENSE"}, "Apache-2.0": {"LICENSE", "NOTICE"}}


@pytest.mark.parametrize("package", PACKAGES, ids=lambda each: each["name"])
def test_each_file_is_the_one_of_the_manifest(package: dict[str, Any]) -> None:
    found = {
        name: hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() for name in package["files"]
    }

    assert found == package["files"]


def test_nothing_lies_there_that_the_manifest_does_not_name() -> None:
    named = {name for package in PACKAGES for name in package["files"]} | {"manifest.json"}
    there = {path.relative_to(VENDOR).as_posix() for path in VENDOR.rglob("*") if not path.is_dir()}

    assert there == named


@pytest.mark.parametrize("package", PACKAGES, ids=lambda each: each["name"])
def test_each_package_has_version_home_and_the_papers_of_its_licence(
    package: dict[str, Any],
) -> None:
    papers = {Path(name).name for name in package["files"]}

    assert package["version"]
    assert package["home"].startswith("https://")
    assert PAPERS[package["licence"]] <= papers
