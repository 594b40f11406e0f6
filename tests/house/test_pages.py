"""Templates, scripts, style sheets: nothing inline, nothing from elsewhere, within the budget."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

from api.console import theme

CONSOLE = Path(__file__).resolve().parents[2] / "api" / "console"
TEMPLATES = sorted((CONSOLE / "templates").rglob("*.html"))
OWN_FILES = sorted(
    path
    for suffix in ("*.css", "*.js")
    for path in (CONSOLE / "static").rglob(suffix)
    if "vendor" not in path.parts
)
DRAWN_IN_PYTHON = (CONSOLE / "diagram.py", CONSOLE / "timeline.py", CONSOLE / "figures.py")
NAMESPACE = "http://www.w3.org/2000/svg"
CHART_FILES = ("js/charts.js",)
BUDGET_BYTES = 60 * 1024
PAGE_BYTES = 12 * 1024  # what is left for the page itself


def name_of(path: Path) -> str:
    return path.relative_to(CONSOLE).as_posix()


@pytest.mark.parametrize("path", TEMPLATES, ids=name_of)
def test_a_template_holds_no_inline_style_script_or_handler(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    assert not re.search(r"\bstyle\s*=", text)
    assert "<style" not in text
    assert not re.search(r"\son[a-z]+\s*=\s*[\"']", text)
    assert not re.search(r"\bhx-on\b", text)
    for tag in re.findall(r"<script[^>]*>", text):
        assert "src=" in tag or 'type="application/json"' in tag


@pytest.mark.parametrize("path", TEMPLATES, ids=name_of)
def test_a_template_fetches_nothing_from_elsewhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    assert not re.findall(r"(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}", text)


@pytest.mark.parametrize("path", OWN_FILES, ids=name_of)
def test_own_files_fetch_nothing_from_elsewhere_and_evaluate_nothing(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    assert not re.findall(r"https?://", text.replace(NAMESPACE, ""))
    assert "@import" not in text
    assert not re.search(r"\beval\(|new Function\(|innerHTML|document\.write", text)


@pytest.mark.parametrize("path", OWN_FILES, ids=name_of)
def test_own_files_are_understood_by_chromium_86(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".css":
        younger = r":has\(|:is\(|color-mix\(|@container|aspect-ratio|(?<![\w-])inset:"
    else:
        younger = r"\?\?=|\|\|=|\.at\(|structuredClone|\.replaceAll\("

    assert not re.findall(younger, text)


@pytest.mark.parametrize("path", DRAWN_IN_PYTHON, ids=name_of)
def test_pictures_are_drawn_by_attributes_and_classes(path: Path) -> None:
    assert not re.search(r"\bstyle=", path.read_text(encoding="utf-8"))


def test_a_page_without_a_chart_stays_within_its_budget() -> None:
    files = [path for path in OWN_FILES if name_of(path) not in CHART_FILES]
    files.append(CONSOLE / "static" / "vendor" / "htmx" / "htmx.min.js")
    sizes = {name_of(path): len(gzip.compress(path.read_bytes(), 9)) for path in files}

    assert sum(sizes.values()) <= BUDGET_BYTES - PAGE_BYTES, sizes


def test_no_colour_is_named_outside_the_theme() -> None:
    # White paper, the dot of a running job and the initial on its white disc are not themed.
    allowed = {"#fff", "#000", "#7fe0a8", "#0f4ea6"}
    for path in OWN_FILES:
        if path.suffix == ".css" and path.name != "tokens.css":
            found = set(re.findall(r"#[0-9a-fA-F]{3,8}\b", path.read_text(encoding="utf-8")))
            assert found <= allowed, name_of(path)


def test_the_written_colours_are_those_of_the_theme() -> None:
    for path, text in theme.written_files().items():
        assert path.read_text(encoding="utf-8") == text, "run python -m api.console.theme"


@pytest.mark.parametrize("column", [0, 1], ids=["light", "dark"])
def test_text_can_be_read_on_its_ground(column: int) -> None:
    faint = {
        (text, ground): round(ratio, 2)
        for text, ground in theme.TEXT_PAIRS
        if (ratio := theme.contrast(theme.TOKENS[text][column], theme.TOKENS[ground][column])) < 4.5
    }

    assert faint == {}


@pytest.mark.parametrize("column", [0, 1], ids=["light", "dark"])
def test_edges_of_controls_can_be_seen(column: int) -> None:
    faint = {
        (edge, ground): round(ratio, 2)
        for edge, ground in theme.EDGE_PAIRS
        if (ratio := theme.contrast(theme.TOKENS[edge][column], theme.TOKENS[ground][column])) < 3
    }

    assert faint == {}


def test_contrast_is_what_the_standard_says() -> None:
    # WCAG 2.1: black on white is 21, a colour on itself 1.
    assert theme.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert theme.contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.005)
    assert theme.contrast("#123456", "#123456") == pytest.approx(1)
