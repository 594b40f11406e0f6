from __future__ import annotations

import re
from pathlib import Path

import pytest

from runtime.cli import parser

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_file_the_readme_points_to_exists() -> None:
    targets = [each for each in re.findall(r"\]\(([^)#]+)\)", README) if "://" not in each]

    assert targets
    for target in targets:
        assert (ROOT / target).exists(), target


def test_every_command_of_the_readme_exists() -> None:
    words = set(re.findall(r"\./dev (\w+)", README))
    usage = (ROOT / "dev").read_text(encoding="utf-8")

    assert {"demo", "test"} <= words
    for word in words:
        assert f"./dev {word}" in usage, word


@pytest.mark.parametrize("command", sorted(set(re.findall(r"zhiheng (\w[\w-]*)", README))))
def test_every_zhiheng_command_of_the_readme_exists(command: str) -> None:
    assert command in parser().format_help()


def test_the_readme_names_every_package_of_the_house() -> None:
    for package in ("core", "registry", "sampling", "traceability", "risk", "recall", "api"):
        assert re.search(rf"^.*\b{package}\b", README, re.MULTILINE), package
