"""The script ./dev, on a stand-in checkout whose lock files ask for nothing."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ("sh", "dirname", "cat", "cksum", "sed")


def pins(lock: str) -> dict[str, str]:
    """Package → version with marker and hashes, of a lock file."""
    blocks = re.split(r"^(?=[a-z0-9])", (ROOT / lock).read_text(encoding="utf-8"), flags=re.M)
    found = {}
    for block in blocks:
        name, separator, rest = block.partition("==")
        if separator:
            found[name] = re.sub(r"^\s*#.*\n?", "", rest, flags=re.M).strip()
    return found


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with blanks and Chinese in its path that ./dev takes for a checkout."""
    folder = tmp_path / "a b" / "质衡"
    (folder / "runtime").mkdir(parents=True)
    shutil.copy(ROOT / "dev", folder / "dev")
    shutil.copy(ROOT / "runtime" / "environment.py", folder / "runtime")
    (folder / "runtime" / "__init__.py").write_text('"""Stand-in."""\n', encoding="utf-8")
    (folder / "runtime" / "cli.py").write_text(
        "import os, sys\nprint(sys.argv[1:], os.getcwd(), os.environ['ZHIHENG_HOME'])\n",
        encoding="utf-8",
    )
    for lock in ("requirements.lock", "requirements-dev.lock"):
        (folder / lock).write_text("# nothing\n", encoding="utf-8")
    return folder


def surroundings(**more: str) -> dict[str, str]:
    """Our environment, without what would steer ./dev."""
    ours = ("ZHIHENG_HOME", "ZHIHENG_INSTALLER", "PYTHON")
    return {name: value for name, value in os.environ.items() if name not in ours} | more


def dev(
    checkout: Path, *arguments: str, cwd: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run ./dev to its end."""
    return subprocess.run(
        [checkout / "dev", *arguments],
        cwd=cwd or checkout,
        env=surroundings(**environment),
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_larger_lock_file_holds_the_smaller_one_pin_for_pin() -> None:
    small, large = pins("requirements.lock"), pins("requirements-dev.lock")

    assert len(small) > 30
    assert {name: large.get(name) for name in small} == small


def test_every_pin_has_hashes() -> None:
    for lock in ("requirements.lock", "requirements-dev.lock"):
        assert all("--hash=sha256:" in rest for rest in pins(lock).values())


@pytest.mark.parametrize("script", ["dev", ".ci/run"])
def test_the_scripts_can_be_run_and_read_by_a_plain_shell(script: str) -> None:
    assert os.access(ROOT / script, os.X_OK)
    for shell in filter(shutil.which, ("sh", "dash", "bash")):
        subprocess.run([shell, "-n", ROOT / script], check=True)


def test_an_unknown_command_is_refused_with_the_usage(checkout: Path) -> None:
    answer = dev(checkout, "fly")

    assert answer.returncode == 2
    assert "unknown: fly" in answer.stderr
    assert "./dev demo" in answer.stderr


def test_no_python_is_told_in_words(checkout: Path, tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in TOOLS:
        (tools / tool).symlink_to(shutil.which(tool) or tool)
    old = tools / "python3"
    old.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    old.chmod(0o755)

    answer = dev(checkout, "demo", PATH=str(tools))

    assert answer.returncode == 1
    assert "needs Python 3.11 or newer" in answer.stderr
    assert not (checkout / ".venv").exists()


def test_the_environment_is_made_once_and_again_when_the_lock_file_changes(
    checkout: Path, tmp_path: Path
) -> None:
    first = dev(checkout, "zhiheng", "up", "a b", cwd=tmp_path)
    second = dev(checkout, "demo")
    (checkout / "requirements.lock").write_text("# still nothing\n", encoding="utf-8")
    third = dev(checkout, "demo")

    assert "making .venv" in first.stderr
    assert first.stdout == f"['up', 'a b'] {tmp_path} {checkout / 'var'}\n"
    assert second.stderr == ""
    assert second.stdout.startswith("['demo']")
    assert "making .venv" not in third.stderr
    assert "installed in" in third.stderr


def test_two_at_once_install_once(checkout: Path) -> None:
    both = [
        subprocess.Popen(
            [checkout / "dev", "zhiheng"],
            env=surroundings(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    answers = [process.communicate() for process in both]

    assert [process.returncode for process in both] == [0, 0]
    assert "".join(errors for _, errors in answers).count("making .venv") == 1
    assert all(output.startswith("[]") for output, _ in answers)


def test_a_moved_checkout_still_works(checkout: Path) -> None:
    dev(checkout, "zhiheng")
    moved = checkout.rename(checkout.with_name("moved"))

    answer = dev(moved, "zhiheng", "x")

    assert answer.returncode == 0
    assert answer.stdout.startswith("['x']")
    assert answer.stderr == ""
