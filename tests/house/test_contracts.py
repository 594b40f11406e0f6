"""The law of the house: imports, one commit, one clock, packages without code."""

from __future__ import annotations

import ast
import configparser
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = (
    "core",
    "registry",
    "sampling",
    "traceability",
    "risk",
    "recall",
    "api",
    "worker",
    "migrations",
    "runtime",
)


def modules() -> Iterator[Path]:
    for package in PACKAGES:
        yield from sorted((ROOT / package).rglob("*.py"))


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def calls(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Dotted names of everything that is called, with the line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node.lineno


def test_the_import_contracts_are_kept() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--config", "setup.cfg", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout[-4000:]
    assert "Contracts: 8 kept, 0 broken." in done.stdout


@pytest.mark.parametrize("contract", ["maths", "pure"])
def test_the_contracts_forbid_every_module_of_core_that_is_not_pure(contract: str) -> None:
    """The lists are kept by hand; a new module of core must not be a way around them."""
    settings = configparser.ConfigParser()
    settings.read(ROOT / "setup.cfg", encoding="utf-8")
    forbidden = settings[f"importlinter:contract:{contract}"]["forbidden_modules"].split()
    modules_of_core = {f"core.{path.stem}" for path in (ROOT / "core").glob("[a-z]*.py")}

    assert modules_of_core - set(forbidden) == {"core.calendar", "core.chain", "core.clocks"}


def test_commit_occurs_in_one_file() -> None:
    found = {
        named(path)
        for path in modules()
        for name, _ in calls(ast.parse(path.read_text(encoding="utf-8")))
        if name.endswith(".commit")
    }

    assert found == {"core/unit_of_work.py"}


def test_there_is_one_clock() -> None:
    clocks = ("datetime.now", "datetime.utcnow", "date.today", "datetime.today", "time.time")
    found = {
        f"{named(path)}:{line}"
        for path in modules()
        for name, line in calls(ast.parse(path.read_text(encoding="utf-8")))
        if name in clocks and named(path) != "core/clock.py"
    }

    assert found == set()


def test_randomness_is_never_global() -> None:
    found = {
        f"{named(path)}:{line} {name}"
        for path in modules()
        for name, line in calls(ast.parse(path.read_text(encoding="utf-8")))
        if (name.startswith(("random.", "np.random.", "numpy.random.")))
        and not any(kind in name for kind in ("Generator", "default_rng", "SeedSequence", "PCG64"))
    }

    assert found == set()


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_hold_no_code(package: str) -> None:
    for path in sorted((ROOT / package).rglob("__init__.py")):
        body = ast.parse(path.read_text(encoding="utf-8")).body
        assert len(body) == 1, named(path)
        assert isinstance(body[0], ast.Expr), named(path)


def test_imports_are_absolute_and_named() -> None:
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{named(path)}:{node.lineno} is relative"
                assert all(name.name != "*" for name in node.names), named(path)


def test_no_module_is_named_for_nothing() -> None:
    names = {path.stem for path in modules()}

    assert names.isdisjoint({"utils", "common", "misc", "helper", "manager"})


def test_exceptions_are_caught_whole_in_one_place() -> None:
    """``worker/run.py`` keeps whatever a job raises; nobody else swallows what he does not know."""
    found = set()
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ExceptHandler) and node.type is not None:
                caught = ast.unparse(node.type)
                raises = any(isinstance(inner, ast.Raise) for inner in ast.walk(node))
                if caught in ("Exception", "BaseException") and not raises:
                    found.add(named(path))

    assert found <= {"worker/run.py"}


def test_the_size_of_modules_and_functions_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """A proportion to mind, not a limit: this prints and does not fail."""
    long_modules, long_functions = [], []
    for path in modules():
        text = path.read_text(encoding="utf-8")
        if text.count("\n") > 400:
            long_modules.append(f"{text.count(chr(10)):5d} {named(path)}")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                body = node.body[1:] if ast.get_docstring(node) else node.body
                size = (node.end_lineno or 0) - body[0].lineno + 1 if body else 0
                if size > 50:
                    long_functions.append(f"{size:5d} {named(path)}:{node.name}")
    with capsys.disabled():
        for each in (*sorted(long_modules), *sorted(long_functions)):
            print(f"\nproportion {each}", end="")

    assert modules()
